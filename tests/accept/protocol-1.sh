#!/usr/bin/env bash
# Rules of merging as two officers and an office see them: lines, counters, owners, what only the office says.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
sync a >/dev/null; sync b >/dev/null

holds "the cases of merging hold in a second implementation" python3 tests/client/check_merge.py
holds "all 30 situations have a line" python3 tests/lint/situations.py

on a "INSERT INTO visit(id,subject,assignment,summary,state) VALUES('v1','s1','a1','kitchen:'||char(10)||'-'||char(10)||'store:','open')"
sync a >/dev/null; sync b >/dev/null
on a "UPDATE visit SET summary='kitchen: clean'||char(10)||'-'||char(10)||'store:' WHERE id='v1'"
on b "UPDATE visit SET summary='kitchen:'||char(10)||'-'||char(10)||'store: locked' WHERE id='v1'"
sync a >/dev/null
is "two officers write on one text: merged, no conflict" "1 0" "$(sync b --json >"$T/1"; echo "$(json merged <"$T/1") $(json conflicts <"$T/1")")"
sync a >/dev/null
is "it has the lines of both" "kitchen: clean/-/store: locked" "$(on a "SELECT replace(summary,char(10),'/') FROM visit WHERE id='v1'")"
holds "the record says that it was merged" grep -q merged <(hufud history visit v1 --scope $S)

holds "the office names a lead" hufud set assignment a1 lead=o1 --scope $S
sync a >/dev/null; sync b >/dev/null
on b "UPDATE assignment SET accept_note='take the back door' WHERE id='a1'"
is "another's note is kept as a question" 1 "$(sync b --json | json conflicts)"
is "and does not stand" "" "$(on b "SELECT coalesce(accept_note,'') FROM assignment WHERE id='a1'")"
on a "UPDATE assignment SET accept_note='at nine' WHERE id='a1'"
is "the lead's stands" "0 at nine" "$(sync a --json | json conflicts) $(on a "SELECT accept_note FROM assignment WHERE id='a1'")"

before=$(on b "SELECT coalesce(address,'none') FROM subject WHERE id='s1'")
on b "UPDATE subject SET address='found elsewhere' WHERE id='s1'"
is "what an inspector finds is not refused" 0 "$(sync b --json | json quarantined)"
is "the register stays" "$before" "$(on b "SELECT coalesce(address,'none') FROM subject WHERE id='s1'")"
id=$(on b "SELECT id FROM observation")
is "and what was found is a record" "found elsewhere o2 new" "$(on b "SELECT json_extract(found,'\$.address')||' '||author||' '||state FROM observation")"
fails 1 "reason" hufud set observation "$id" state=refused --scope $S
holds "the office adopts it" hufud set observation "$id" state=adopted --scope $S
sync a >/dev/null; sync b >/dev/null
is "then the register has it" "found elsewhere" "$(on a "SELECT address FROM subject WHERE id='s1'")"

cat >"$T/meter.json" <<'J'
{"kind": "meter", "label": {"zh": "计数", "en": "meter"}, "scope": "county", "class": "L2", "writers": ["inspector", "coordinator"],
 "fields": [
  {"name": "times", "type": "int", "label": {"zh": "次数", "en": "times"}, "rule": "sum"},
  {"name": "odd", "type": "text", "label": {"zh": "其他", "en": "odd"}, "rule": "rule-of-tomorrow"}]}
J
holds "a kind with a counter, and a rule that nobody knows yet" hufud kind load "$T/meter.json"
sync a >/dev/null
on a "INSERT INTO meter(id,times,odd) VALUES('m1',3,'x')"
sync a >/dev/null; sync b >/dev/null
for t in a b; do on $t "UPDATE meter SET times=times+2"; done
sync a >/dev/null
is "both counted: both count" 0 "$(sync b --json | json conflicts)"
sync a >/dev/null
is "also where they counted the same" 7 "$(on a "SELECT times FROM meter")"
on a "UPDATE meter SET odd='y'"; on b "UPDATE meter SET odd='z'"
sync a >/dev/null
is "a rule that is not known asks a person" 1 "$(sync b --json | json conflicts)"
sync a >/dev/null; sync b >/dev/null
is "the halves are equal" "$(server_root) $(server_root)" "$(for t in a b; do hufu info --json --replica "$T/$t.db" | json scopes.1.root; done | xargs)"
holds "what is stored fits together" hufud check
passed

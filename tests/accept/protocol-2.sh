#!/usr/bin/env bash
# Conflicts in plain words on both ends; accepted or appealed on the tablet; every decision is kept.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
sync a >/dev/null
on a "INSERT INTO visit(id,subject,assignment,summary,state) VALUES('v1','s1','a1','kitchen'||char(10)||'store','open')"
sync a >/dev/null; sync b >/dev/null

on a "UPDATE visit SET summary='kitchen clean'||char(10)||'store' WHERE id='v1'"
on b "UPDATE visit SET summary='kitchen'||char(10)||'store locked' WHERE id='v1'"
sync a >/dev/null
sync b --json >"$T/1"
is "lines that touch are one place: a conflict" 1 "$(json conflicts <"$T/1")"
id=$(on b "SELECT id FROM conflict WHERE state='open'")
hufu conflicts --replica "$T/b.db" >"$T/b.told"
holds "what I wrote" grep -q '^    You wrote "kitchen / store locked", which came later\.$' "$T/b.told"
holds "what came" grep -q '^    officer 1 (o1) wrote "kitchen clean / store", which was merged first\.$' "$T/b.told"
holds "what the rule did" grep -q '^    The texts were laid together line by line, and both changed the same place\.$' "$T/b.told"
holds "and what stands meanwhile" grep -q '^    Until somebody at the office decides, "kitchen clean / store" stands\.$' "$T/b.told"
LC_ALL=zh_CN.UTF-8 hufu conflicts --replica "$T/b.db" >"$T/b.told"
holds "the same in Chinese, with the labels of the kind" grep -q '^    检查 v1：检查情况。$' "$T/b.told"
holds "with the values" grep -q '^    我写为“kitchen / store locked”，后到达。$' "$T/b.told"
hufud conflicts list --scope $S >"$T/told"
holds "the office reads the same of both" grep -q 'officer 2 (o2) wrote "kitchen / store locked", which came later' "$T/told"

for _ in 1 2 3; do sync a >/dev/null; sync b >/dev/null; done
is "it is open on both tablets through any number of syncs" "1 1" "$(for t in a b; do on $t "SELECT count(*) FROM conflict WHERE state='open'"; done | xargs)"
on b "UPDATE visit SET summary='kitchen'||char(10)||'store locked, key fetched' WHERE id='v1'"
sync b >/dev/null
is "what is written since changes the main line, and doubles nothing" "1 1" "$(on b "SELECT count(*) FROM conflict") $(hufud conflicts list --scope $S --json | json conflicts | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')"

fails 2 "say why" hufu conflicts appeal "$id" --replica "$T/b.db"
fails 1 "not decided yet" hufu conflicts appeal "$id" --reason 'too early' --replica "$T/b.db"
fails 1 "there is no conflict" hufu conflicts accept nobody --replica "$T/b.db"
fails 2 "accept or appeal" hufu conflicts burn "$id" --replica "$T/b.db"
echo "a long enough password" >"$T/password"
for who in li zhao; do hufud account add $who --role coordinator --scope $S --password-file "$T/password" >/dev/null; done
holds "a named person decides" hufud conflicts decide "$id" server --reason 'the kitchen matters' --as li --scope $S
sync a >/dev/null; sync b >/dev/null
is "who wrote what stands has nothing to answer" "no conflicts, nothing in quarantine" "$(hufu conflicts --replica "$T/a.db")"
hufu conflicts --replica "$T/b.db" >"$T/b.told"
holds "who did not is told by whom and why" grep -q '^    li decided for "kitchen clean / store", because: the kitchen matters$' "$T/b.told"

holds "he appeals, without a network" hufu conflicts appeal "$id" --reason 'the store was sealed' --replica "$T/b.db"
sync b >/dev/null; sync a >/dev/null
is "the question is open again, signed by who asks" "open o2" "$(on a "SELECT state||' '||appealed_by FROM conflict")"
hufud conflicts show "$id" --scope $S >"$T/told"
holds "the office reads the appeal" grep -q 'o2 appealed: the store was sealed' "$T/told"
holds "another decides otherwise" hufud conflicts decide "$id" other --value '{"summary":"kitchen clean\nstore locked"}' --reason 'both are true' --as zhao --scope $S
sync a >/dev/null; sync b >/dev/null
is "the decision is everywhere" "kitchen clean/store locked" "$(on a "SELECT replace(summary,char(10),'/') FROM visit WHERE id='v1'")"
is "and what was decided and said before is kept" "1 li the kitchen matters the store was sealed zhao" \
	"$(on b "SELECT json_array_length(history)||' '||json_extract(history,'\$[0].decided_by')||' '||json_extract(history,'\$[0].reason')||' '||json_extract(history,'\$[0].appeal')||' '||decided_by FROM conflict")"
for t in a b; do
	holds "both accept" hufu conflicts accept "$id" --replica "$T/$t.db"
	sync $t >/dev/null
done
sync a >/dev/null
is "that is in the record" '["o1:2","o2:2"]' "$(on a "SELECT accepted_by FROM conflict")"
is "and in nobody's inbox" "no conflicts, nothing in quarantine" "$(hufu conflicts --replica "$T/b.db")"
fails 1 "already" hufu conflicts accept "$id" --replica "$T/b.db"
is "the halves are equal" "$(server_root)" "$(hufu info --json --replica "$T/a.db" | json scopes.1.root)"
holds "what is stored fits together" hufud check
passed

#!/usr/bin/env bash
# A terminal is wiped by order: what it had not sent is sealed to the server, opened by two persons, adopted; the rest is gone.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
tablet c o3
echo "a long enough password" >"$T/password"
hufud account add wei --role administrator --scope $S --password-file "$T/password" >/dev/null
hufud account add li --role coordinator --scope $S --password-file "$T/password" >/dev/null
hufud account add song --role auditor --scope $S --password-file "$T/password" >/dev/null
server() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
terminal() { hufu info --json --replica "$T/$1.db" | json terminal; }
visit() { echo "INSERT INTO visit(id,subject,town,officers,summary,state) SELECT '$1',id,town,'[\"o1\",\"o2\"]','$2','open' FROM subject WHERE id='$3'"; }

on a "$(visit v1 'a kitchen' s1)"
sync a >/dev/null; sync b >/dev/null
# signed and not sent; not signed; not even a record; two photos, one of them of a visit that is known
on a "$(visit v2 'a cellar' s2)"
head -c 3000 /dev/urandom >"$T/one.jpg"; head -c 5000 /dev/urandom >"$T/two.jpg"
hufu attach v1 "$T/one.jpg" --replica "$T/a.db" >/dev/null
hufu commit -m 'in the field' --replica "$T/a.db" >/dev/null
hufu attach v2 "$T/two.jpg" --replica "$T/a.db" >/dev/null
on a "UPDATE visit SET summary='a kitchen without a hood' WHERE id='v1'"
on a "$(visit v3 'only here, in nobody'"''"'s hand' s3)"
ta=$(terminal a) tb=$(terminal b) tc=$(terminal c)

fails 2 "for revoke" hufud terminal list --wipe --scope $S
fails 1 "may not revoke" hufud terminal revoke "$ta" --wipe --reason lost --scope $S --as song
holds "the office orders it" hufud terminal revoke "$ta" --wipe --reason 'left in a taxi' --scope $S --as li
fails 1 "ordered to be wiped already" hufud terminal revoke "$ta" --wipe --reason again --scope $S
hufud rescue list --scope $S >"$T/told"
holds "and waits for it" grep -q "$ta .* of o1 .* nothing came yet" "$T/told"
fails 1 "nothing was rescued" hufud rescue open "$ta" --scope $S

# the thief has no PIN
unset HUFU_PIN_FILE
fails 1 "wiped on .* by order of the office; what it had not sent is there" sync a --no-upload
is "nothing is left but a note of it" "512 0" "$(stat -c %s "$T/a.db") $(ls -d "$T"/a.db?* 2>/dev/null | wc -l)"
is "in which there is nothing to read" "0" "$(grep -c -a 'kitchen\|subject 1\|officer_sealed\|terminal_seed' "$T/a.db" || true)"
fails 1 "wiped on" hufu status --replica "$T/a.db"
fails 1 "wiped on" hufu verify --replica "$T/a.db"
fails 1 "is no SQLite database\|not a database" sqlite3 "$T/a.db" .tables
fails 1 "wiped on" sync a

hufud rescue list --scope $S --json >"$T/told"
is "the server has it" "received 1" "$(json rescues.0.state <"$T/told") $(json rescues.0.rescues <"$T/told")"
is "sealed" "0" "$(cat "$HUFU_DATA"/rescue/* | grep -a -c 'kitchen\|nobody' || true)"
is "and shows nothing of it" "0" "$(hufud rescue show "$ta" --scope $S --json --as wei | json records | grep -c unsigned || true)"
is "nothing of it is in quarantine" "0" "$(hufud quarantine list --scope $S | grep -c 'unsigned' || true)"
fails 1 "an administrator asks first" hufud rescue open "$ta" --scope $S --as li
fails 1 "a coordinator or administrator does" hufud rescue open "$ta" --scope $S --as song
holds "one person asks" hufud rescue open "$ta" --scope $S --as wei
fails 1 "a second person opens it" hufud rescue open "$ta" --scope $S --as wei
hufud rescue open "$ta" --scope $S --as li >"$T/told"
holds "a second one opens it" grep -q 'opened: .* signed packets, 3 unsigned edits, 0 rows .* 2 files (0 by name' "$T/told"
fails 1 "opened by 'li'" hufud rescue open "$ta" --scope $S --as wei
hufud rescue show "$ta" --scope $S >"$T/told"
holds "record by record: signed" grep -q 'visit/v2  packet .*  revoked  open' "$T/told"
holds "and not signed" grep -q 'visit/v3  packet .*  unsigned  open' "$T/told"
holds "what he saw" grep -q 'its author saw .*"summary":"a kitchen"' "$T/told"
holds "what he wrote" grep -q 'and wrote .*"summary":"a kitchen without a hood"' "$T/told"
hufud quarantine list --scope $S >"$T/told"
holds "its code in plain words" grep -q 'its officer had not signed it' "$T/told"
entry() { hufud quarantine list --scope $S --json | python3 -c '
import json, sys
print([e["packet"] for e in json.load(sys.stdin)["quarantine"] if (e["kind"], e["id"], e["state"]) == (sys.argv[1], sys.argv[2], "open")][0])' "$1" "$2"; }
photo() { server "SELECT r.id FROM packet_record r WHERE r.kind='evidence' AND r.code='$1'"; }
hufud set visit v1 reason=complaint --scope $S --as wei >/dev/null
holds "the office adopts what nobody signed" hufud quarantine adopt "$(entry visit v1)" visit/v1 --as li
is "against what he saw" "a kitchen without a hood complaint" "$(server "SELECT summary||' '||reason FROM visit WHERE id='v1'")"
sync b >/dev/null
export HUFU_PIN_FILE=$T/pin
holds "an officer adopts what was signed" hufu adopt "$(entry visit v2)" visit/v2 --replica "$T/b.db"
sync b >/dev/null
is "it stands" "a cellar" "$(server "SELECT summary FROM visit WHERE id='v2'")"
for code in revoked unsigned; do holds "and its photo" hufud quarantine adopt "$(entry evidence "$(photo $code)")" "evidence/$(photo $code)" --as li; done
is "whose file is here" "nothing" "$(hufud evidence --scope $S | grep -q 'none\|part' && echo missing || echo nothing)"
is "byte for byte" "$(sha256sum <"$T/two.jpg")" "$(cat "$HUFU_DATA"/evidence/*/"$(sha256sum "$T/two.jpg" | cut -d' ' -f1)" | sha256sum)"
holds "everything is sound" hufud check
is "the audit log names who" "order li|asked wei|opened li" "$(hufud audit list --json | python3 -c '
import json, sys
es = [e for e in json.load(sys.stdin)["entries"] if e["outcome"] == "ok"]
print("|".join(n + " " + [e["who"] for e in es if e["operation"] == o and e.get("detail", "").startswith(d)][0] for n, o, d in (("order", "wipe", ""), ("asked", "rescue", "asked"), ("opened", "rescue", "opened"))))')"

# no network at the last: the order comes with the answer, the rescue stays as a file
on c "$(visit v4 'a barn' s4)"
WHO="li:$(cat "$T/password")"
e=$(server "SELECT id FROM enrolment WHERE terminal='$tc'")
api GET "/v1/enrolments/$e?scope=$S" -D "$T/headers" >/dev/null
etag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' "$T/headers")
answers 200 '"wipe_order"' POST "/v1/enrolments/$e/wipe?scope=$S" -H 'Content-Type: application/json' -H "If-Match: $etag" -d '{"reason":"stolen"}'
answers 412 "" POST "/v1/enrolments/$e/wipe?scope=$S" -H 'Content-Type: application/json' -H "If-Match: $etag" -d '{"reason":"stolen"}'
answers 400 "rescue\|bundle" POST /v1/rescue -H 'Content-Type: application/x-hufu-bundle' -H "Content-Digest: sha-256=:$(printf x | openssl dgst -sha256 -binary | base64):" -d x
WHO=
(unset HUFU_PIN_FILE; hufu bundle create "$T/ask" --replica "$T/c.db") >/dev/null 2>&1 || true
hufud bundle apply "$T/ask" --answer "$T/back" >/dev/null
fails 1 "sealed in '.*c.db.rescue'" hufu bundle apply "$T/back" --replica "$T/c.db"
cp "$T/c.db.rescue" "$T/carried"
is "only that is left" "c.db c.db.rescue" "$(cd "$T" && echo c.db*)"
holds "somebody carries it" hufud rescue take "$T/carried"
holds "again, which changes nothing" hufud rescue take "$T/carried"
is "one rescue" "1" "$(hufud rescue list --scope $S --json | python3 -c '
import json, sys
print([e["rescues"] for e in json.load(sys.stdin)["rescues"] if e["terminal"] == sys.argv[1]][0])' "$tc")"
fails 1 "what it had not sent is there" sync c
is "once it is there the file goes" "c.db" "$(cd "$T" && echo c.db*)"
fails 1 "no rescue" hufud rescue take "$T/ask"
head -c 900 "$T/carried" >"$T/cut"
fails 1 "cut or altered" hufud rescue take "$T/cut"
fails 1 "already\|is no replica\|wiped" hufu enroll "$URL" --code x --replica "$T/c.db"
hufud rescue open "$tc" --scope $S --as wei >/dev/null
holds "two persons open that, too" hufud rescue open "$tc" --scope $S --as li
holds "and it can be adopted" hufud quarantine adopt "$(entry visit v4)" visit/v4 --as li
holds "everything is sound" hufud check
# whoever is not revoked is not wiped
sync b >/dev/null
is "the others go on" "a barn" "$(on b "SELECT summary FROM visit WHERE id='v4'")"
passed

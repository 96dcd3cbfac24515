#!/usr/bin/env bash
# Quarantine: shown with its code to sender and office, adopted by another's signature, or rejected; API as the commands.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
echo "a long enough password" >"$T/password"
for who in li zhao; do hufud account add $who --role coordinator --scope $S --password-file "$T/password" >/dev/null; done
hufud account add song --role auditor --scope $S --password-file "$T/password" >/dev/null
# entry KIND ID: the packet of it in quarantine
entry() { hufud quarantine list --scope $S --json | python3 -c '
import json, sys
print([e["packet"] for e in json.load(sys.stdin)["quarantine"] if (e["kind"], e["id"]) == tuple(sys.argv[1:])][0])' "$1" "$2"; }
server() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }

on a "INSERT INTO visit(id,subject,town,officers,summary,state) SELECT 'v1',id,town,'[\"o1\",\"o2\"]','one room','open' FROM subject WHERE id='s1'"
sync a >/dev/null; sync b >/dev/null
on a "UPDATE visit SET summary='two rooms', reason='complaint' WHERE id='v1';
	INSERT INTO visit(id,subject,town,officers,summary,state) SELECT 'v2',id,town,'[\"o1\",\"o2\"]','clean','open' FROM subject WHERE id='s2';
	INSERT INTO visit(id,subject,town,officers,summary,state) SELECT 'v3',id,town,'[\"o1\",\"o2\"]','a barn','open' FROM subject WHERE id='s3';
	INSERT INTO answer(id,visit,point,author,value) VALUES('n1','v2','p','o1','pass')"
terminal=$(hufu info --json --replica "$T/a.db" | json terminal)
hufud terminal revoke "$terminal" --scope $S --reason lost >/dev/null
fails 1 "revoked" sync a
p1=$(entry visit v1)
hufud quarantine list --scope $S >"$T/told"
holds "the office reads code and reason" grep -q "revoked .* visit/v1  by o1 on $terminal  packet $p1" "$T/told"
holds "in plain words" grep -q '^    the terminal had been revoked$' "$T/told"
hufud quarantine show "$p1" visit/v1 >"$T/told"
holds "what he saw" grep -q 'its author saw .*"summary":"one room"' "$T/told"
holds "what he wrote" grep -q 'and wrote .*"summary":"two rooms"' "$T/told"

fails 2 "name the packet" hufud quarantine adopt "$p1"
fails 2 "give a reason" hufud quarantine reject "$p1" visit/v1
fails 1 "not in quarantine" hufud quarantine adopt "$p1" visit/nobody --as li
fails 1 "a coordinator or administrator does" hufud quarantine adopt "$p1" visit/v1 --as song
fails 1 "it refers to visit 'v2', which is in quarantine" hufud quarantine adopt "$p1" answer/n1 --as li
hufud set visit v1 summary='a shed' unable_reason=closed --scope $S --as zhao >/dev/null
holds "another adopts it" hufud quarantine adopt "$p1" visit/v1 --reason 'I called him' --as li
is "it is merged against what he saw: one word is a question" "a shed complaint closed 1" \
	"$(server "SELECT v.summary||' '||reason||' '||unable_reason||' '||(SELECT count(*) FROM conflict WHERE state='open') FROM visit v WHERE id='v1'")"
fails 1 "was adopted by 'li'" hufud quarantine adopt "$p1" visit/v1 --as zhao
is "who adopted it is told beside it" "adopted li I called him" "$(hufud quarantine list --scope $S --all --json | python3 -c '
import json, sys
print(*[" ".join((e["state"], e["decided_by"], e["decision"])) for e in json.load(sys.stdin)["quarantine"] if e["id"] == "v1"])')"
is "and it asks for nobody any more" "answer v2 v3" "$(hufud quarantine list --scope $S --json | python3 -c '
import json, sys
print(*sorted({"answer" if e["kind"] == "answer" else e["id"] for e in json.load(sys.stdin)["quarantine"]}))')"
is "the packet that was adopted from stays in quarantine as evidence" "o1 revoked" \
	"$(server "SELECT p.author||' '||r.code FROM packet_record r JOIN packet p ON p.number=r.packet WHERE r.id='v1' AND r.code IS NOT NULL")"
holds "everything is sound" hufud check

WHO="song:$(cat "$T/password")"
answers 200 '"code":"revoked"' GET "/v1/quarantine?scope=$S"
answers 200 '"base":null' GET "/v1/quarantine/$p1/visit/v2?scope=$S"
answers 403 denied POST "/v1/quarantine/$p1/visit/v2/adopt?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: $((RANDOM * 32768 + RANDOM))" -d '{}'
WHO="zhao:$(cat "$T/password")"
answers 404 "not in quarantine" GET "/v1/quarantine/$p1/visit/v9?scope=$S"
answers 409 "in quarantine: adopt that first" POST "/v1/quarantine/$p1/answer/n1/adopt?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: $((RANDOM * 32768 + RANDOM))" -d '{}'
answers 200 '"state":"adopted"' POST "/v1/quarantine/$p1/visit/v2/adopt?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: $((RANDOM * 32768 + RANDOM))" -d '{"reason":"I was there"}'
answers 409 "adopted by 'zhao'" POST "/v1/quarantine/$p1/visit/v2/adopt?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: $((RANDOM * 32768 + RANDOM))" -d '{}'
answers 200 '"state":"rejected"' POST "/v1/quarantine/$p1/answer/n1/reject?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: $((RANDOM * 32768 + RANDOM))" -d '{"reason":"nobody asked that"}'

# an officer adopts on a tablet: what he looked at, by his signature
hufud set visit v9 subject=s9 summary='by the office' --new --scope $S >/dev/null
on b "INSERT INTO visit(id,subject,town,officers,summary,state) SELECT 'v9',id,town,'[\"o1\",\"o2\"]','mine','open' FROM subject WHERE id='s9'"
sync b >/dev/null
p2=$(entry visit v9)
hufu conflicts --replica "$T/b.db" >"$T/told"
holds "who sent it reads the code in plain words" grep -q "another record has this id" "$T/told"
LC_ALL=zh_CN.UTF-8 hufu conflicts --replica "$T/b.db" >"$T/told"
holds "and in Chinese" grep -q "编号已被另一条记录占用" "$T/told"
fails 2 "PACKET KIND/ID" hufu adopt "$p1" v3 --replica "$T/b.db"
fails 1 "is no packet" hufu adopt nonsense visit/v3 --replica "$T/b.db"
fails 1 "is not in quarantine" hufu adopt "$p1" visit/v8 --replica "$T/b.db"
fails 1 "was adopted" hufu adopt "$p1" visit/v2 --replica "$T/b.db"
fails 1 "you wrote it" hufu adopt "$p2" visit/v9 --replica "$T/b.db"
hufu adopt "$p1" visit/v3 --reason 'we were two' --replica "$T/b.db" >"$T/told"
holds "he sees what he adopts" grep -q 'and wrote .*"summary":"a barn"' "$T/told"
fails 1 "adopted here already" hufu adopt "$p1" visit/v3 --replica "$T/b.db"
is "it is an edit of his until he signs it" "1" "$(hufu status --json --replica "$T/b.db" | grep -c '"adoption"')"
sync b >/dev/null
is "and stands under his name" "a barn o2 o1" \
	"$(server "SELECT v.summary||' '||a.decided_by||' '||a.author FROM visit v JOIN adoption a ON a.record_id=v.id WHERE v.id='v3'")"
hufud history visit v3 --json >"$T/told"
holds "the history says who" grep -q '"author":"o2"' "$T/told"
hufud quarantine reject "$p2" visit/v9 --reason 'the office was there' --as li --scope $S >/dev/null
sync b >/dev/null
hufu conflicts --replica "$T/b.db" >"$T/told"
holds "who sent it is told what became of it" grep -q 'rejected by li, because: the office was there' "$T/told"
is "all of it is closed" "nothing is in quarantine" "$(hufud quarantine list --scope $S)"
is "the audit log names who" "adoptQuarantined zhao|rejectQuarantined zhao" \
	"$(hufud audit list --json | python3 -c '
import json, sys
print("|".join(sorted(e["operation"] + " " + e["who"] for e in json.load(sys.stdin)["entries"] if e["outcome"] == "ok" and e["operation"][-11:] == "Quarantined" and e["operation"][:3] != "get")))')"
sync b >/dev/null
is "the tablet has what was adopted" "a shed clean rejected" "$(on b "SELECT (SELECT summary FROM visit WHERE id='v1')||' '||(SELECT summary FROM visit WHERE id='v2')||' '||(SELECT state FROM adoption WHERE record_kind='answer')")"
hufud mirror >/dev/null
export GIT_DIR=$HUFU_DATA/mirror.git
is "the mirror names packet, record and code" "4" "$(git log --format=%B "$S" | grep -c "^Quarantined: $p1 .* revoked")"
holds "and has who adopted it" git grep -q '"decided_by":"li"' "$S"
unset GIT_DIR
passed

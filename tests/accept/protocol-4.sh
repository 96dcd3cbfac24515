#!/usr/bin/env bash
# Partial replicas: one tablet of two counties; counties that come and go with work under way.
. "$(dirname "$0")/lib.sh"
B=330108
district
{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state
  echo "o1,officer 1,active,ZJ-1,2015-01-01,2099-12-31,valid"
  echo "o2,somebody else,active,ZJ-9,2015-01-01,2099-12-31,valid"
  echo "p1,officer p,active,ZJ-20,2015-01-01,2099-12-31,valid"; } >"$T/officers-b.csv"
{ echo id,name,address,town,state
  for i in 1 2 3 4; do echo "t$i,tenant $i,lane $i,001,in_business"; done
  echo "s1,subject 1 of before,lane 9,002,in_business"; } >"$T/subjects-b.csv"
hufud import officer "$T/officers-b.csv" --scope $B >/dev/null
hufud import subject "$T/subjects-b.csv" --scope $B >/dev/null
echo "a long enough password" >"$T/password"
hufud account add chen --role coordinator --scope $S --password-file "$T/password" >/dev/null
hufud account add bai --role coordinator --scope $B --password-file "$T/password" >/dev/null
hufud account add du --role coordinator --scope $S,$B --password-file "$T/password" >/dev/null
server_start
export HUFU_PIN_FILE=$T/pin
echo 246810 >"$T/pin"
both() { is "$1" "$(server_root) $(server_root $B)" "$(root_of "$2") $(root_of "$2" $B)"; }

# a code for two counties: by rights in both, for one and the same officer
fails 1 "may not enrol terminals in scope $B" hufud terminal code --officer o1 --scope $S --scope $B --as chen
fails 1 "may not read scope $S" hufud terminal code --officer o1 --scope $S --scope $B --as bai
fails 1 "is not the one of scope $S" hufud terminal code --officer o2 --scope $S --scope $B --as du
fails 1 "officer 'o3'" hufud terminal code --officer o3 --scope $S --scope $B --as du
fails 1 "named twice" hufud terminal code --officer o1 --scope $S --scope $S --as du
fails 1 "is no county" hufud terminal code --officer o1 --scope $S --scope catalog --as du
code=$(hufud terminal code --officer o1 --scope $S --scope $B --as du 2>"$T/told")
holds "it says for which" grep -q "scopes $S, $B" "$T/told"
hufu enroll "$URL" --code "$code" --replica "$T/a.db" >/dev/null
hufu clone --replica "$T/a.db" >/dev/null
both "the tablet has both counties, each under its root" a
is "subjects of both" "9 4" "$(on a "SELECT sum(scope='$S')||' '||sum(scope='$B') FROM subject")"
is "one id in both counties has one row; the other stands aside" "$S $B" \
	"$(on a "SELECT scope FROM subject WHERE id='s1'") $(on a "SELECT scope FROM hufu_twin WHERE kind='subject' AND id='s1'")"
holds "and is under the roots all the same" hufu verify --replica "$T/a.db"

# one sync for both
on a "INSERT INTO visit(id,subject,town,summary,state) VALUES('v1','s2','001','at home','open');
	INSERT INTO visit(id,scope,subject,town,summary,state) VALUES('v2','$B','t1','001','abroad','open')"
hufud set subject s1 name='subject 1, renamed' --scope $B >/dev/null
hufud set subject t2 name='tenant 2, renamed' --scope $B >/dev/null
sync a --json >"$T/report"
is "in one round trip" "1 2 2" "$(json requests <"$T/report") $(json packets_sent <"$T/report") $(json records_sent <"$T/report")"
both "equal in both" a
is "each visit in its county" "at home abroad" "$(hufud show visit v1 --scope $S --json | json record.summary) $(hufud show visit v2 --scope $B --json | json record.summary)"
is "what changed there came" "tenant 2, renamed" "$(on a "SELECT name FROM subject WHERE id='t2'")"
is "the row of the other s1 is as it was" "subject 1" "$(on a "SELECT name FROM subject WHERE id='s1'")"

# the second county takes its part away, with work under way
is "both offices see whose tablet it is" "o1 o1" "$(hufud terminal list --scope $S --json | json terminals.0.officer) $(hufud terminal list --scope $B --json | json terminals.0.officer)"
terminal=$(hufu info --json --replica "$T/a.db" | json terminal)
on a "UPDATE visit SET summary='abroad, and more' WHERE id='v2'"
fails 2 "name the county" hufud terminal leave "$terminal" --reason moved --as bai
fails 2 "give a reason" hufud terminal leave "$terminal" --scope $B --as bai
fails 1 "may not read scope $B" hufud terminal leave "$terminal" --scope $B --reason moved --as chen
fails 1 "revoke the terminal instead" hufud terminal leave "$terminal" --scope $S --reason moved --as du
fails 1 "no terminal or enrolment" hufud terminal leave nobody --scope $B --reason moved --as bai
hufud terminal leave "$terminal" --scope $B --reason moved --as bai >/dev/null
fails 1 "has part in scope $B" hufud terminal leave "$terminal" --scope $B --reason moved --as bai
on a "INSERT INTO visit(id,scope,subject,town,summary,state) VALUES('v3','$B','t3','001','unfit','nonsense')"
fails 1 "1 edits" sync a
is "what is not sent holds its county here" "4 1" "$(on a "SELECT count(*) FROM subject WHERE scope='$B'") $(on a "SELECT count(*) FROM visit WHERE id='v3'")"
hufu undo visit v3 --replica "$T/a.db" >/dev/null
sync a >"$T/told"
holds "the tablet says that a county left" grep -q "left this tablet" "$T/told"
is "its records are gone, and nothing else" "0 9 at home" \
	"$(on a "SELECT count(*) FROM subject WHERE scope='$B'") $(on a "SELECT count(*) FROM subject") $(on a "SELECT summary FROM visit WHERE id='v1'")"
is "nothing of it is left in the file" 0 "$(grep -ac "tenant 2" "$T/a.db" || true)"
is "the last word of there is in quarantine" "visit v2 scope" "$(hufud quarantine list --scope $B --json | python3 -c '
import json, sys
print(*[" ".join((e["kind"], e["id"], e["code"])) for e in json.load(sys.stdin)["quarantine"]])')"
holds "the file is sound" hufu verify --replica "$T/a.db"
is "and stands under its root" "$(server_root)" "$(root_of a)"
sync a >"$T/told"
is "from then on it is as if it had never been" 0 "$(grep -c "left this tablet" "$T/told" || true)"

# and gives it back
fails 1 "may not enrol terminals" hufud terminal join "$terminal" --scope $B --as bai
hufud terminal join "$terminal" --scope $B --as du >/dev/null
sync a >"$T/told"
holds "the tablet says that a county came" grep -q "joined" "$T/told"
both "the next sync has all of it" a
holds "sound again" hufu verify --replica "$T/a.db"
on a "INSERT INTO visit(id,scope,subject,town,summary,state) VALUES('v4','$B','t4','001','again','open')"
sync a >/dev/null
both "and works there" a

# the same by a stick: a county that went, and one that came
stick() {
	hufu bundle create "$T/stick" --replica "$T/a.db" >/dev/null
	hufud bundle apply "$T/stick" --answer "$T/stick.answer" >/dev/null
	hufu bundle apply "$T/stick.answer" --replica "$T/a.db"
	rm "$T/stick" "$T/stick.answer"
}
hufud terminal leave "$terminal" --scope $B --reason moved --as bai >/dev/null
stick >"$T/told"
is "gone by an answer on a stick" 0 "$(on a "SELECT count(*) FROM subject WHERE scope='$B'")"
hufud terminal join "$terminal" --scope $B --as du >/dev/null
stick >"$T/told"
stick >"$T/told"
both "and back by two of them" a

# a terminal that was written from the document does the same
export PYTHONDONTWRITEBYTECODE=1
py() { python3 tests/client/client.py "$T/py" "$@"; }
py enroll "$URL" "$(hufud terminal code --officer o1 --scope $S --scope $B --as du 2>/dev/null)" >/dev/null
py clone >/dev/null
is "it has both" "$(server_root) $(server_root $B)" "$(py root $S) $(py root $B)"
theirs=$(hufud terminal list --scope $B --json | python3 -c '
import json, sys
print(*[t["terminal"] for t in json.load(sys.stdin)["terminals"] if t["terminal"] != sys.argv[1]])' "$terminal")
hufud terminal leave "$theirs" --scope $B --reason moved --as bai >/dev/null
py sync >"$T/told"
is "one leaves it" "catalog equal $S equal" "$(cut -d' ' -f1,2 "$T/told" | sort -r | tr '\n' ' ' | sed 's/ $//')"
hufud terminal join "$theirs" --scope $B --as du >/dev/null
py sync >/dev/null
is "and comes again" "$(server_root) $(server_root $B)" "$(py root $S) $(py root $B)"

# over HTTP
WHO="du:$(cat "$T/password")"
answers 200 '"scopes":\["330106"\]' POST "/v1/enrolments/$terminal/leave?scope=$B" -H 'Content-Type: application/json' -d '{"reason":"moved"}'
answers 404 "has part in scope" POST "/v1/enrolments/$terminal/leave?scope=$B" -H 'Content-Type: application/json' -d '{"reason":"moved"}'
answers 200 '"scopes":\["330106","330108"\]' POST "/v1/enrolments/$terminal/join?scope=$B"
answers 201 '"scopes":\["330106","330108"\]' POST "/v1/terminal-codes?scope=$S" -H 'Content-Type: application/json' -H "Idempotency-Key: for-two-1" -d '{"officer":"o1","also":["330108"]}'
answers 200 '"also' GET "/v1/openapi.json"
WHO="bai:$(cat "$T/password")"
answers 403 denied POST "/v1/enrolments/$terminal/join?scope=$B"
answers 403 denied POST "/v1/terminal-codes?scope=$B" -H 'Content-Type: application/json' -H "Idempotency-Key: for-two-2" -d '{"officer":"o1","also":["330106"]}'
holds "everything is sound" hufud check
passed

#!/usr/bin/env bash
# Rights, the fine print: who asked and who decided is the account that calls; a list and what it lists are for the same people.
. "$(dirname "$0")/lib.sh"
district
echo "long enough a word" >"$T/pw"
for who in chen wang; do hufud account add $who --role coordinator --scope $S --password-file "$T/pw" >/dev/null; done
hufud account add li --role inspector --scope $S --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
as() { WHO="$1:long enough a word"; }
at() { jq -r "$1" "$T/body"; }
KEY=0
make_() { KEY=$((KEY + 1)); answers "$1" "$2" POST "/v1/$3" -H 'Content-Type: application/json' -H "Idempotency-Key: made-of-$KEY" -d "$4"; }
decide() { answers "$1" "$2" POST "/v1/recusals/$3/$4" -d "" -H "If-Match: $(curl -s -u "$WHO" "$URL/v1/recusals/$3" | jq .etag)"; }

# -- an officer keeps out: nobody asks or decides in another's name
as li
make_ 201 '"asked_by":"li"' recusals '{"id":"k1","officer":"o1","subject":"s1","reason":"his brother","state":"asked","asked_for":"the owner"}'
make_ 400 "/asked_by is set by the server" recusals '{"id":"k2","officer":"o1","subject":"s2","reason":"kin","state":"asked","asked_by":"wang"}'
make_ 400 "/decided_by is set by the server" recusals '{"id":"k2","officer":"o1","subject":"s2","reason":"kin","state":"asked","decided_by":"wang"}'
decide 403 "this is for coordinator" k1 grant
as chen
make_ 201 '"asked_by":"chen"' recusals '{"id":"k3","officer":"o2","subject":"s2","reason":"kin","state":"asked"}'
make_ 409 "second person" recusals '{"id":"k4","officer":"o2","subject":"s3","reason":"kin","state":"granted"}'
decide 409 "'asked_by' names 'chen'" k3 grant
is "nothing came of it" "asked null" "$(curl -s -u "$WHO" "$URL/v1/recusals/k3" | jq -r '"\(.state) \(.decided_by)"')"
answers 400 "/decided_by is set by the server" PATCH /v1/recusals/k1 -H 'Content-Type: application/merge-patch+json' \
	-H "If-Match: $(curl -s -u "$WHO" "$URL/v1/recusals/k1" | jq .etag)" -d '{"decided_by":"wang"}'
decide 200 '"decided_by":"chen"' k1 grant
is "who asked stays" li "$(at .asked_by)"
as wang
decide 200 '"decided_by":"wang"' k3 grant
decide 200 '"decided_by":"wang"' k1 refuse
is "the log has each of them" "createRecusal li, createRecusal chen, grantRecusal chen, grantRecusal wang, refuseRecusal wang" \
	"$(hufud audit list --format json | jq -r 'select((.operation | test("^(create|grant|refuse)Recusal$")) and .outcome == "ok") | "\(.operation) \(.who)"' | paste -sd, | sed 's/,/, /g')"

# -- a tablet says nobody else's name either
tablet one o3
on one "INSERT INTO recusal(id, officer, subject, reason, asked_by, state) VALUES ('k5', 'o3', 's5', 'kin', 'o1', 'asked')"
fails 1 "'asked_by' can only be 'o3', who writes it" hufu commit -m plea --replica "$T/one.db"
on one "UPDATE recusal SET asked_by = 'o3' WHERE id = 'k5'"
holds "the own one is right" hufu sync --replica "$T/one.db"
as chen
answers 200 '"asked_by":"o3"' GET /v1/recusals/k5

# -- who may list ratings may read what a subject's rating is made of
hufud rate --scope $S >/dev/null
as li
answers 200 '"subject":"s1"' GET "/v1/ratings?subject=s1"
answers 200 '"rating"' GET "/v1/subjects/s1/rating?explain=true"
answers 403 "this is for" GET /v1/ratings-check
is "and it is in the log who did" li "$(hufud audit list --format json --operation getSubjectRating | tail -1 | jq -r .who)"

# -- a draw by the rule that ships finds it, as the command does
{ echo id,certificate; for i in 1 2 3; do echo "o$i,ZJ-$i"; done; } >"$T/certificates.csv"
hufud import officer "$T/certificates.csv" --scope $S >/dev/null
as chen
make_ 201 '"ratio_rule":"default version 1"' "draws?scope=$S" '{"ratio_rule":"default",'"$ANNOUNCED_JSON"'}'
is "the rule is on record now" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM ratio_rule WHERE code = 'default'")"

# -- why an officer keeps out is of class L3: the paper for everybody does not say it, the office's does
for i in 4 5; do hufud set officer o$i name="officer $i" state=active certificate=ZJ-$i certificate_from=2015-01-01 certificate_to=2099-12-31 certificate_state=valid --new --scope $S >/dev/null; done
make_ 201 '"id"' "draws?scope=$S" '{"count":3,"reason":"anew","exclude":[{"id":"o5","reason":"maternity leave"}],'"$ANNOUNCED_JSON"'}'
D=$(at .id)
words() { grep -c '"kin"\|maternity leave' "$T/body" || true; }
WHO=; answers 200 '"recusals"' GET "/v1/draws/$D/paper"; cp "$T/body" "$T/public.json"
is "who is recused from whom, and that one is left out, without a word why" "o2 s2|o5 by the office|0" \
	"$(at '.recusals[] | .officer + " " + .subject')|$(at '.pool[] | select(.excluded) | .id + " " + .excluded')|$(words)"
answers 401 unauthorized GET "/v1/draws/$D/paper?full=true"
as li; answers 403 denied GET "/v1/draws/$D/paper?full=true"
as chen; answers 200 '"recusals"' GET "/v1/draws/$D/paper?full=true"; cp "$T/body" "$T/full.json"
is "to the office, in words" "kin|maternity leave" "$(at '.reasons.recusals[0].reason')|$(at '.reasons.officers[0].reason')"
for one in public full; do
	holds "Python alone verifies the $one paper" python3 docs/verify_draw.py "$T/$one.json"
	holds "and so does the command" hufud draw verify "$T/$one.json"
done
sed -i 's/maternity leave/he asked for it/' "$T/full.json"
fails 1 "reasons_hash" python3 docs/verify_draw.py "$T/full.json"
fails 1 "reasons_hash" hufud draw verify "$T/full.json"
passed

#!/usr/bin/env bash
# Rights that nothing gives by the way: an empty list is no right at all, and who acts for one agency leaves the others' people and tablets alone.
. "$(dirname "$0")/lib.sh"
district
{ echo id,name; echo "ag1,first"; echo "ag2,second"; } >"$T/agencies.csv"
hufud import agency "$T/agencies.csv" >/dev/null
{ echo id,agency; echo o1,ag1; echo o2,ag2; } >"$T/of.csv"
hufud import officer "$T/of.csv" --scope $S >/dev/null
echo "long enough a word" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add one --role coordinator --scope $S --agency ag1 --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
as() { WHO="$1:long enough a word"; }
at() { jq -r "$1" "$T/body"; }
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }

# -- a token of nothing is no token of everything
as chen
for list in roles scopes agencies; do
	answers 400 "/$list has 0 members" POST /v1/tokens -H "$J" -H "$(key)" -d "{\"label\":\"e\",\"$list\":[]}"
done
is "none was made" 0 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM token")"
fails 1 "agencies of a token are one or more" hufud token make chen --label e --agency '' --as chen
fails 2 "name a role" hufud token make chen --label e --role '' --as chen
answers 201 '"token"' POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"f","agencies":["ag1"]}'
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE token SET agency = ''"
holds "one that was made so before does not spoil the folder" hufud check

# -- an account is unbound on purpose only
as admin
answers 400 "/agencies has 0 members" PATCH /v1/accounts/one -H 'If-Match: *' -H "$M" -d '{"agencies":[]}'
answers 400 "/agencies has 0 members" POST /v1/accounts -H "$J" -H "$(key)" -d '{"account":"two","roles":["analyst"],"scopes":["330106"],"agencies":[]}'
fails 2 "name an agency" hufud account set-scopes one --agency ''
is "it is bound as it was" ag1 "$(hufud account show one --json | json agency)"
answers 200 '"account":"one"' PATCH /v1/accounts/one -H 'If-Match: *' -H "$M" -d '{"agencies":null}'
is "null unbinds it" "*" "$(hufud account show one --json | json agency)"
answers 200 '"agencies":\["ag1"\]' PATCH /v1/accounts/one -H 'If-Match: *' -H "$M" -d '{"agencies":["ag1"]}'

# -- an officer is not given away, to another agency or to nobody
as one
answers 403 "gives nobody away" PATCH /v1/officers/o1 -H 'If-Match: *' -H "$M" -d '{"agency":null}'
answers 403 "acts for other agencies" PATCH /v1/officers/o1 -H 'If-Match: *' -H "$M" -d '{"agency":"ag2"}'
answers 200 '"agency":"ag1"' PATCH /v1/officers/o1 -H 'If-Match: *' -H "$M" -d '{"name":"a new name"}'
fails 1 "gives nobody away" hufud set officer o1 agency= --scope $S --as one
as chen
answers 200 '"id":"o3"' PATCH /v1/officers/o3 -H 'If-Match: *' -H "$M" -d '{"name":"a new name"}'

# -- nor is a tablet of another's officer taken away
tablet mine o1
tablet theirs o2
tablet nobodys o3
E2=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM enrolment WHERE officer = 'o2'")
as one
for list in terminals enrolments exports/enrolments; do
	answers 200 'o1' GET "/v1/$list?scope=$S"
	is "of $list it sees those of its officers and of nobody's" "o1 o3" "$(grep -ow 'o[0-9]' "$T/body" | sort -u | paste -sd' ')"
done
answers 404 "there is no enrolment '$E2'" GET "/v1/enrolments/$E2"
answers 404 "there is no enrolment '$E2'" GET "/v1/enrolments/$E2/history"
answers 404 "there is no enrolment '$E2'" POST "/v1/enrolments/$E2/revoke" -H 'If-Match: *' -H "$J" -d '{"reason":"x"}'
fails 1 "acts for other agencies than that of officer 'o2'" hufud terminal revoke "$E2" --reason x --scope $S --as one
is "nor by the command" "o1 o3" "$(hufud terminal list --scope $S --as one | awk '{print $2}' | sort | paste -sd' ')"
answers 200 items GET "/v1/changes?scope=$S&kinds=enrolment&since=1&include=record"
is "nor what became of it" "o1 o3" "$(grep -ow 'o[0-9]' "$T/body" | sort -u | paste -sd' ')"
is "it works on" active "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT state FROM enrolment WHERE id = '$E2'")"
E1=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM enrolment WHERE officer = 'o1'")
answers 200 '"state":"revoked"' POST "/v1/enrolments/$E1/revoke" -H 'If-Match: *' -H "$J" -d '{"reason":"x"}'
as chen
answers 200 '"state":"revoked"' POST "/v1/enrolments/$E2/revoke" -H 'If-Match: *' -H "$J" -d '{"reason":"x"}'

# -- the log has all of who was given what, and who looked where
as admin
WIDE=$(seq -s, 330100 330129)
answers 201 '"wide"' POST /v1/accounts -H "$J" -H "$(key)" -d "{\"account\":\"wide\",\"roles\":[\"analyst\"],\"scopes\":[\"${WIDE//,/\",\"}\"]}"
is "thirty scopes are thirty in the log" "$WIDE" "$(hufud audit list --operation account --format json | tail -1 | jq -r '.detail | capture("scopes=(?<s>[0-9,]*)").s')"
entries() { hufud audit list --format json | jq -r 'select(.who == "'"$1"'" and .via == "api") | "\(.operation) \(.outcome)"' | tail -"$2" | paste -sd,; }
answers 200 items GET "/v1/audit?limit=3"
is "reading the log is in the log" "listAudit ok" "$(entries admin 1)"
as chen
answers 403 denied GET /v1/audit
answers 403 denied GET /v1/accounts
answers 403 denied GET "/v1/subjects?scope=330108"
is "and so is what was refused to somebody who is known" "listAudit refused,listAccounts refused,listSubjects refused" "$(entries chen 3)"
passed

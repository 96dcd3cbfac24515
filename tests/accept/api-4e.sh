#!/usr/bin/env bash
# Accounts over HTTP: made once however often they are asked for, and shown to who manages them, and to nobody else.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }
as() { WHO="$1:correct horse"; }

# -- one deed, however often it is asked for
as admin
body='{"account":"once","roles":["analyst"],"scopes":["330106"],"password":"first password"}'
for i in 1 2 3 4 5; do
	curl -s -o "$T/made$i" -w '%{http_code}\n' -u "$WHO" -X POST "$URL/v1/accounts" -H "$J" -H "Idempotency-Key: made-once-1" -d "$body" >"$T/made$i.status" &
	made[i]=$!
done
for i in 1 2 3 4 5; do wait "${made[i]}"; done
is "five at once are one account" "201 201 201 201 201" "$(cat "$T"/made?.status | tr '\n' ' ' | sed 's/ $//')"
is "and one answer" 1 "$(cat "$T"/made[1-5] | sort -u | wc -l)"
is "made once, as the log has it" 1 "$(hufud audit list --operation "account add" --format json | grep -c '"id":"once"')"
answers 201 '"once"' POST /v1/accounts -H "$J" -H "Idempotency-Key: made-once-1" -d "$body"
answers 422 idempotency_key_reused POST /v1/accounts -H "$J" -H "Idempotency-Key: made-once-1" -d "${body/first/other}"
WHO="once:first password" answers 200 '"once"' GET /v1/me
WHO="once:other password" answers 401 unauthorized GET /v1/me
as admin
answers 409 'exists already' POST /v1/accounts -H "$J" -H "$(key)" -d "$body"

# -- a county's administrator sees the tokens that he may end
for who in "cadm administrator,coordinator $S" "chen coordinator $S" "far coordinator 330108"; do
	set -- $who
	hufud account add "$1" --role "$2" --scope "$3" --password-file "$T/pw" >/dev/null
done
as chen
answers 201 '"token"' POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"bound","agencies":["ag1","ag1"],"scopes":["'$S'","'$S'"]}'
bound=$(json id <"$T/body")
as cadm
answers 200 "$bound" GET "/v1/tokens?account=chen"
is "each scope and agency once, and the agencies are told" "['$S'] ['ag1']" "$(python3 -c 'import json, sys; t = json.load(open(sys.argv[1]))["items"][0]; print(t["scopes"], t["agencies"])' "$T/body")"
answers 403 "is not yours" GET "/v1/tokens?account=far"; sed 's/far/X/; s/"instance":"[^"]*"//; s/[0-9a-f]\{20\}//g' "$T/body" >"$T/far"
answers 403 "is not yours" GET "/v1/tokens?account=zzz"; sed 's/zzz/X/; s/"instance":"[^"]*"//; s/[0-9a-f]\{20\}//g' "$T/body" >"$T/none"
is "one that is another's and one that there is not are told of alike" "$(cat "$T/far")" "$(cat "$T/none")"
api DELETE "/v1/tokens/$bound"; is "and it is ended" 204 "$(cat "$T/status")"
as chen
answers 403 "is not yours" GET "/v1/tokens?account=cadm"
server_stop
holds "and the folder is sound" hufud check
passed

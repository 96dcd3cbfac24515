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
server_stop
holds "and the folder is sound" hufud check
passed

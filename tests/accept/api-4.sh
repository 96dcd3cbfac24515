#!/usr/bin/env bash
# Identity over HTTP: sessions and tokens that give no more than they should and end when they should; and who may do what, all of it.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
hufud account add li --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add wang --role analyst,coordinator --scope "33" --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
J='Content-Type: application/json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }
# with HEADER METHOD PATH [curl arguments]: the status; headers in $T/head, body in $T/body
with() { curl -s -D "$T/head" -o "$T/body" -w '%{http_code}' -H "$1" -X "$2" "$URL$3" "${@:4}"; }
begin() { curl -s -D "$T/head" -o "$T/body" -w '%{http_code}' -X POST "$URL/v1/session" -H "$J" -d "{\"account\":\"$1\",\"password\":\"$2\"}"; }
cookie() { sed -n 's/^[Ss]et-[Cc]ookie: *\(__Host-hufu=[^;]*\).*/\1/p' "$T/head" | tr -d '\r'; }

# -- a browser's session
is "a session begins" 201 "$(begin li "correct horse")"
C="Cookie: $(cookie)"
is "its cookie: this host only, never by script, never from elsewhere, never in plain" \
	"__Host-hufu=ID; Path=/; Secure; HttpOnly; SameSite=Strict" \
	"$(sed -n 's/^[Ss]et-[Cc]ookie: *//p' "$T/head" | tr -d '\r' | sed 's/=[^;]*/=ID/')"
is "no caching of who you are" "" "$(grep -i '^cache-control:.*public' "$T/head" || true)"
is "it is who it is" "li session" "$(with "$C" GET /v1/me >/dev/null; echo "$(json account <"$T/body") $(json by <"$T/body")")"
is "what changes something needs the page that it comes from" 403 "$(with "$C" POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"a"}')"
is "in words that say so" foreign_origin "$(json type <"$T/body" | sed 's|.*/||')"
for origin in https://elsewhere.example "http://127.0.0.1:$PORT.example" null "http://127.0.0.1" "ftp://127.0.0.1:$PORT" ""; do
	is "from '$origin' it is refused" 403 "$(with "$C" POST /v1/tokens -H "$J" -H "$(key)" -H "Origin: $origin" -d '{"label":"b"}')"
done
is "from its own page it is done" 201 "$(with "$C" POST /v1/tokens -H "$J" -H "$(key)" -H "Origin: $URL" -d '{"label":"c"}')"
is "another id is nobody" 401 "$(with "Cookie: __Host-hufu=$(head -c 32 /dev/zero | tr '\0' A)AAAAAAAAAAA" GET /v1/me)"
is "a cookie of a longer name is not it" 401 "$(with "Cookie: x$(echo "$C" | sed 's/^Cookie: //')" GET /v1/me)"
is "beside others it is found" 200 "$(with "Cookie: x__Host-hufu=a; __Host-hufu=b; $(echo "$C" | sed 's/^Cookie: //'); y=1" GET /v1/me)"
is "it ends" 204 "$(with "$C" DELETE /v1/session -H "Origin: $URL")"
is "and its cookie is taken away" 1 "$(grep -ic 'set-cookie:.*max-age=0' "$T/head")"
is "for good" 401 "$(with "$C" GET /v1/me)"

# -- idle and absolute: time is in the store
session_times() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
begin li "correct horse" >/dev/null; C="Cookie: $(cookie)"
session_times "UPDATE session SET used_at = used_at - 16*60000"
is "15 minutes without a use end it" 401 "$(with "$C" GET /v1/me)"
begin li "correct horse" >/dev/null; C="Cookie: $(cookie)"
session_times "UPDATE session SET used_at = used_at - 13*60000"
is "13 do not" 200 "$(with "$C" GET /v1/me)"
session_times "UPDATE session SET begun_at = begun_at - 12*3600000 - 60000"
is "12 hours do, however much it is used" 401 "$(with "$C" GET /v1/me)"

# -- tokens
token() { json token <"$T/body"; }
B="Authorization: Basic $(printf 'wang:correct horse' | base64)"
make_() { with "$B" POST /v1/tokens -H "$J" -H "$(key)" -d "$1"; }
is "a narrowed token" 201 "$(make_ "{\"label\":\"n\",\"roles\":[\"analyst\"],\"scopes\":[\"$S\"]}")"
N="Authorization: Bearer $(token)" NID=$(json id <"$T/body")
is "is its account with less" "wang analyst $S token" "$(with "$N" GET /v1/me >/dev/null; python3 -c '
import json, sys
m = json.load(open(sys.argv[1])); print(m["account"], *m["roles"], *m["scopes"], m["by"])' "$T/body")"
is "it reads its county" 200 "$(with "$N" GET "/v1/subjects?scope=$S")"
is "not the next" 403 "$(with "$N" GET "/v1/subjects?scope=330108")"
is "nor what another role of the account may" 403 "$(with "$N" POST "/v1/subjects?scope=$S" -H "$J" -H "$(key)" -d '{"name":"x"}')"
is "more than the account has is no token" 400 "$(make_ '{"label":"m","roles":["administrator"]}')"
is "nor wider" 400 "$(make_ '{"label":"m","scopes":["*"]}')"
is "a token makes no token" 403 "$(with "$N" POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"child"}')"
is "nor sets a password, though it knew the old one" 403 "$(with "$N" PUT /v1/me/password -H "$J" -d '{"old_password":"correct horse","password":"another horse"}')"
make_ '{"label":"a","roles":["analyst"]}' >/dev/null
is "its secret is told once" 409 "$(K=$(key); with "$B" POST /v1/tokens -H "$J" -H "$K" -d '{"label":"o"}' >/dev/null; with "$B" POST /v1/tokens -H "$J" -H "$K" -d '{"label":"o"}')"
is "it sees itself, and no other token" "[\"$NID\"]" "$(with "$N" GET /v1/tokens >/dev/null; python3 -c '
import json, sys; print(json.dumps([t["id"] for t in json.load(open(sys.argv[1]))["items"]]))' "$T/body")"
make_ '{"label":"other"}' >/dev/null; OID=$(json id <"$T/body")
is "it ends no other" 403 "$(with "$N" DELETE "/v1/tokens/$OID")"
is "nor by a label" 403 "$(with "$N" DELETE "/v1/tokens/other")"
is "a person of the account does" 204 "$(with "$B" DELETE "/v1/tokens/$OID")"
make_ '{"label":"self"}' >/dev/null; O="Authorization: Bearer $(token)" OID=$(json id <"$T/body")
is "a token ends itself" "204 401" "$(with "$O" DELETE "/v1/tokens/$OID") $(with "$O" GET /v1/me)"
is "a token that reads" 201 "$(make_ '{"label":"r","read_only":true}')"
R="Authorization: Bearer $(token)" RID=$(json id <"$T/body")
is "reads" 200 "$(with "$R" GET "/v1/subjects?scope=$S")"
is "and changes nothing, whatever its roles" 403 "$(with "$R" POST "/v1/subjects?scope=$S" -H "$J" -H "$(key)" -d '{"name":"x"}')"
is "it is said why" 1 "$(grep -c "only reads" "$T/body")"
is "the log has the refusal" refused "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT outcome FROM audit WHERE operation = 'createSubject' ORDER BY seq DESC LIMIT 1")"
is "nor ends itself" 403 "$(with "$R" DELETE "/v1/tokens/$RID")"
is "the list says which those are" "True True" "$(hufud token list wang --json | python3 -c '
import json, sys; print(*(t["read_only"] for t in json.load(sys.stdin)["tokens"] if t["label"] == "r"), end=" ")
')$(hufud token make wang --label rr --read-only >/dev/null 2>&1; hufud token list wang --json | python3 -c '
import json, sys; print(*(t["read_only"] for t in json.load(sys.stdin)["tokens"] if t["label"] == "rr"))')"
is "revoked" 204 "$(with "$B" DELETE "/v1/tokens/$NID")"
is "it is nobody" 401 "$(with "$N" GET /v1/me)"
make_ '{"label":"e","expires_at":"2099-01-01T00:00:00Z"}' >/dev/null
is "no token is for ever" 400 "$(make_ '{"label":"e","expires_at":"2099-01-01T00:00:00Z"}')"
make_ '{"label":"x"}' >/dev/null; X="Authorization: Bearer $(token)"
is "a token of the account's rights" 200 "$(with "$X" GET /v1/me)"
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE token SET expires_at = 1 WHERE label = 'x'"
is "expired" 401 "$(with "$X" GET /v1/me)"
make_ '{"label":"y"}' >/dev/null; Y="Authorization: Bearer $(token)"
hufud account set-roles wang --role analyst >/dev/null
is "who loses a role loses it for the tokens" 403 "$(with "$Y" POST "/v1/subjects?scope=$S" -H "$J" -H "$(key)" -d '{"name":"x"}')"

# -- a new password, and the end of an account
begin li "correct horse" >/dev/null; C="Cookie: $(cookie)"
B2="Authorization: Basic $(printf 'li:correct horse' | base64)"
is "remembered" 200 "$(with "$B2" GET /v1/me)"
is "a wrong old password sets none" 403 "$(with "$B2" PUT /v1/me/password -H "$J" -d '{"old_password":"wrong horse","password":"another horse"}')"
is "the own password is set" 204 "$(with "$B2" PUT /v1/me/password -H "$J" -d '{"old_password":"correct horse","password":"another horse"}')"
is "it ends the sessions" 401 "$(with "$C" GET /v1/me)"
is "and what was remembered" 401 "$(with "$B2" GET /v1/me)"
begin li "another horse" >/dev/null; C="Cookie: $(cookie)"
with "$C" POST /v1/tokens -H "$J" -H "$(key)" -H "Origin: $URL" -d '{"label":"z"}' >/dev/null; Z="Authorization: Bearer $(token)"
hufud account disable li >/dev/null
is "a disabled account has no session" 401 "$(with "$C" GET /v1/me)"
is "no token" 401 "$(with "$Z" GET /v1/me)"
is "no password" 401 "$(with "Authorization: Basic $(printf 'li:another horse' | base64)" GET /v1/me)"
is "in the words of a wrong one" "$(begin nobody x >/dev/null; json detail <"$T/body")" "$(begin li "another horse" >/dev/null; json detail <"$T/body")"

# -- accounts: nobody gives rights to himself
hufud account add song --role administrator --scope $S --password-file "$T/pw" >/dev/null
A="Authorization: Basic $(printf 'song:correct horse' | base64)"
M='Content-Type: application/merge-patch+json'
hufud account add zhou --role administrator --scope '*' --password-file "$T/pw" >/dev/null
Z="Authorization: Basic $(printf 'zhou:correct horse' | base64)"
etag() { with "$Z" GET "/v1/accounts/$1" >/dev/null; json etag <"$T/body"; }
set_() { with "$A" PATCH "/v1/accounts/$1" -H "$M" -H "If-Match: \"$(etag "$1")\"" -d "$2"; }
is "an account is changed by who has seen it" 428 "$(with "$Z" PATCH /v1/accounts/song -H "$M" -d '{"state":"active"}')"
E1=$(etag song)
is "its etag is the reply's" 1 "$(with "$Z" GET /v1/accounts/song >/dev/null; grep -ic "^etag: \"$E1\"" "$T/head")"
is "then" 200 "$(with "$Z" PATCH /v1/accounts/song -H "$M" -H "If-Match: \"$E1\"" -d '{"state":"disabled"}')"
is "what another has changed meanwhile is not overwritten" 412 "$(with "$Z" PATCH /v1/accounts/song -H "$M" -H "If-Match: \"$E1\"" -d '{"roles":["analyst"]}')"
is "a list has it, too" 200 "$(with "$Z" GET "/v1/accounts?limit=1000" >/dev/null; E2=$(python3 -c '
import json, sys; print(*(a["etag"] for a in json.load(open(sys.argv[1]))["items"] if a["account"] == "song"))' "$T/body")
	with "$Z" PATCH /v1/accounts/song -H "$M" -H "If-Match: \"$E2\"" -d '{"state":"active"}')"

# who may not manage an account learns nothing of it: that it is there, that it is disabled
hufud account add insp --role inspector --scope $S --password-file "$T/pw" >/dev/null
hufud account add far --role inspector --scope 330108 --password-file "$T/pw" >/dev/null
I="Authorization: Basic $(printf 'insp:correct horse' | base64)"
said() { json detail <"$T/body" | sed "s/'$1'/X/"; }
is "nobody, another, and a disabled one are the same for a token" "403 403 403 1" "$(for n in nobody1 far li; do
	with "$I" POST /v1/tokens -H "$J" -H "$(key)" -d '{"account":"'$n'","label":"x"}'; printf ' '; said $n >>"$T/said"; done; sort -u "$T/said" | wc -l)"
is "and for a change" "403 403 1" "$(rm "$T/said"; for n in nobody1 far; do
	with "$A" PATCH "/v1/accounts/$n" -H "$M" -H 'If-Match: *' -d '{"state":"active"}'; printf ' '; said $n >>"$T/said"; done; sort -u "$T/said" | wc -l)"
is "who manages all is told" 404 "$(with "$Z" PATCH /v1/accounts/nobody1 -H "$M" -H 'If-Match: *' -d '{"state":"active"}')"
is "a name that is taken is a conflict" "409 /problems/conflict" "$(with "$Z" POST /v1/accounts -H "$J" -H "$(key)" -d '{"account":"far","roles":["analyst"],"scopes":["'$S'"]}') $(json type <"$T/body")"

is "nobody gives himself a role" 403 "$(set_ song '{"roles":["administrator","analyst"]}')"
is "it is said whose it is to do" 1 "$(grep -c "for another administrator to change" "$T/body")"
is "nor scopes" 403 "$(set_ song '{"scopes":["33"]}')"
is "nor less of them" 403 "$(set_ song '{"agencies":["ag1"]}')"
fails 1 "another administrator" hufud account set-roles admin --role administrator,auditor --as admin
holds "another administrator does" hufud account set-roles song --role administrator,auditor

# -- whoever gets the database gets in nowhere
begin wang "correct horse" >/dev/null
live=$(cookie); live=${live#*=}
sqlite3 "$HUFU_DATA/hufu.db" .dump >"$T/dump"
for secret in "$live" "${Y##* }" "correct horse" "another horse"; do
	is "the dump does not hold a secret" 0 "$(grep -c -F -- "$secret" "$T/dump" || true)"
done
is "no token, whole or in part" 0 "$(grep -c 'hufu_[A-Za-z0-9_-]\{20\}' "$T/dump" || true)"
is "what stands there for a session is none" 401 "$(with "Cookie: __Host-hufu=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT hex(hash) FROM session LIMIT 1" |
	python3 -c 'import base64, sys; print(base64.urlsafe_b64encode(bytes.fromhex(input())).decode().rstrip("="))')" GET /v1/me)"
is "nor does the log of the service" 0 "$(grep -c -F -e "$live" -e "${Y##* }" -e "correct horse" "$T/serve.log" || true)"
server_stop
holds "the audit log is whole" hufud audit verify

# -- operation by role by scope by class
holds "who may do what, and docs/api/rights.md says so" python3 tests/api/rights.py --check docs/api/rights.md
passed

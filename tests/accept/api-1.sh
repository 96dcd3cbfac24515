#!/usr/bin/env bash
# Operations as data: the document follows the kinds, has pages for people, and every exchange can be logged without secrets.
. "$(dirname "$0")/lib.sh"
district
echo "long enough a word" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
server_start --log-exchanges "$T/log"
WHO="chen:long enough a word"
curl -s "$URL/v1/openapi.json" >"$T/document"
d() { jq -r "$1" "$T/document"; }
is "it is OpenAPI" 3.1.0 "$(d .openapi)"
is "a kind has its paths" "listSubjects createSubject getSubject changeSubject getSubjectHistory" \
	"$(d '.paths | [."/v1/subjects".get, ."/v1/subjects".post, ."/v1/subjects/{id}".get, ."/v1/subjects/{id}".patch, ."/v1/subjects/{id}/history".get] | map(.operationId) | join(" ")')"
is "no operation id is there twice" 0 "$(d '[.paths[][]? | objects | .operationId // empty] | group_by(.) | map(select(length > 1)) | length')"
is "what only the server writes is not written" "get" "$(d '.paths."/v1/ratings" | keys | map(select(. != "parameters")) | join(" ")')"
is "the page for people is one" "200 text/html" "$(curl -s -o "$T/page" -w '%{http_code} %{content_type}' "$URL/v1/docs" | cut -d';' -f1)"
is "that loads nothing" 0 "$(grep -ciE '(src|href)="(https?:)?//' "$T/page" || true)"
answers 404 "/problems/not_found" GET /v1/nothing
# what goes wrong has a page, one title a type, and stands in the document
is "the document is asked for once" "304 304" "$(for p in openapi.json docs; do
	tag=$(curl -sI "$URL/v1/$p" | sed -n 's/^ETag: \(.*\)\r$/\1/p'); curl -s -o /dev/null -w '%{http_code} ' -H "If-None-Match: $tag" "$URL/v1/$p"; done | sed 's/ $//')"
answers 400 '"/problems/invalid_request","title":"The request does not fit the document"' GET "/v1/subjects?colour=red"
is "its type is one of those that are told" true "$(d '.components.schemas.Problem.properties.type.enum | index("/problems/invalid_request") != null')"
answers 200 "a pointer and a sentence" GET /problems/invalid_request
answers 404 "no problem 'nonsense'" GET /problems/nonsense
answers 403 '"title":"Not allowed"' GET /v1/accounts
is "the page for people has them all" "$(d '."x-hufu".problems | length')" "$(grep -c 'id="problem-' "$T/page")"
is "an operation tells how it is refused" "400 401 403 404 409 413 415 422 428 429" "$(d '.paths."/v1/subjects".post.responses | keys | map(select(startswith("4"))) | join(" ")')"
answers 200 '"chen"' GET /v1/me
WHO="chen:a wrong word" answers 401 unauthorized GET /v1/me
hufud account set-password admin --password-file "$T/pw" >/dev/null
WHO="admin:long enough a word"
answers 201 '"id"' POST /v1/items -H 'Content-Type: application/json' -H 'Idempotency-Key: 12345678' -d '{"code":"X1","name":"new","id":"x1"}'
answers 200 '"x1"' GET /v1/items/x1
answers 200 items GET /v1/agencies
answers 201 token POST /v1/tokens -H 'Content-Type: application/json' -H 'Idempotency-Key: 22345678' -d '{"label":"one"}'
secret=$(jq -r .token "$T/body")
is "the token is told" 200 "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $secret" "$URL/v1/me")"
server_stop
is "every exchange is a line" "$(wc -l <"$T/log")" "$(jq -c .id "$T/log" | sort -u | wc -l)"
is "without a password" 0 "$(grep -c "long enough" "$T/log" || true)"
is "without a token" 0 "$(grep -cF "$secret" "$T/log" || true)"
is "with how they proved themselves" "password token" "$(jq -r '.request.by // empty' "$T/log" | sort -u | tr '\n' ' ' | sed 's/ $//')"
is "and the document beside it" 1 "$(jq -r .document "$T/log" | sort -u | while read -r h; do ls "$T/log.$h.json"; done | wc -l)"
passed

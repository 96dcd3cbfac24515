#!/usr/bin/env bash
# Conventions, third part: what is unchanged is not sent again, changes name what made them, pages lead on.
. "$(dirname "$0")/lib.sh"
J='Content-Type: application/json'
key() { echo "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)"; }
echo password-x >"$T/password"
hufud init >/dev/null
for a in chen:coordinator gu:inspector song:auditor; do
	hufud account add "${a%:*}" --role "${a#*:}" --scope "$([ "${a#*:}" = auditor ] && echo '*' || echo $S)" --password-file "$T/password" >/dev/null
done
hufud account set-password admin --password-file "$T/password" >/dev/null
printf 'id,name,state\ns1,one,in_business\ns2,two,in_business\n' >"$T/s.csv"
hufud import subject "$T/s.csv" --scope $S >/dev/null
printf 'id,name,state\ngu,Gu,active\no2,Two,active\n' >"$T/o.csv"
hufud import officer "$T/o.csv" --scope $S >/dev/null
printf 'id,subject,visited_on,state\nv1,s1,2026-01-05,recorded\n' >"$T/v.csv"
hufud import visit "$T/v.csv" --scope $S >/dev/null
server_start --limit-factor 0
as() { WHO=$1:password-x; }
# etag PATH: of what stands there
etag() { curl -s -o /dev/null -D - -u "$WHO" "$URL$1" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p'; }

# -- what one has is not sent again, and the document says so
as song
for path in /v1/openapi.json /v1/docs /problems/denied /v1/accounts/chen /v1/subjects/s1 "/v1/subjects?scope=$S"; do
	is "$path is not sent again" 304 "$(curl -s -o /dev/null -w '%{http_code}' -u "$WHO" -H "If-None-Match: $(etag "$path")" "$URL$path")"
done
answers 200 'Not allowed' GET /problems/denied
api GET /v1/openapi.json >/dev/null
is "every list has a Link to its next page, and what has an ETag a 304" "[]" "$(python3 - "$T/body" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
def at(p):
    while "$ref" in p:
        v = d
        for w in p["$ref"][2:].split("/"): v = v[w]
        p = v
    return p
bad = []
for item in d["paths"].values():
    for op in [item[m] for m in ("get",) if m in item]:
        head = at(op["responses"].get("200", {})).get("headers", {})
        names = {at(p).get("name") for p in [*op.get("parameters", []), *item.get("parameters", [])]}
        if ("cursor" in names and "Link" not in head) or ("ETag" in head and "304" not in op["responses"]):
            bad.append(op["operationId"])
print(bad)
P
)"

# -- what was done is told by its name
as chen
answers 201 '"r1"' POST "/v1/rectifications?scope=$S" -H "$J" -H "$(key)" -d '{"id":"r1","visit":"v1","subject":"s1","content":"clean the filter","state":"issued","term_days":10}'
answers 200 served POST "/v1/rectifications/r1/serve?scope=$S" -H "$J" -H 'If-Match: *' -d '{"served_on":"2026-01-12"}'
answers 200 proof_in POST "/v1/rectifications/r1/prove?scope=$S" -H "$J" -H 'If-Match: *' -d '{"proof":["photo"]}'
answers 409 wrong_state POST "/v1/rectifications/r1/close?scope=$S" -H 'If-Match: *' -d ''
hufud set rectification r1 state=rechecked rechecked_on=2026-01-20 --scope $S --as gu >/dev/null
answers 200 closed POST "/v1/rectifications/r1/close?scope=$S" -H 'If-Match: *' -d ''
api GET "/v1/changes?scope=$S&kinds=rectification" >/dev/null
is "a change names the operation that made it" "create_rectification serve_rectification prove_rectification set close_rectification" \
	"$(jq -r '[.items[].operation] | join(" ")' "$T/body")"
api GET "/v1/rectifications/r1/history?scope=$S" >/dev/null
is "and so does its history" "create_rectification serve_rectification prove_rectification set close_rectification" \
	"$(jq -r '[.items[].operation] | join(" ")' "$T/body")"

# -- a cursor is of one list, fields are what a record has, a reason is more than blanks
cursor() { api GET "$1" >/dev/null; jq -r '.next // "none"' "$T/body"; }
C=$(cursor "/v1/subjects?scope=$S&limit=1")
answers 200 '"s2"' GET "/v1/subjects?scope=$S&limit=1&cursor=$C"
for path in "/v1/officers?scope=$S" "/v1/assignments?scope=$S" "/v1/deadlines?scope=$S" "/v1/quarantine?scope=$S" \
	"/v1/subjects/s1/history?scope=$S" /v1/scopes "/v1/search?q=one"; do
	answers 400 'next of an earlier page' GET "$path${path:+$([[ $path == *\?* ]] && echo '&' || echo '?')}cursor=$C"
done
for c in c1.s1 c2. x "$C/x"; do
	answers 400 'next of an earlier page' GET "/v1/subjects?scope=$S&cursor=$c"
done
answers 200 '"s1"' GET "/v1/subjects?scope=$S&fields=id,scope,town,etag"
answers 400 "names 'ident', and this kind has no such field" GET "/v1/subjects?scope=$S&fields=ident"
answers 201 '"a1"' POST "/v1/assignments?scope=$S" -H "$J" -H "$(key)" -d '{"id":"a1","subject":"s1","officers":["gu","o2"],"due":"2099-01-01","state":"issued"}'
answers 400 '/reason' POST "/v1/assignments/a1/cancel?scope=$S" -H "$J" -H 'If-Match: *' -d '{"reason":"  \t"}'
answers 200 cancelled POST "/v1/assignments/a1/cancel?scope=$S" -H "$J" -H 'If-Match: *' -d '{"reason":" x "}'
answers 415 'UTF-8' POST "/v1/subjects?scope=$S" -H 'Content-Type: application/json; charset=gbk' -H "$(key)" -d '{"name":"x"}'
answers 201 '"name"' POST "/v1/subjects?scope=$S" -H 'Content-Type: application/json; charset="UTF-8"' -H "$(key)" -d '{"name":"x"}'
passed

#!/usr/bin/env bash
# Conventions: cursors, filters, sparse fields, ETag, If-Match, Idempotency-Key, problems, gzip, as-of, dates.
. "$(dirname "$0")/lib.sh"
district
echo "long enough a word" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add ma --role analyst --scope $S --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
WHO="chen:long enough a word"
at() { jq -r "$1" "$T/body"; }
head_of() { curl -s -o "$T/body" -D - -u "$WHO" "$URL$1" "${@:2}" | tr -d '\r'; }

answers 200 items GET "/v1/subjects?limit=4"
is "a page has so many" "s1 s2 s3 s4" "$(at '[.items[].id] | join(" ")')"
next=$(at .next)
is "its Link leads on" "</v1/subjects?limit=4&cursor=$next>; rel=\"next\"" "$(head_of "/v1/subjects?limit=4" | sed -n 's/^Link: //p')"
answers 200 items GET "/v1/subjects?limit=8&cursor=$next"
is "the rest follows" "s5 s6 s7 s8 s9" "$(at '[.items[].id] | join(" ")')"
is "and then there is no more" null "$(at .next)"
answers 400 cursor GET "/v1/subjects?cursor=nonsense"
answers 200 items GET "/v1/subjects?name=subject%203,subject%207"
is "a filter takes one of several values" "s3 s7" "$(at '[.items[].id] | join(" ")')"
hufud set subject s9 name='road 1, gate 2' --scope $S >/dev/null
answers 200 items GET "/v1/subjects?name=road%201,,%20gate%202,subject%203"
is "two commas are one of the value" "s3 s9" "$(at '[.items[].id] | join(" ")')"
answers 200 items GET "/v1/subjects?name=subject%203,road%201%2C%2C%20gate%202"
is "encoded or not" "s3 s9" "$(at '[.items[].id] | join(" ")')"
answers 200 items GET "/v1/subjects?name=road%201,%20gate%202"
is "one divides two values" "" "$(at '[.items[].id] | join(" ")')"
hufud set subject s9 name='subject 9' --scope $S >/dev/null
while read -r query why; do
	answers 400 "$why" GET "/v1/subjects?$query"
	is "the problem names the field" "${query%%=*}" "$(at '.errors[0].pointer')"
done <<'Q'
state=open is none of
latitude.from=north is no
latitude=30.1 is no whole number
Q
answers 200 items GET "/v1/subjects?town=002&fields=name&limit=1"
is "only what is asked for" "etag id name scope town" "$(at '.items[0] | keys | join(" ")')"
answers 400 "no parameter of this operation" GET "/v1/subjects?colour=red"
is "a problem names its place" "colour is no parameter of this operation" "$(at '.errors[0] | "\(.pointer) \(.detail)"')"
is "a problem has its type" "/problems/invalid_request 400" "$(at '"\(.type) \(.status)"')"

tag=$(head_of /v1/subjects/s1 | sed -n 's/^ETag: //p')
is "what did not change is not sent again" 304 "$(curl -s -o /dev/null -w '%{http_code}' -u "$WHO" -H "If-None-Match: $tag" "$URL/v1/subjects/s1")"
is "a large reply is sent small" gzip "$(head_of /v1/subjects -H 'Accept-Encoding: gzip' | sed -n 's/^Content-Encoding: //p')"
patch=(-H 'Content-Type: application/merge-patch+json' -d '{"address":"road 100"}')
answers 428 If-Match PATCH /v1/subjects/s1 "${patch[@]}"
position=$(head_of /v1/subjects >/dev/null; at .position)
answers 200 "road 100" PATCH /v1/subjects/s1 -H "If-Match: $tag" "${patch[@]}"
answers 412 "not what you have seen" PATCH /v1/subjects/s1 -H "If-Match: $tag" "${patch[@]}"
answers 200 "road 1" GET "/v1/subjects/s1?as-of=$position"
is "as it stood before" "road 1" "$(at .address)"
answers 200 "road 1" GET "/v1/subjects?as-of=$position&limit=3"
is "a list as well, by pages" "s1 road 1 $position 3" "$(at '"\(.items[0].id) \(.items[0].address) \(.position) \(.items | length)"')"
answers 200 '"s4"' GET "/v1/subjects?as-of=$position&limit=3&cursor=$(at .next)"
answers 200 '"items":\[\]' GET "/v1/subjects?as-of=0"
for p in subjects subjects/s1 exports/subject; do answers 400 "is yet to come" GET "/v1/$p?as-of=2999-01-01"; done
answers 415 merge-patch PATCH /v1/subjects/s1 -H "If-Match: $tag" -H 'Content-Type: text/plain' -d '{}'

make=(-H 'Content-Type: application/json' -H 'Idempotency-Key: 5f3c0a72-once')
answers 428 Idempotency-Key POST /v1/visits "${make[@]:0:2}" -d '{"subject":"s2"}'
answers 201 '"id"' POST /v1/visits "${make[@]}" -d '{"subject":"s2","started_at":"2026-09-01T16:30:00+08:00"}'
cp "$T/body" "$T/first"
is "times are UTC at the border" 2026-09-01T08:30:00.000Z "$(at .started_at)"
is "and integers inside" 1788251400000 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT started_at FROM visit WHERE id='$(at .id)'")"
answers 201 '"id"' POST /v1/visits "${make[@]}" -d '{"subject":"s2","started_at":"2026-09-01T16:30:00+08:00"}'
holds "the same key gives the same reply" cmp "$T/first" "$T/body"
is "and makes nothing" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM visit")"
visit=$(at .id)
answers 200 '"2026-09-01T08:30:00.000Z"' GET "/v1/visits/$visit/history"
is "in its history too" "null 2026-09-01T08:30:00.000Z" "$(at '.items[0].changes[] | select(.field == "started_at") | "\(.before) \(.after)"')"
printf 'id,subject,visited_on,state\nold1,s2,2026-08-01,recorded\n' >"$T/visits.csv"
hufud import visit "$T/visits.csv" --scope $S >/dev/null
hufud set amendment am1 --new visit=old1 reason=late changes='{"started_at":1788251400001,"summary":"x"}' --scope $S >/dev/null
answers 200 '"started_at":"2026-09-01T08:30:00.001Z"' GET "/v1/amendments/am1"
answers 200 '"started_at":"2026-09-01T08:30:00.001Z"' GET "/v1/amendments/am1/history"
answers 201 '"started_at":"2026-09-01T08:30:00.002Z"' POST /v1/amendments -H 'Content-Type: application/json' -H 'Idempotency-Key: 5f3c0a72-amend' \
	-d '{"visit":"old1","reason":"later still","changes":{"started_at":"2026-09-01T16:30:00.002+08:00"}}'
is "and an integer inside" 1788251400002 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT json_extract(changes,'\$.started_at') FROM amendment WHERE id='$(at .id)'")"
answers 422 "another request" POST /v1/visits "${make[@]}" -d '{"subject":"s3"}'
WHO="ma:long enough a word"
answers 403 "this is for" POST /v1/visits -H 'Content-Type: application/json' -H 'Idempotency-Key: 5f3c0a72-twice' -d '{"subject":"s3"}'
id_of() { head_of "$@" | sed -n 's/^Request-Id: //p'; }
request=$(id_of /v1/visits -X POST -H 'Content-Type: application/json' -H 'Idempotency-Key: 5f3c0a72-third' -d '{"subject":"s3"}')
is "a reply names its request, as the problem does" "$request" "$(at .request)"
is "and the audit log" "ma refused" "$(hufud audit list --operation createVisit --format json | jq -r --arg r "$request" 'select(.request_id == $r) | "\(.who) \(.outcome)"')"
is "what succeeds has one too" 20 "$(id_of /v1/subjects/s1 | tr -d '\n' | wc -c)"
is "and what has no operation" 20 "$(id_of /nowhere | tr -d '\n' | wc -c)"

# -- the past costs no more than today, but for filters
server_stop
server_start
for i in $(seq 15); do api GET "/v1/subjects?as-of=$position" >/dev/null; done
is "it costs no more than another" 200 "$(cat "$T/status")"
answers 200 "road 1" GET "/v1/subjects?as-of=$position&name=subject%201"
for i in $(seq 12); do api GET "/v1/subjects?as-of=$position&name=subject%201" >/dev/null; done
is "with a filter only some are let through" 429 "$(cat "$T/status")"
passed

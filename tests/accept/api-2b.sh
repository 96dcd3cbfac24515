#!/usr/bin/env bash
# Conventions, the fine print: filters that name what there is, sparse fields everywhere, history by pages, 405, what is read only.
. "$(dirname "$0")/lib.sh"
district
echo "long enough a word" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add song --role auditor --scope '*' --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
CHEN="chen:long enough a word" SONG="song:long enough a word"
WHO=$CHEN
at() { jq -r "$1" "$T/body"; }
head_of() { curl -s -o "$T/body" -D - -u "$WHO" "$URL$1" "${@:2}" | tr -d '\r'; }
allow_of() { head_of "$2" -X "$1" -H 'Content-Type: application/json' -d '{}' | sed -n 's/^Allow: //p'; }

# -- a filter that can find nothing is a typing error, and is told so
answers 400 "state is none of draft, issued, accepted" GET "/v1/assignments?state=zzz"
is "it names its place" "state" "$(at '.errors[0].pointer')"
answers 400 "state is none of" GET "/v1/assignments?state=issued,zzz"
answers 200 '"a1"' GET "/v1/assignments?state=issued,accepted"
answers 400 "due is no date such as" GET "/v1/assignments?due=2026-13-01"
answers 400 "due.from is no date" GET "/v1/assignments?due.from=soon"
answers 400 "subject is no id" GET "/v1/assignments?subject=S1"
answers 200 '"a1"' GET "/v1/assignments?subject=s1&due=2026-12-31"
answers 400 "started_at is no time such as" GET "/v1/visits?started_at=2026-09-01"
answers 200 '"items":\[\]' GET "/v1/visits?started_at=2026-09-01T08:00:00Z"
answers 400 "settles is none of true, false" GET "/v1/answers?settles=yes"
answers 200 '"items":\[\]' GET "/v1/visits?summary=zzz"
answers 400 "state is none of" GET "/v1/assignments?state=zzz&as-of=1"
is "--about names them" 1 "$(hufud call listAssignments --about | grep -c 'state .*: one or more of draft, issued')"

# -- only some fields
answers 200 '"complete"' GET "/v1/search?q=subject%203&fields=name"
is "of what is found" "etag id name scope town" "$(at '.items[0].record | keys | join(" ")')"
answers 200 '"complete"' GET "/v1/search?q=subject%203"
is "without that, what was searched" "address etag id name scope state town" "$(at '.items[0].record | keys | join(" ")')"
answers 400 "fields names a field that no kind that is asked for has" GET "/v1/search?q=x&fields=colour"
answers 400 "no kind that is asked for has" GET "/v1/search?q=x&kinds=subject&fields=cert_no"
answers 200 '"more"' GET "/v1/changes?kinds=subject&include=record&fields=name&limit=1"
is "of what changed" "etag id name scope town" "$(at '.items[0].record | keys | join(" ")')"
answers 400 "goes with include=record" GET "/v1/changes?fields=name"
answers 400 "no kind that is asked for has" GET "/v1/changes?include=record&kinds=subject&fields=due"
WHO=$SONG
answers 200 '"items"' GET "/v1/audit?fields=operation,outcome&limit=2"
is "of the audit log" "operation outcome seq" "$(at '.items[0] | keys | join(" ")')"
next=$(at .next) last=$(at '.items[1].seq')
answers 200 '"items"' GET "/v1/audit?fields=who&limit=1&cursor=$next"
is "and it goes on behind them" "$((last + 1))" "$(at '.items[0].seq')"
answers 400 "names a member that these items do not have" GET "/v1/audit?fields=colour"
answers 400 "names a member that these items do not have" GET "/v1/accounts?fields=colour"
WHO=$CHEN
answers 400 "names a member" GET "/v1/quarantine?fields=colour"
answers 400 "names a member" GET "/v1/deadlines?fields=colour"

# -- the history of a record, a page at a time
for i in 1 2 3 4 5 6; do hufud set subject s1 address="road 1$i" --scope $S >/dev/null; done
answers 200 '"items"' GET "/v1/subjects/s1/history"
jq -c '.items[]' "$T/body" >"$T/whole"
is "all of it is seven versions" 7 "$(wc -l <"$T/whole")"
is "and nothing comes after" null "$(at .next)"
: >"$T/pages"; cursor= pages=0
while :; do
	is "its Link leads on" "$pages" "$pages"
	head_of "/v1/subjects/s1/history?limit=3${cursor:+&cursor=$cursor}" >"$T/head"
	jq -c '.items[]' "$T/body" >>"$T/pages"
	pages=$((pages + 1)) cursor=$(at '.next // ""')
	[ -n "$cursor" ] || break
	is "the Link has the same cursor" "</v1/subjects/s1/history?limit=3&cursor=$cursor>; rel=\"next\"" "$(sed -n 's/^Link: //p' "$T/head")"
	# what is written meanwhile stands behind
	[ $pages -ne 1 ] || hufud set subject s1 address="road 99" --scope $S >/dev/null
done
is "in three pages" 3 "$pages"
holds "the pages are the whole" diff "$T/whole" <(head -7 "$T/pages")
is "and what was written meanwhile" '"road 99"' "$(tail -1 "$T/pages" | jq -c '.changes[0].after')"
answers 400 "cursor is not the next" GET "/v1/subjects/s1/history?cursor=nonsense"
answers 400 "cursor is not the next" GET "/v1/subjects/s1/history?cursor=c1.x"
answers 200 '"items":\[\]' GET "/v1/subjects/s1/history?cursor=c1.999"
answers 404 "in your scopes" GET "/v1/subjects/none/history?cursor=c1.999"

# -- 405 names what this path has, not what other kinds have
is "records that people write" "GET, HEAD, POST" "$(allow_of DELETE /v1/subjects)"
is "those that only the server writes" "GET, HEAD" "$(allow_of DELETE /v1/ratings)"
is "nor are these made by a POST" "GET, HEAD" "$(allow_of POST /v1/ratings)"
answers 405 "'/v1/ratings' is served with GET, HEAD" POST /v1/ratings -H 'Content-Type: application/json' -d '{}'
is "one of them" "GET, HEAD" "$(allow_of PATCH /v1/ratings/r1)"
is "one that is changed" "GET, HEAD, PATCH" "$(allow_of PUT /v1/subjects/s1)"
is "what is no kind" "GET, HEAD" "$(allow_of POST /v1/me)"
is "a deed" "POST" "$(allow_of PUT /v1/assignments/a1/cancel)"
is "the session" "POST, DELETE" "$(allow_of PUT /v1/session)"
answers 404 "there is no" POST /v1/nothing -H 'Content-Type: application/json' -d '{}'
answers 404 "there is no" DELETE /v1/nothing/x

# -- what nobody writes over the API is read only, and no example offers it
curl -s "$URL/v1/openapi.json" >"$T/openapi"
of() { jq -r ".components.schemas.$1" "$T/openapi"; }
is "the flags of a visit are the server's" "true true true" \
	"$(for s in Visit VisitNew VisitPatch; do of "$s.properties.flags.readOnly"; done | paste -sd' ')"
is "who asked and who decided, too" "true true" "$(of RecusalNew.properties.asked_by.readOnly) $(of Recusal.properties.decided_by.readOnly)"
is "all of a rating" true "$(of 'Rating.properties | [to_entries[] | select(.key | IN("id", "scope", "town", "etag") | not) | .value.readOnly] | all')"
is "what is written is not" "null null" "$(of VisitNew.properties.summary.readOnly) $(of SubjectNew.properties.name.readOnly)"
is "no example has such a field" 0 "$(jq '[.components.schemas | to_entries[] | .value as $s | ($s.examples // [])[] | keys[]
	| select($s.properties[.].readOnly == true)] | length' "$T/openapi")"
is "nor does --about offer it" "0 1" "$(hufud call createVisit --about | grep -c '^  flags ' || true) $(hufud call createVisit --about | grep -c '^  summary ')"
answers 400 "/flags is set by the server" POST /v1/visits -H 'Content-Type: application/json' -H 'Idempotency-Key: read-only-1' \
	-d '{"subject":"s1","flags":["irregular"]}'
passed

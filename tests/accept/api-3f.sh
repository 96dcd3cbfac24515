#!/usr/bin/env bash
# What takes minutes is a job: asked for, told of, the same for who asks the same, and written down.
. "$(dirname "$0")/lib.sh"
district
echo password-x >"$T/password"
for a in zhao:analyst wu:analyst song:auditor; do
	hufud account add "${a%%:*}" --role "${a##*:}" --scope $S --password-file "$T/password" >/dev/null
done
hufud account add far --role analyst --scope 330108 --password-file "$T/password" >/dev/null
server_start --limit-factor 0
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
# rate ACCOUNT KEY BODY [HEADER]: status, and where to
rate() {
	WHO=$1:password-x; api POST "/v1/ratings/run?scope=$S" -H "Idempotency-Key: $2" -H 'Content-Type: application/json' -d "$3" -D "$T/head" ${4:+-H "$4"} >/dev/null
	LOCATION=$(sed -n 's/^Location: \([^\r]*\)\r*$/\1/Ip' "$T/head"); cat "$T/status"; }
job() { WHO=$1:password-x; api GET "$2" >/dev/null; jq -r "if .state then [.state, .operation, .account, .result.written, .problem.type] | map(tostring) | join(\" \") else .type end" "$T/body"; }
# over LOCATION: until the job has ended
over() { while job zhao "$1" | grep -q ^running; do sleep 0.1; done; }

is "who waits has the result, as of any other operation" 200 "$(rate zhao first-key-1 '{"as_of":"2026-01-01","dry_run":true}')"
is "which is what would be written" 9 "$(jq .written "$T/body")"
rate zhao first-key-2 '{"as_of":"2026-01-01"}' 'Prefer: respond-async' >"$T/first"
is "who does not want to wait is told where it stands" "202 $LOCATION" "$(cat "$T/first") /v1/jobs/$(jq -r .id "$T/body")"
is "and when to look again" 1 "$(grep -ic '^retry-after: [0-9]' "$T/head")"
FIRST=$LOCATION
over "$FIRST"
is "there the result is, when it is done" "done runRatings zhao 9 null" "$(job zhao "$FIRST")"
is "it was done" 9 "$(office "SELECT count(*) FROM rating")"
is "the same key is the same job, however it is waited for" "200 9" "$(rate zhao first-key-2 '{"as_of":"2026-01-01"}') $(jq .written "$T/body")"
is "another request with the key is refused" "422 /problems/idempotency_key_reused" "$(rate zhao first-key-2 '{"as_of":"2026-02-01"}') $(jq -r .type "$T/body")"
is "another key does it anew, and there is nothing to do" "200 0" "$(rate zhao first-key-3 '{"as_of":"2026-01-01"}') $(jq .written "$T/body")"
is "without a key it is not begun" 428 "$(WHO=zhao:password-x; api POST "/v1/ratings/run?scope=$S" -H 'Content-Type: application/json' -d '{}' >/dev/null; cat "$T/status")"

for who in wu song far; do
	is "to $who the job is not there" /problems/not_found "$(job $who "$FIRST")"
done
is "nor to who says nothing" 401 "$(WHO=; api GET "$FIRST" >/dev/null; cat "$T/status")"
is "what is none is not found" /problems/not_found "$(job zhao /v1/jobs/00000000000000000000000000000000)"
is "what cannot be one is a wrong request" /problems/invalid_request "$(job zhao /v1/jobs/x)"

is "what fails at once is a problem" "404 no scheme 'other'" "$(rate zhao first-key-4 '{"scheme":"other"}') $(jq -r .detail "$T/body" | grep -o "no scheme 'other'")"
rate zhao first-key-5 '{"scheme":"other"}' 'Prefer: respond-async' >"$T/first"
is "as it is later" 202 "$(cat "$T/first")"
over "$LOCATION"
is "where the job stands" "failed runRatings zhao null /problems/not_found" "$(job zhao "$LOCATION")"
is "and the key does it anew" 404 "$(rate zhao first-key-5 '{"scheme":"other"}')"

WHO=song:password-x
answers 200 '"differing":0' GET "/v1/ratings-check?scope=$S"
answers 202 '"state":' GET "/v1/ratings-check?scope=$S" -H 'Prefer: respond-async'
CHECK=/v1/jobs/$(jq -r .id "$T/body")
while job song "$CHECK" | grep -q ^running; do sleep 0.1; done
is "a check is a job, too" "done 9" "$(jq -r '"\(.state) \(.result.checked)"' "$T/body")"
is "each was told of in the log, by who asked" "runRatings:zhao:ok checkRatings:song:ok" \
	"$(hufud audit list --format json | jq -rs '[.[] | select(.operation | test("^(run|check)Ratings$")) | select(.outcome == "ok") | "\(.operation):\(.who):\(.outcome)"] | unique | reverse | join(" ")')"

# A job that the server ended with, as one that was killed leaves it.
kill "$SERVER"; wait "$SERVER" || true
office "UPDATE hufu_job SET state='running', ended_at=NULL, result=NULL WHERE id='${FIRST##*/}'"
server_start --limit-factor 0
is "is interrupted" "interrupted runRatings zhao null null" "$(job zhao "$FIRST")"
is "in the folder, too" interrupted "$(office "SELECT state FROM hufu_job WHERE id='${FIRST##*/}'")"
is "and its key begins it anew" "200 0" "$(rate zhao first-key-2 '{"as_of":"2026-01-01"}') $(jq .written "$T/body")"
hufud check >"$T/out" 2>&1 || { cat "$T/out" >&2; false; }
passed

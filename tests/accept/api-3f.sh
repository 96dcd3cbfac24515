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
hufud account set-scopes zhao --scope 330108 >/dev/null
is "nor to who has no rights there any more" /problems/not_found "$(job zhao "$FIRST")"
hufud account set-scopes zhao --scope $S >/dev/null
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
office "UPDATE hufu_job SET state='running', ended_at=NULL, result=NULL, code=NULL, status=NULL WHERE id='${FIRST##*/}'"
server_start --limit-factor 0
is "is interrupted" "interrupted runRatings zhao null null" "$(job zhao "$FIRST")"
is "in the folder, too" interrupted "$(office "SELECT state FROM hufu_job WHERE id='${FIRST##*/}'")"
is "and its key begins it anew" "200 0" "$(rate zhao first-key-2 '{"as_of":"2026-01-01"}') $(jq .written "$T/body")"
# While one is under way in a scope, who asks the same joins it, and who asks it otherwise waits.
{ echo id,name,town,state; for i in $(seq 2000); do echo "t$i,subject $i,001,in_business"; done; } >"$T/many.csv"
hufud import subject "$T/many.csv" --scope $S >/dev/null
# both BODY BODY: two requests on one connection, the second at once behind the first; both statuses
both() {
	curl -s -o "$T/body" -w '%{http_code} ' -u zhao:password-x -X POST "$URL/v1/ratings/run?scope=$S" -H "Idempotency-Key: both-$i-1" -H 'Content-Type: application/json' -H 'Prefer: respond-async' -d "$1" \
		--next -s -D "$T/head" -o "$T/second" -w '%{http_code}' -u wu:password-x -X POST "$URL/v1/ratings/run?scope=$S" -H "Idempotency-Key: both-$i-2" -H 'Content-Type: application/json' -H 'Prefer: respond-async' -d "$2"
	over "/v1/jobs/$(jq -r .id "$T/body")"
}
# (a job may be over before the second comes: then it is asked again)
for i in $(seq 30); do
	got=$(both '{"as_of":"2026-02-01","dry_run":true}' '{"as_of":"2026-02-02","dry_run":true}')
	[ "$got" != "202 503" ] || break
done
is "another request is told to come back" "202 503" "$got"
is "with a sentence, and when" "/problems/busy 1" "$(jq -r .type "$T/second") $(grep -ic '^retry-after: [0-9]' "$T/head")"
is "that names the scope" "the same is being done in scope '$S', asked for otherwise: try again when it is over" "$(jq -r .detail "$T/second")"
is "and is let in when it is over" 200 "$(rate wu late-key-1 '{"as_of":"2026-02-02","dry_run":true}')"

server_stop
hufud check >"$T/out" 2>&1 || { cat "$T/out" >&2; false; }
# The check holds what stands of jobs to its form.
FOUND=$HUFU_DATA
broken() { # broken "what it says" SQL: in a copy of the folder
	rm -rf "$T/copy"; cp -r "$FOUND" "$T/copy"
	sqlite3 "$T/copy/hufu.db" "UPDATE hufu_job SET $2 WHERE id='${FIRST##*/}'"
	fails 1 "job .*: $1" hufud check --data "$T/copy"
}
broken "its state is none" "state='over'"
broken "there is no such account" "account='nobody'"
broken "its request is no hash" "request=x'00'"
broken "its end is no time, or before it began" "ended_at=begun_at-1"
broken "its end is no time, or before it began" "state='running'"
broken "it has an answer just where it is done" "state='done',result=NULL"
broken "its answer is no JSON" "state='done',result='{'"
broken "it does not say what it was refused with" "state='failed',result=NULL,code=NULL"
broken "what it was refused with is no problem" "state='failed',result=NULL,code=99,detail='x'"
broken "its operation or scope is none" "scope='../x'"
passed

#!/usr/bin/env bash
# coordinator.sh - make an assignment, change its deadline, call it off.
# usage: HUFU_URL=https://... HUFU_TOKEN=... coordinator.sh SCOPE SUBJECT OFFICER OFFICER DUE LATER
# For a coordinator. The key of what is being made is kept in the file HUFU_WORK until all is done: run it again
# when the line was cut, and nothing is made twice.
set -euo pipefail
scope=$1 subject=$2 later=$6 work=${HUFU_WORK:-coordinator.key}
[ -s "$work" ] || cat /proc/sys/kernel/random/uuid >"$work"
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" -X "$1" "$HUFU_URL$2" "${@:3}"; }

# The same key again gives the same reply and makes nothing.
made=$(ask POST "/v1/assignments?scope=$scope" -H "Idempotency-Key: $(cat "$work")" \
	-H 'Content-Type: application/json' \
	-d "$(jq -n --arg s "$subject" --arg a "$3" --arg b "$4" --arg d "$5" \
		'{subject: $s, officers: [$a, $b], due: $d, state: "issued"}')")
id=$(jq -r .id <<<"$made")

# A change says which version was seen; 412 when somebody was faster: read it again.
changed=$(ask PATCH "/v1/assignments/$id" -H "If-Match: \"$(jq -r .etag <<<"$made")\"" \
	-H 'Content-Type: application/merge-patch+json' -d "{\"due\": \"$later\"}")

ask POST "/v1/assignments/$id/cancel" -H "If-Match: \"$(jq -r .etag <<<"$changed")\"" \
	-H 'Content-Type: application/json' -d '{"reason": "the shop has closed"}' |
	jq -r '"\(.id) \(.state) due \(.due)"'
rm "$work"

#!/usr/bin/env bash
# orders.sh - an order to correct is served, proved, and what is overdue in its scope.
# usage: HUFU_URL=https://... HUFU_TOKEN=... orders.sh SCOPE ORDER SERVED_ON PROOF
# For an inspector or a coordinator.
set -euo pipefail
scope=$1 order=$2
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" -X "$1" "$HUFU_URL$2" "${@:3}"; }
# deed NAME BODY: with the version that was seen; 412 when somebody was faster
deed() {
	ask POST "/v1/rectifications/$order/$1?scope=$scope" -H 'Content-Type: application/json' -d "$2" \
		-H "If-Match: \"$(ask GET "/v1/rectifications/$order?scope=$scope&fields=state" | jq -r .etag)\"" |
		jq -r '"\(.id) \(.state)"'
}
deed serve "$(jq -n --arg d "$3" '{served_on: $d}')"
deed prove "$(jq -n --arg p "$4" '{proof: [$p]}')"
query="/v1/deadlines?scope=$scope&overdue=true" cursor=
while page=$(ask GET "$query$cursor"); do
	jq -r '.items[] | "overdue \(.id) since \(.deadline)"' <<<"$page"
	cursor=$(jq -r '.next // empty | "&cursor=" + .' <<<"$page")
	[ -n "$cursor" ] || break
done

#!/usr/bin/env bash
# inspector.sh - which assignments are mine and due by a day?
# usage: HUFU_URL=https://... HUFU_TOKEN=... inspector.sh SCOPE OFFICER DAY
set -euo pipefail
cursor=()
while page=$(curl -sS --fail-with-body -G -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL/v1/assignments" \
	-d "scope=$1" -d "officers=$2" -d "due.to=$3" -d "state=issued,accepted,in_progress" \
	-d "fields=subject,due,state" "${cursor[@]}"); do
	jq -r '.items[] | "\(.id) \(.subject) \(.state) due \(.due)"' <<<"$page"
	# A page may be empty and not be the last.
	next=$(jq -r '.next // empty' <<<"$page")
	[ -n "$next" ] || exit 0
	cursor=(-d "cursor=$next")
done
echo "$page" >&2
exit 1

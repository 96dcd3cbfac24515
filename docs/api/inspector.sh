#!/usr/bin/env bash
# inspector.sh - which assignments are mine and due by a day?
# usage: HUFU_URL=https://... HUFU_TOKEN=... inspector.sh SCOPE OFFICER DAY
set -euo pipefail
curl -sS --fail-with-body -G -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL/v1/assignments" \
	-d "scope=$1" -d "officers=$2" -d "due.to=$3" -d "state=issued,accepted,in_progress" \
	-d "fields=subject,due,state" |
	jq -r '.items[] | "\(.id) \(.subject) \(.state) due \(.due)"'

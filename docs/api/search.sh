#!/usr/bin/env bash
# search.sh - what has these fragments of a name, a code or an address?
# usage: HUFU_URL=https://... HUFU_TOKEN=... search.sh SCOPE WORD...
# For everybody with an account; several words must all be there.
set -euo pipefail
scope=$1
shift
curl -sS --fail-with-body -G -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL/v1/search" \
	-d "scope=$scope" --data-urlencode "q=$*" |
	jq -r 'if .detail then .detail else .items[] | "\(.kind) \(.record.id) \(.record.name // "")" end'

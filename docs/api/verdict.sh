#!/usr/bin/env bash
# verdict.sh - what the answers of a visit amount to, and what keeps it from being signed.
# usage: HUFU_URL=https://... HUFU_TOKEN=... verdict.sh SCOPE VISIT
set -euo pipefail
curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL/v1/visits/$2/verdict?scope=$1" |
	jq -r '"\(.visit) \(.verdict)", (.open // [] | map("open " + .)[]), (.failed // [] | map("failed " + .)[])'

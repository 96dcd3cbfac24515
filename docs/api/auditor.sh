#!/usr/bin/env bash
# auditor.sh - who changed a subject, and the head of the audit log for safe-keeping.
# usage: HUFU_URL=https://... HUFU_TOKEN=... auditor.sh SCOPE SUBJECT
set -euo pipefail
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL$1"; }

ask "/v1/subjects/$2/history?scope=$1" |
	jq -r '.items[] | "\(.received) \(.author): \([.changes[].field] | join(", "))"'
ask /v1/audit/head | jq -c .

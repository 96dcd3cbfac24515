#!/usr/bin/env bash
# auditor.sh - who changed a subject, and the head of the audit log for safe-keeping.
# For an auditor of all scopes: the head is of the whole log.
# usage: HUFU_URL=https://... HUFU_TOKEN=... auditor.sh SCOPE SUBJECT
set -euo pipefail
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" "$HUFU_URL$1"; }

head=$(ask /v1/audit/head) || { jq -r .detail <<<"$head" >&2; exit 1; }
ask "/v1/subjects/$2/history?scope=$1" |
	jq -r '.items[] | "\(.received) \(.author): \([.changes[].field] | join(", "))"'
jq -c . <<<"$head"

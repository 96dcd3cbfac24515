#!/usr/bin/env bash
# tokens.sh - make a token for a program, with less than the account has; use it; end it.
# usage: HUFU_URL=https://... HUFU_LOGIN=name:password tokens.sh LABEL SCOPE EXPIRES
# A token makes no tokens: who has the password does.
set -euo pipefail
json=(-sS --fail-with-body -H 'Content-Type: application/json')
login() { curl "${json[@]}" -K - -X "$1" "$HUFU_URL$2" "${@:3}" <<<"user = \"$HUFU_LOGIN\""; }

# The secret is in this reply and nowhere else: write it where the program reads it.
made=$(login POST /v1/tokens -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \
	-d "$(jq -n --arg l "$1" --arg s "$2" --arg e "$3" '{label: $l, scopes: [$s], expires_at: $e}')")
curl "${json[@]}" -H "Authorization: Bearer $(jq -r .token <<<"$made")" "$HUFU_URL/v1/me" |
	jq -r '"\(.account) by \(.by) in \(.scopes | join(","))"'
login DELETE "/v1/tokens/$(jq -r .id <<<"$made")" >/dev/null
login GET /v1/tokens | jq -r --arg id "$(jq -r .id <<<"$made")" '.items[] | select(.id == $id) | "\(.label) \(if .revoked_at then "revoked" else "in use" end)"'

#!/usr/bin/env bash
# accounts.sh - an account for a colleague, a code for the tablet of an officer, an account that is not needed any more.
# usage: HUFU_URL=https://... HUFU_LOGIN=name:password accounts.sh add ACCOUNT ROLE SCOPE PASSWORD-FILE
#        accounts.sh code SCOPE OFFICER | accounts.sh disable ACCOUNT
# For an administrator (a code also for a coordinator), in person: a token makes nobody an account. The key of what is
# being made is kept in the file HUFU_WORK until there is a reply: run it again when the line was cut, and nothing is
# made twice.
set -euo pipefail
work=${HUFU_WORK:-accounts.key}
ask() { curl -sS --fail-with-body -K <(printf 'user = "%s"' "$HUFU_LOGIN") -X "$1" "$HUFU_URL$2" "${@:3}"; }
make() { # PATH: the body from stdin, so that no password is in the list of processes
	local reply
	[ -s "$work" ] || cat /proc/sys/kernel/random/uuid >"$work"
	reply=$(ask POST "$1" -H "Idempotency-Key: $(cat "$work")" -H 'Content-Type: application/json' --data-binary @-) || {
		jq -r .detail <<<"$reply" >&2
		jq -e '.status < 429' <<<"$reply" >/dev/null && rm "$work" # refused: what comes next is new work
		return 1
	}
	rm "$work"
	printf '%s\n' "$reply"
}
case $1 in
add) jq -n --arg a "$2" --arg r "$3" --arg s "$4" --rawfile p "$5" \
	'{account: $a, roles: [$r], scopes: [$s], password: ($p | rtrimstr("\n"))}' | make /v1/accounts |
	jq -r '"\(.account) \(.roles | join(",")) in \(.scopes | join(","))"' ;;
code) jq -n --arg o "$3" '{officer: $o}' | make "/v1/terminal-codes?scope=$2" | jq -r .code ;;
disable) ask PATCH "/v1/accounts/$2" -H 'Content-Type: application/merge-patch+json' -d '{"state": "disabled"}' \
	-H "If-Match: \"$(ask GET "/v1/accounts/$2" | jq -r .etag)\"" | jq -r '"\(.account) \(.state)"' ;;
*) sed -n '3,4s/^# //p' "$0" >&2; exit 2 ;;
esac

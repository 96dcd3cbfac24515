#!/usr/bin/env bash
# recusal.sh - ask that an officer stays away from a subject, and decide what somebody else asked.
# usage: HUFU_URL=https://... HUFU_TOKEN=... recusal.sh ask SCOPE OFFICER SUBJECT REASON
#        recusal.sh grant|refuse SCOPE RECUSAL
# For coordinators: who asks does not decide, nor does the officer. The key of what is being asked is kept in the file
# HUFU_WORK until there is a reply: run it again when the line was cut, and it is asked once.
set -euo pipefail
work=${HUFU_WORK:-recusal.key}
ask() {
	local reply
	reply=$(curl -sS --fail-with-body -H "Authorization: Bearer $HUFU_TOKEN" -X "$1" "$HUFU_URL$2" "${@:3}") || {
		jq -r .detail <<<"$reply" >&2
		jq -e '.status < 429' <<<"$reply" >/dev/null && rm -f "$work" # refused: what comes next is new work
		return 1
	}
	printf '%s\n' "$reply"
}
case $1 in
ask)
	[ -s "$work" ] || cat /proc/sys/kernel/random/uuid >"$work"
	ask POST "/v1/recusals?scope=$2" -H "Idempotency-Key: $(cat "$work")" -H 'Content-Type: application/json' \
		-d "$(jq -n --arg o "$3" --arg s "$4" --arg r "$5" '{officer: $o, subject: $s, reason: $r, state: "asked"}')" | jq -r .id
	rm "$work"
	;;
grant | refuse)
	seen=$(ask GET "/v1/recusals/$3?scope=$2")
	ask POST "/v1/recusals/$3/$1?scope=$2" -H "If-Match: \"$(jq -r .etag <<<"$seen")\"" -d '' |
		jq -r '"\(.officer) at \(.subject): \(.state) by \(.decided_by)"'
	;;
*) sed -n '3,4s/^# //p' "$0" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# run.sh - run the accept scripts, one line each. usage: run.sh [PATTERN]
# Ends with `N passed, N failed, N skipped`. A script ends with 77 when what it
# is for is not there; its last line says what. What the servers of all scripts
# were asked and answered is logged and held against the document of the
# operations (tests/api); with a PATTERN, some operations may be left out.
cd "$(dirname "$0")/../.." || exit 1
exchanges=$(mktemp -d "${TMPDIR:-/tmp}/hufu-exchanges-XXXXXX")
trap 'rm -rf "$exchanges"' EXIT
export HUFU_EXCHANGES=$exchanges/log
PYTHON=$(PATH=/usr/bin:$PATH command -v python3) # Debian's has what tests/api needs
# one SCRIPT: run it, print its line, leave its end in $exchanges/NAME
one() {
	local script=$1 name what start code=0 out last
	name=$(basename "$script" .sh)
	what=$(sed -n '2s/^# *//p' "$script")
	start=$SECONDS
	out=$(bash "$script" 2>&1) || code=$?
	last="$(tail -n 1 <<<"$out"), $((SECONDS - start))s"
	case $code in
	0) echo passed && printf 'ok      %-8s %s (%s)\n' "$name" "$what" "$last" >&3 ;;
	77) echo skipped && printf 'skipped %-8s %s (%s)\n' "$name" "$what" "$last" >&3 ;;
	*) echo failed && printf 'FAILED  %-8s %s\n%s\n' "$name" "$what" "$(sed 's/^/        /' <<<"$out" | tail -n 25)" >&3 ;;
	esac >"$(dirname "$HUFU_EXCHANGES")/$name.end"
}
export -f one
# One on each core: much of their time is waiting for the disk.
for script in tests/accept/*-*.sh; do
	case "$script" in *"${1:-}"*) echo "$script" ;; esac
done | xargs -r -P "$(nproc)" -I '{}' bash -c 'one "$1" 3>&1' - '{}'
passed=$(cat "$exchanges"/*.end 2>/dev/null | grep -c passed)
failed=$(cat "$exchanges"/*.end 2>/dev/null | grep -c failed)
skipped=$(cat "$exchanges"/*.end 2>/dev/null | grep -c skipped)
if [ -s "$HUFU_EXCHANGES" ] || [ -z "${1:-}" ]; then
	what="Every exchange of these scripts keeps to the document, and reaches all of it."
	start=$(date +%s)
	code=0
	out=$("$PYTHON" tests/api/check_exchanges.py "$HUFU_EXCHANGES" ${1:+--some} 2>&1) || code=$?
	last="$(tail -n 2 <<<"$out" | head -n 1), $(($(date +%s) - start))s"
	if [ "$code" -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok      %-8s %s (%s)\n' exchanges "$what" "$last"
	else
		failed=$((failed + 1))
		printf 'FAILED  %-8s %s\n%s\n' exchanges "$what" "$(sed 's/^/        /' <<<"$out")"
	fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]

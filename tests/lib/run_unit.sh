#!/usr/bin/env bash
# run_unit.sh - run the unit test programs and add up what they say.
# usage: run_unit.sh FOLDER [PATTERN]
# Ends with `N passed, N failed, N skipped`; exit 1 when one failed or none
# passed. cmocka 1.1.5 prints a skip as `not ok N # SKIP`, later ones as `ok`.
set -u
passed=0 failed=0 skipped=0
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
programs=()
for program in "$1"/test_*; do
	[ -x "$program" ] || continue
	case "$(basename "$program")" in *"${2:-}"*) programs+=("$program") ;; esac
done
# One on each core: much of their time is waiting for the disk.
printf '%s\n' "${programs[@]}" | CMOCKA_MESSAGE_OUTPUT=TAP xargs -r -P "$(nproc)" -I '{}' \
	sh -c '"$1" >"$2/$(basename "$1")" 2>&1; echo $? >"$2/$(basename "$1").status"' - '{}' "$said"
for program in "${programs[@]}"; do
	out=$(cat "$said/$(basename "$program")")
	status=$(cat "$said/$(basename "$program").status")
	s=$(grep -cE '^(not )?ok .*# SKIP' <<<"$out")
	p=$(grep '^ok ' <<<"$out" | grep -cv '# SKIP')
	f=$(grep '^not ok ' <<<"$out" | grep -cv '# SKIP')
	passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
	if [ "$f" -ne 0 ] || [ "$status" -ne 0 ]; then
		[ "$f" -ne 0 ] || failed=$((failed + 1))
		echo "--- $(basename "$program") (exit $status)"
		echo "$out"
	else
		printf '%-32s %4d passed\n' "$(basename "$program")" "$p"
	fi
	grep '# SKIP' <<<"$out"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

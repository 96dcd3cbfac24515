#!/usr/bin/env bash
# run.sh - run the accept scripts, one line each. usage: run.sh [PATTERN]
# Ends with `N passed, N failed`.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for script in tests/accept/*-*.sh; do
	case "$script" in *"${1:-}"*) ;; *) continue ;; esac
	name=$(basename "$script" .sh)
	what=$(sed -n '2s/^# *//p' "$script")
	start=$(date +%s)
	if out=$(bash "$script" 2>&1); then
		passed=$((passed + 1))
		printf 'ok      %-8s %s (%s, %ss)\n' "$name" "$what" "$(tail -n 1 <<<"$out")" "$(($(date +%s) - start))"
	else
		failed=$((failed + 1))
		printf 'FAILED  %-8s %s\n%s\n' "$name" "$what" "$(sed 's/^/        /' <<<"$out" | tail -n 25)"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

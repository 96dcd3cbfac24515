#!/usr/bin/env bash
# run_all.sh - run suites one after another, time them and add up what they say.
# usage: run_all.sh NAME COMMAND [NAME COMMAND ...]
# A suite's last line `N passed, N failed[, N skipped]` is its result; one that
# has no such line counts as one. All suites run even when one fails. What
# failed stands once more before the table of the suites. The last line is the total, without the skipped where PLAIN is set; exit 1 when
# something failed or nothing ran.
set -u
passed=0 failed=0 skipped=0 table= bad=
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while [ $# -ge 2 ]; do
	name=$1 command=$2
	shift 2
	echo "=== $name"
	from=$SECONDS
	bash -c "$command" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	read -r p f s < <(awk '/^[0-9]+ passed, [0-9]+ failed/ {
		p = $1; f = $3; s = $6 == "skipped" ? $5 : 0; found = 1 }
		END { if (found) print p, f, s; else print "-" }' "$log")
	[ "$p" != - ] || { p=$((status == 0)); f=0; s=0; }
	[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	[ "$f" -eq 0 ] || bad+=$(grep -aE '^(not ok [0-9]+ - |FAILED |seed [0-9]+ (failed|died) )' "$log" | sort -u | head -n 20 | sed "s/^/$name: /")$'\n'
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	table+=$(printf '%-14s %6d passed %4d failed %4d skipped %5d s' "$name" \
		"$p" "$f" "$s" $((SECONDS - from)))$'\n'
done
[ -z "$bad" ] || printf '=== what failed\n%s' "$bad"
echo "=== summary"
printf '%s' "$table"
total="$passed passed, $failed failed"
[ -n "${PLAIN:-}" ] || [ "$skipped" -eq 0 ] || total+=", $skipped skipped"
echo "$total"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

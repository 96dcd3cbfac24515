#!/usr/bin/env bash
# run_replay.sh - feed every corpus file to its target, without a fuzzer.
# usage: run_replay.sh FOLDER      FOLDER has one program a target
set -u
passed=0 failed=0
for program in "$1"/fuzz_*; do
	[ -x "$program" ] || continue
	target=$(basename "$program")
	corpus=fixtures/fuzz/${target#fuzz_}
	out=$("$program" "$corpus" 2>&1)
	status=$?
	if [ "$status" -ne 0 ]; then
		echo "--- $target (exit $status)"
		echo "$out" | tail -40
		failed=$((failed + 1))
	else
		n=${out##* }
		passed=$((passed + n))
		printf '%-32s %4d passed\n' "$target" "$n"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

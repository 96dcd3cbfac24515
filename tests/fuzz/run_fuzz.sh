#!/usr/bin/env bash
# run_fuzz.sh - fuzz each target for a while, from its corpus.
# usage: run_fuzz.sh FOLDER SECONDS [TARGET]
# What is found new stays in build/fuzz/found/<target>, a crash beside it as
# crash-*; minimise one with FOLDER/fuzz_x -minimize_crash=1 FILE, add it to
# fixtures/fuzz/<target>, fix the fault.
set -u
folder=$1 seconds=$2 only=${3:-}
passed=0 failed=0
for program in "$folder"/fuzz_*; do
	[ -x "$program" ] || continue
	target=$(basename "$program")
	target=${target#fuzz_}
	case $target in *"$only"*) ;; *) continue ;; esac
	found=build/fuzz/found/$target
	mkdir -p "$found"
	log=build/fuzz/$target.log
	if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-max_len=16384 -artifact_prefix="build/fuzz/found/$target-" \
		-print_final_stats=1 "$found" "fixtures/fuzz/$target" >"$log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "--- $target"
		grep -nE 'ERROR|SUMMARY|broken:|Test unit written' "$log"
	fi
	awk -v t="$target" '/number_of_executed_units/ { n = $2 }
		/cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1) }
		END { printf "%-12s %9d runs, %5d edges\n", t, n, c }' "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

#!/usr/bin/env bash
# run.sh - seeded histories, in one process for every core.
# usage: [OUT=build/debug] run.sh [PROGRAM [SEEDS]]     (run in the top folder)
# Ends with `N passed, N failed`; exit 1 when a history broke a promise.
set -u
program=${1:-${OUT:-build/debug}/sim} seeds=${2:-200} jobs=2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
share=$(((seeds + jobs - 1) / jobs))
for ((i = 0; i < jobs; i++)); do
	n=$((seeds - i * share < share ? seeds - i * share : share))
	[ "$n" -gt 0 ] && "$program" --from $((1 + i * share)) --seeds "$n" \
		>"$out/$i" 2>&1 &
done
wait
cat "$out"/*
passed=$(awk '/^sim: / { n += $2 - $4 } END { print n + 0 }' "$out"/*)
echo "$passed passed, $((seeds - passed)) failed"
[ "$passed" -eq "$seeds" ]

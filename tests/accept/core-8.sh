#!/usr/bin/env bash
# Seeded histories of a server and 3 to 8 tablets keep the seven promises.
. "$(dirname "$0")/lib.sh"
SIM=${OUT:-build/debug}/sim
[ -x "$SIM" ] || make --no-print-directory -s "$SIM" >/dev/null
holds "twenty histories that make test does not run" "$SIM" --from 5001 --seeds 20
is "all twenty passed" "20" "$(awk '/^sim: / { n += $2 - $4 } END { print n }' "$T/out")"
"$SIM" --seed 5003 --verbose >"$T/one" 2>&1 || true
"$SIM" --seed 5003 --verbose >"$T/two" 2>&1 || true
is "a seed is the same history every time" "$(sha256sum <"$T/one")" "$(sha256sum <"$T/two")"
holds "a history has many steps" test "$(wc -l <"$T/one")" -gt 50
passed

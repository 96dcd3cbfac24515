#!/usr/bin/env bash
# The demo tells the day of an analyst, a coordinator, two inspectors and an auditor (here on 2,000 subjects).
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
code=0
SUBJECTS=2000 bash tests/demo/demo.sh "$T/demo" >"$T/told" 2>"$T/said" || code=$?
[ $code -eq 0 ] || tail -n 40 "$T/told" >&2
is "it ends well" 0 "$code"
is "each of its 31 checks held" "31 0" "$(grep -c '^  yes ' "$T/told") $(grep -c '^  NO ' "$T/told" || true)"
is "it shows the commands" yes "$(grep -q '\$ hufu sync' "$T/told" && echo yes)"
holds "a draw's paper is left to be verified" python3 docs/verify_draw.py "$T/demo/draw.json"
holds "and a data folder that checks" hufud check --data "$T/demo/data"
is "with a summary of counts" "2000" "$(sed -n 's/^  subjects  *\([0-9]*\)$/\1/p' "$T/told")"
passed

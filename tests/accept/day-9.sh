#!/usr/bin/env bash
# A small bench: each figure stands beside a raw limit of the same run, and bytes and requests are within their
# targets. Times are printed and never judged: the machine does other work.
. "$(dirname "$0")/lib.sh"
built=${OUT:-build/debug}
bench=${BENCH:-$built/bench}
[ -n "${BENCH:-}" ] || make --no-print-directory -s OUT="$built" "$bench" >"$T/make" 2>&1 || { cat "$T/make" >&2; exit 1; }
mkdir "$T/bench"
holds "a bench of 4,000 rows, and of 24,000" env BENCH_SIZES="4000 24000" BENCH_PARTS=district "$bench" "$T/bench" "$T/both"
holds "of the server under load, and of a draw" env BENCH_SIZES=4000 BENCH_PARTS="server draw" BENCH_DRAW=100000 "$bench" "$T/bench" "$T/load"
awk '/^24000 rows/ { exit } { print }' "$T/both" >"$T/report"
is "six times the district, a tenth more bytes to sync at most" yes \
	"$(awk -F'|' '$2 ~ /sync of W, bytes/ { print ($3 > 0.8 && $3 <= 1.1) ? "yes" : $3 }' "$T/both")"
cat "$T/load" >>"$T/report"
# cell WHAT COLUMN: of the line of that name, 3 Hufu's own, 4 the raw limit, 6 their ratio
cell() { awk -F'|' -v what="$1" -v at="$2" '{ n = $2; gsub(/^ +| +$/, "", n); if (n == what) { v = $at; gsub(/^ +| +$/, "", v); print v } }' "$T/report"; }
for line in "clone: time" "clone: bytes" "sync of W: time" "sync of W: up" "sync of W: down" "1-row syncs, whole" \
	"prepared, 1 tablet, 1 row" "prepared, 16 tablets, 1 row" "prepared, 16 tablets, 20 rows" "flushes a sync" "root after 20 changes" "lots, processor time"; do
	is "beside its raw limit: $line" yes "$([ -n "$(cell "$line" 3)" ] && [ -n "$(cell "$line" 4)" ] && [ -n "$(cell "$line" 6)" ] && echo yes)"
done
for line in "sync of W: requests" "idle sync: time"; do
	is "a figure: $line" yes "$([ -n "$(cell "$line" 3)" ] && echo yes)"
done
# at_most LIMIT WHAT: a number with a unit
at_most() { is "at most $1: $2" yes "$(cell "$2" 3 | awk -v most="$1" '{ print $1 <= most ? "yes" : $0 }')"; }
at_most 1 "sync of W: requests"
at_most 2.0 "sync of W: up"
at_most 16 "sync of W: down"
at_most 300 "idle sync: up"
at_most 300 "idle sync: down"
is "kilobytes and bytes" "KB KB B" "$(cell "sync of W: up" 3 | cut -d' ' -f2) $(cell "sync of W: down" 3 | cut -d' ' -f2) $(cell "idle sync: up" 3 | cut -d' ' -f2)"
# A clone of so few rows has no target of its own: the columns deflated by themselves are the measure.
is "a clone is little more than its columns" yes "$(cell "clone: bytes" 6 | awk '{ print $1 <= 1.2 ? "yes" : $0 }')"

# The working day, small: import, rating, draw, export, mirror and check, each line beside its raw limit.
BENCH_SIZES=2000 OUT=$built TMPDIR=$T bash tests/bench/day.sh >"$T/day"
for line in "import of 2000 subjects" "rating all, the first time" "rating again, nothing to write" "draw: frame and commitment" \
	"draw: run, 20 assignments" "draw: verified" "export of subjects, CSV" "export of visits, CSV" "first mirror of all" "check of all"; do
	is "beside its raw limit: $line" yes "$(awk -F'|' -v what="$line" '{ n = $2; gsub(/^ +| +$/, "", n); if (n == what && $3 ~ / s / && $5 ~ / s / && $7 ~ /[0-9]/) print "yes" }' "$T/day")"
done
cat "$T/report" "$T/day"
passed

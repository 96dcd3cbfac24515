#!/usr/bin/env bash
# A small bench: each figure stands beside a raw limit of the same run, and bytes and requests are within their
# targets. Times are printed and never judged: the machine does other work.
. "$(dirname "$0")/lib.sh"
built=${OUT:-build/debug}
bench=${BENCH:-$built/bench}
[ -n "${BENCH:-}" ] || make --no-print-directory -s OUT="$built" "$bench" >"$T/make" 2>&1 || { cat "$T/make" >&2; exit 1; }
mkdir "$T/bench"
holds "a bench of 4,000 rows" env BENCH_SIZES=4000 BENCH_DRAW=100000 "$bench" "$T/bench" "$T/report"
# cell WHAT COLUMN: of the line of that name, 3 Hufu's own, 4 the raw limit, 6 their ratio
cell() { awk -F'|' -v what="$1" -v at="$2" '{ n = $2; gsub(/^ +| +$/, "", n); if (n == what) { v = $at; gsub(/^ +| +$/, "", v); print v } }' "$T/report"; }
for line in "clone: time" "clone: bytes" "sync of W: time" "sync of W: up" "sync of W: down" "1-row syncs, in requests" \
	"prepared, 16 tablets, 20 rows" "lots, processor time"; do
	is "beside its raw limit: $line" yes "$([ -n "$(cell "$line" 3)" ] && [ -n "$(cell "$line" 4)" ] && [ -n "$(cell "$line" 6)" ] && echo yes)"
done
for line in "sync of W: requests" "idle sync: time" "root after 20 changes"; do
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

# Import and export, each beside stock sqlite3 at the same rows.
took() { local from; from=$(date +%s%N); "$@" >"$T/took" 2>&1 || { cat "$T/took" >&2; exit 1; }; echo $((($(date +%s%N) - from) / 1000000)); }
python3 fixtures/generate/district.py --subjects 2000 --seed 3 --out "$T/d"
hufud init >/dev/null
hufud import division fixtures/zhejiang/divisions.csv >/dev/null
in=$(took hufud import subject "$T/d/subjects.csv" --scope $S)
raw_in=$(took sqlite3 "$T/raw.db" ".mode csv" ".import $T/d/subjects.csv subject")
out=$(took hufud export subject --scope $S --format csv --out "$T/subjects.csv")
raw_out=$(took sqlite3 -csv "$T/raw.db" "SELECT * FROM subject")
is "as many rows" 2000 "$(sqlite3 "$T/raw.db" "SELECT count(*) FROM subject")"
cat "$T/report"
printf '| %-30s | %11s ms | %11s ms | %-34s |\n' "import of 2,000 subjects" "$in" "$raw_in" "sqlite3 .import" "export of 2,000 subjects" "$out" "$raw_out" "sqlite3 -csv"
passed

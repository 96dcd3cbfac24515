#!/usr/bin/env bash
# day.sh - the working day of a district, each figure beside stock sqlite3 at
# the same rows in the same run. usage: day.sh [FOLDER]
# BENCH_SIZES="10000 100000" subjects; OUT=build/release names the programs.
# A figure is the time that passed, and in brackets the processor's.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${OUT:-build/release}:$PATH
T=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/hufu-day-XXXXXX")
trap 'rm -rf "$T"' EXIT
export HUFU_DATA=$T/data HUFU_ACCOUNT=admin
S=330106
TIMEFORMAT='%R %U %S'

# timed COMMAND...: sets WALL and CPU, in seconds
timed() {
	local said
	said=$({ time "$@" >"$T/out" 2>"$T/err"; } 2>&1) || { cat "$T/err" >&2; exit 1; }
	read -r WALL CPU <<<"$(awk '{ printf "%.2f %.2f", $1, $2 + $3 }' <<<"$said")"
}
# raw COMMAND...: the same as the raw limit
raw() { timed "$@"; RAW=$WALL RAW_CPU=$CPU; }
# line WHAT RAW-WHAT: what the last timed took, beside what the raw did ("": none)
line() {
	local beside='' ratio=''
	if [ -n "$2" ]; then
		beside="$RAW s ($RAW_CPU)"
		ratio=$(awk -v a="$WALL" -v b="$RAW" 'BEGIN { printf "%.1f", (b > 0 ? a / b : 0) }')
	fi
	printf '| %-34s | %16s | %16s | %-28s | %6s |\n' "$1" "$WALL s ($CPU)" "$beside" "$2" "$ratio"
}
rows() { python3 -c 'import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], encoding="utf-8"))) - 1)' "$1"; }
# table FILE NAME: an empty table with a key, as the raw import fills it
plain() {
	sqlite3 "$T/raw.db" "PRAGMA journal_mode=WAL" "DROP TABLE IF EXISTS $2" >/dev/null
	python3 - "$1" "$2" <<'P' | sqlite3 "$T/raw.db"
import csv, sys
names = next(csv.reader(open(sys.argv[1], encoding="utf-8-sig")))
print("CREATE TABLE %s(%s, PRIMARY KEY(%s)) WITHOUT ROWID;" % (sys.argv[2], ",".join('"%s" TEXT' % n for n in names), '"%s"' % names[0]))
P
}
fill() { sqlite3 "$T/raw.db" "PRAGMA synchronous=FULL" ".mode csv" "BEGIN" ".import --skip 1 $1 $2" "COMMIT"; }

for size in ${BENCH_SIZES:-10000 100000}; do
	rm -rf "$HUFU_DATA" "$T/d" "$T"/raw.db*
	python3 fixtures/generate/district.py --subjects "$size" --seed 1 --out "$T/d" >/dev/null
	hufud init >/dev/null
	hufud import division fixtures/zhejiang/divisions.csv >/dev/null
	hufud import item fixtures/zhejiang/items.csv >/dev/null
	hufud import agency "$T/d/agencies.csv" >/dev/null
	hufud import officer "$T/d/officers.csv" --scope $S >/dev/null
	printf '\n%d subjects\n\n' "$size"
	printf '| %-34s | %16s | %16s | %-28s | %6s |\n' "" Hufu "raw limit" "which is" ratio
	printf '|%s|%s|%s|%s|%s|\n' ------------------------------------ -----------------: -----------------: ------------------------------ -------:
	for kind in subject visit violation; do
		file=$T/d/${kind}s.csv
		n=$(rows "$file")
		plain "$file" $kind
		raw fill "$file" $kind
		timed hufud import $kind "$file" --scope $S
		line "import of $n ${kind}s" "sqlite3 .import"
	done
	timed hufud rate --scope $S
	line "rating all, the first time" ""
	timed hufud rate --scope $S
	line "rating again, nothing to write" ""
	timed hufud draw commit --scope $S --count $((size / 100)) --due "$(date -u -d '30 days' +%F)" --seed-source "lottery of the day" --seed-at "$(date -u +%F)" --json
	draw=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' <"$T/out")
	line "draw: frame and commitment" ""
	hufud draw reveal "$draw" --scope $S --seed 07-11-19-23-31 >/dev/null
	timed hufud draw run "$draw" --scope $S
	line "draw: run, $((size / 100)) assignments" ""
	timed hufud draw verify "$draw" --scope $S
	line "draw: verified" ""
	raw sqlite3 -csv "$T/raw.db" "SELECT * FROM subject"
	timed hufud export subject --scope $S --format csv --out "$T/subjects.csv"
	line "export of subjects, CSV" "sqlite3 -csv"
	raw sqlite3 -csv "$T/raw.db" "SELECT * FROM visit"
	timed hufud export visits --scope $S --format csv --out "$T/visits.csv"
	line "export of visits, CSV" "sqlite3 -csv"
	timed hufud export ratings --scope $S --format csv --out "$T/ratings.csv"
	line "export of ratings, CSV" ""
	timed hufud mirror
	line "first mirror of all" ""
	raw sqlite3 "$HUFU_DATA/hufu.db" "PRAGMA integrity_check"
	timed hufud check --scope $S
	line "check of all" "PRAGMA integrity_check"
	printf '\n%s MB of database, %s MB of CSV\n' "$(($(stat -c %s "$HUFU_DATA/hufu.db") >> 20))" \
		"$(($(cat "$T"/d/*.csv | wc -c) >> 20))"
done

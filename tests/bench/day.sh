#!/usr/bin/env bash
# day.sh - the working day of a district, each figure beside the machine's own
# limit at the same work in the same run. usage: day.sh [FOLDER]
# BENCH_SIZES="10000 100000" subjects; OUT=build/release names the programs.
# A figure is the time that passed, and in brackets the processor's; MB is the
# most memory that the program had.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${OUT:-build/release}:$PATH
T=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/hufu-day-XXXXXX")
trap 'rm -rf "$T"' EXIT
export HUFU_DATA=$T/data HUFU_ACCOUNT=admin
S=330106
BENCH=$PWD/${OUT:-build/release}/bench

# timed COMMAND...: sets WALL and CPU, in seconds, and MB
timed() {
	python3 - "$T" "$@" <<'P' || { cat "$T/err" >&2; exit 1; }
import resource, subprocess, sys, time
folder, command = sys.argv[1], sys.argv[2:]
began = time.monotonic()
with open(folder + "/out", "wb") as out, open(folder + "/err", "wb") as err:
    code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
with open(folder + "/took", "w") as f:
    f.write("%.2f %.2f %d\n" % (took, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10))
sys.exit(code != 0)
P
	read -r WALL CPU MB <"$T/took"
}
# raw COMMAND...: the same as the raw limit; before or after what it limits
raw() {
	local wall=${WALL:-} cpu=${CPU:-} mb=${MB:-}
	timed "$@"
	RAW=$WALL RAW_CPU=$CPU WALL=$wall CPU=$cpu MB=$mb
}
# line WHAT RAW-WHAT: what the last timed took, beside what the raw did ("": none)
line() {
	local beside='' ratio=''
	if [ -n "$2" ]; then
		beside="$RAW s ($RAW_CPU)"
		ratio=$(awk -v a="$CPU" -v b="$RAW_CPU" 'BEGIN { if (b > 0) printf "%.1f", a / b }')
	fi
	row "$1" "$WALL s ($CPU)" "$MB" "$beside" "$2" "$ratio"
}
row() { printf '| %-34s | %18s | %5s | %18s | %-38s | %6s |\n' "$@"; }
rows() { python3 -c 'import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], encoding="utf-8"))) - 1)' "$1"; }
# plain FILE NAME: an empty table with a key, as the raw import fills it
plain() {
	sqlite3 "$T/raw.db" "PRAGMA journal_mode=WAL" "DROP TABLE IF EXISTS $2" >/dev/null
	python3 - "$1" "$2" <<'P' | sqlite3 "$T/raw.db"
import csv, sys
names = next(csv.reader(open(sys.argv[1], encoding="utf-8-sig")))
print("CREATE TABLE %s(%s, PRIMARY KEY(%s)) WITHOUT ROWID;" % (sys.argv[2], ",".join('"%s" TEXT' % n for n in names), '"%s"' % names[0]))
P
}
fill() { sqlite3 "$T/raw.db" "PRAGMA synchronous=FULL" ".mode csv" "BEGIN" ".import --skip 1 $1 $2" "COMMIT"; }
# The facts that a rating reads, one row a subject.
FACTS="SELECT lower(s.uscc) AS subject, v.n, v.score, v.last, w.n, w.codes FROM subject s
LEFT JOIN (SELECT subject, count(*) n, total(score) score, max(visited_on) last FROM visit GROUP BY subject) v
ON v.subject = lower(s.uscc)
LEFT JOIN (SELECT subject, count(*) n, group_concat(severity || code || found_on) codes FROM violation
GROUP BY subject) w ON w.subject = lower(s.uscc)"
# A new repository of the same blobs, trees and commits, without a signature.
refill() {
	rm -rf "$T/raw.git"
	git init -q --bare "$T/raw.git"
	git -C "$T/raw.git" fast-import --quiet <"$T/stream"
}
export -f fill refill
export T

for size in ${BENCH_SIZES:-10000 100000}; do
	rm -rf "$HUFU_DATA" "$T/d" "$T"/raw.db*
	python3 fixtures/generate/district.py --subjects "$size" --seed 1 --out "$T/d" >/dev/null
	hufud init >/dev/null
	hufud import division fixtures/zhejiang/divisions.csv >/dev/null
	hufud import item fixtures/zhejiang/items.csv >/dev/null
	hufud import agency "$T/d/agencies.csv" >/dev/null
	hufud import officer "$T/d/officers.csv" --scope $S >/dev/null
	printf '\n%d subjects\n\n' "$size"
	row "" Hufu MB "raw limit" "which is" "ratio"
	row --- ---: ---: ---: --- ---:
	for kind in subject visit violation; do
		file=$T/d/${kind}s.csv
		n=$(rows "$file")
		plain "$file" $kind
		raw bash -c 'fill "$@"' fill "$file" $kind
		timed hufud import $kind "$file" --scope $S
		line "import of $n ${kind}s" "sqlite3 .import"
	done
	raw sqlite3 "$T/raw.db" "PRAGMA synchronous=FULL" "BEGIN" "CREATE TABLE rating AS $FACTS" "COMMIT"
	timed hufud rate --scope $S
	line "rating all, the first time" "sqlite3: the facts read, a row each"
	raw sqlite3 "$T/raw.db" "SELECT count(*), total(length(codes)) FROM ($FACTS)"
	timed hufud rate --scope $S
	line "rating again, nothing to write" "sqlite3: the facts read"
	raw sqlite3 "$T/raw.db" "SELECT sha3_query('SELECT uscc FROM subject ORDER BY uscc')"
	timed hufud draw commit --scope $S --count $((size / 100)) --due "$(date -u -d '30 days' +%F)" --seed-source "lottery of the day" --seed-at "$(date -u +%F)" --json
	draw=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' <"$T/out")
	line "draw: frame and commitment" "sqlite3: the ids in order, hashed"
	hufud draw reveal "$draw" --scope $S --seed 07-11-19-23-31 >/dev/null
	raw "$BENCH" --lots "$size"
	timed hufud draw run "$draw" --scope $S
	line "draw: run, $((size / 100)) assignments" "SHA-256 of as many lots"
	timed hufud draw verify "$draw" --scope $S
	line "draw: verified" "SHA-256 of as many lots"
	raw sqlite3 -csv "$T/raw.db" "SELECT * FROM subject"
	timed hufud export subject --scope $S --format csv --out "$T/subjects.csv"
	line "export of subjects, CSV" "sqlite3 -csv"
	raw sqlite3 -csv "$T/raw.db" "SELECT * FROM visit"
	timed hufud export visits --scope $S --format csv --out "$T/visits.csv"
	line "export of visits, CSV" "sqlite3 -csv"
	timed hufud export ratings --scope $S --format csv --out "$T/ratings.csv"
	line "export of ratings, CSV" ""
	timed hufud mirror
	git -C "$HUFU_DATA/mirror.git" fast-export --all >"$T/stream"
	raw bash -c refill
	rm -rf "$T/raw.git" "$T/stream"
	line "first mirror of all" "git fast-import of the same"
	raw sqlite3 "$HUFU_DATA/hufu.db" "PRAGMA integrity_check"
	timed hufud check --scope $S
	line "check of all" "PRAGMA integrity_check"
	printf '\n%s MB of database, %s MB of CSV\n' "$(($(stat -c %s "$HUFU_DATA/hufu.db") >> 20))" \
		"$(($(cat "$T"/d/*.csv | wc -c) >> 20))"
done

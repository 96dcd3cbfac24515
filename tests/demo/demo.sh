#!/usr/bin/env bash
# demo.sh - a district, two tablets, one day: the main job with the real programs.
# usage: demo.sh [FOLDER]    (default build/demo, made anew; run in the top folder)
# Exits 0 only if every check of the table at the end held.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/build:$PATH" LC_ALL=C.UTF-8
D=${1:-build/demo}
rm -rf "$D"; mkdir -p "$D"
export HUFU_DATA=$D/data HUFU_ACCOUNT=admin HUFU_PIN_FILE=$D/pin
SERVER= PROXY= STARTED=$(date +%s)
trap '[ -z "$SERVER$PROXY" ] || kill $SERVER $PROXY 2>/dev/null || true' EXIT
if [ -t 1 ]; then b=$'\e[1m' g=$'\e[32m' r=$'\e[31m' d=$'\e[2m' n=$'\e[0m'; else b= g= r= d= n=; fi

tell() { printf '\n%s%s%s\n' "$b" "$*" "$n"; }
# Show a command, then run it; its output is indented and cut to 12 lines.
run() {
	printf '%s  $ %s%s\n' "$d" "$*" "$n"
	local code=0
	bash -c "$*" >"$D/out" 2>&1 || code=$?
	head -n "${LINES_MAX:-12}" "$D/out" | cut -c1-110 | sed 's/^/    /'
	return $code
}
TABLE=() BAD=0
check() { # check "what" EXPECTED ACTUAL
	if [ "$2" = "$3" ]; then TABLE+=("${g}yes$n"$'\t'"$1"$'\t'"$3"); else TABLE+=("${r}NO $n"$'\t'"$1"$'\t'"$3 (expected $2)"); BAD=1; fi
}
json() { python3 -c 'import json,sys
v=json.loads(sys.stdin.readline())
for k in sys.argv[1].split("."): v=v[int(k)] if isinstance(v,list) else v[k]
print(v)' "$1"; }
root() { hufu info --json --replica "$1" | python3 -c 'import json,sys
print([s["root"] for s in json.load(sys.stdin)["scopes"] if s["scope"]=="330106"][0])'; }
office_root() { hufud check --json --scope 330106 | json scopes.0.root; }

tell "1. The office makes a data folder and fills it: Zhejiang's catalogue, a generated district of 2,000 subjects."
run hufud init
run hufud import division fixtures/zhejiang/divisions.csv --scope catalog
run hufud import item fixtures/zhejiang/items.csv --scope catalog
python3 fixtures/generate/district.py --subjects 2000 --seed 7 --scope 330106 --out "$D/district"
run hufud import agency "$D/district/agencies.csv" --scope catalog
for kind in officer subject subject_private visit violation; do
	file=$(ls "$D/district/$kind"*.csv | head -n 1)
	[ $kind != subject ] || file=$D/district/subjects.csv
	LINES_MAX=2 run hufud import $kind "$file" --scope 330106
done
check "subjects in the district" 2000 "$(hufud export subject --scope 330106 --format jsonl | wc -l)"

tell "2. A draw: the frame is committed before anybody can know the seed; then 12 subjects, two officers each."
run hufud draw commit --scope 330106 --count 12 --due 2026-12-31 --seed-source '"lottery of 22 November"'
draw=$(hufud draw list --scope 330106 --json | json draws.0.id)
run hufud draw reveal "$draw" --seed 07-11-19-23-28-33+05
run hufud draw run "$draw"
run hufud draw show "$draw" --out "$D/draw.json"
run python3 docs/verify_draw.py "$D/draw.json"
check "the draw repeats from its published paper" yes "$(python3 docs/verify_draw.py "$D/draw.json" >/dev/null && echo yes)"

tell "3. The service starts. Two officers enrol their tablets with one-time codes and clone the district."
hufud serve --listen 127.0.0.1:0 >"$D/serve.out" 2>"$D/serve.log" & SERVER=$!
for _ in $(seq 100); do grep -q port "$D/serve.out" 2>/dev/null && break; sleep 0.1; done
port=$(sed -n 's/.*on port \([0-9]*\).*/\1/p' "$D/serve.out")
python3 tests/demo/proxy.py "$port" "$D/lose-one-answer" >"$D/proxy.out" & PROXY=$!
for _ in $(seq 100); do [ -s "$D/proxy.out" ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat "$D/proxy.out")
printf '%s\n' 246810 >"$D/pin"
officers=($(hufud export assignment --scope 330106 --format jsonl | python3 -c 'import json,sys
from collections import Counter
c=Counter(o for l in sys.stdin for o in json.loads(l)["officers"])
print(*[o for o,_ in c.most_common(2)])'))
for i in 0 1; do
	t=$([ $i = 0 ] && echo li || echo wang)
	run "hufud terminal code --officer ${officers[i]} --scope 330106 2>/dev/null | tee $D/code"
	run hufu enroll "$url" --code "$(cat "$D/code")" --replica "$D/$t.db"
	run hufu clone --replica "$D/$t.db"
done
hufu sync --replica "$D/li.db" >/dev/null
check "both clones equal the office" "$(office_root) $(office_root)" "$(root "$D/li.db") $(root "$D/wang.db")"
LI=$D/li.db WANG=$D/wang.db
hufud export assignment --scope 330106 --format jsonl >"$D/assignments.jsonl"
assignment=$(json id <"$D/assignments.jsonl") subject=$(json subject <"$D/assignments.jsonl")

tell "4. First visit: recorded with stock sqlite3, signed, sent. Nobody else wrote: a fast-forward."
run "sqlite3 $LI \"INSERT INTO visit(id,subject,assignment,summary,state) VALUES('v1','$subject','$assignment','kitchen clean, notice missing','open')\""
run hufu status --replica "$LI"
run "hufu commit -m 'first look at the kitchen' --replica $LI"
run hufu sync --replica "$LI"
run hufu sync --replica "$WANG"
check "the second tablet has the first one's visit" "kitchen clean, notice missing" "$(sqlite3 "$WANG" "SELECT summary FROM visit WHERE id='v1'")"

tell "5. Both go offline and edit; the office edits meanwhile. Different fields of one record will merge ..."
run "sqlite3 $LI \"UPDATE visit SET state='arrived' WHERE id='v1'\""
run "sqlite3 $WANG \"UPDATE visit SET unable_reason='cold store locked' WHERE id='v1'\""
run hufud set assignment "$assignment" due=2027-01-15 --scope 330106 --as admin
echo "   ... and the same field, edited apart by both, will be a conflict."
run "sqlite3 $LI \"UPDATE visit SET summary='kitchen clean, notice put up' WHERE id='v1'\""
run "sqlite3 $WANG \"UPDATE visit SET summary='kitchen dirty' WHERE id='v1'\""
run hufu diff --replica "$WANG"

tell "6. Li syncs, but the answer is lost in a tunnel. The same request again: the same receipts, nothing twice."
touch "$D/lose-one-answer"
run "hufu sync --replica $LI || true"
before=$(hufud check --json --scope 330106 | json scopes.0.entries)
run hufu sync --replica "$LI"
check "the repeated request wrote nothing" "$before" "$(hufud check --json --scope 330106 | json scopes.0.entries)"
check "and is in the office once" arrived "$(hufud show visit v1 --scope 330106 --json | json record.state)"

tell "7. Wang syncs: one field merges, the other is a conflict that keeps both values; the first stands meanwhile."
run hufu sync --replica "$WANG"
run hufu conflicts --replica "$WANG"
check "different fields merged" "arrived|cold store locked" "$(sqlite3 "$WANG" "SELECT state||'|'||unable_reason FROM visit WHERE id='v1'")"
check "the office's new deadline arrived" 2027-01-15 "$(sqlite3 "$WANG" "SELECT due FROM assignment WHERE id='$assignment'")"
conflict=$(hufud conflicts list --scope 330106 --json | json conflicts.0.id)

tell "8. A named coordinator decides; the decision is a signed packet like any other."
printf '%s\n' 'a long enough password' >"$D/password"
run "hufud account add chen --role coordinator --scope 330106 --password-file $D/password"
run hufud conflicts decide "$conflict" terminal --reason "'Wang saw the cold store'" --scope 330106 --as chen
run hufu sync --replica "$LI"
run hufu sync --replica "$WANG"
check "the decision stands on both tablets" "kitchen dirty|kitchen dirty" "$(for t in "$LI" "$WANG"; do sqlite3 "$t" "SELECT summary FROM visit WHERE id='v1'"; done | paste -sd'|')"
check "with the name of who decided" "decided chen" "$(sqlite3 "$LI" "SELECT state||' '||decided_by FROM conflict WHERE id='$conflict'")"
check "the halves match: office, Li, Wang" "$(office_root) $(office_root)" "$(root "$LI") $(root "$WANG")"

tell "9. The auditor needs only stock git: the log as a repository, its history, its signatures."
run hufud mirror
M=$D/data/mirror.git
git -C "$M" config gpg.ssh.allowedSignersFile allowed_signers
LINES_MAX=14 run "git -C $M log --graph --date-order --format='%h %an: %s' -n 14 330106"
run "git -C $M fsck --strict"
run "cd $M && git verify-commit refs/heads/330106"
packet=$(hufud show visit v1 --scope 330106 --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["history"][-1]["packet"])')
run "cd $M && git verify-commit $packet"
check "git fsck --strict" clean "$(git -C "$M" fsck --strict >/dev/null 2>&1 && echo clean)"
check "git verify-commit of the main line" good "$(cd "$M" && git verify-commit refs/heads/330106 >/dev/null 2>&1 && echo good)"
check "git verify-commit of an officer's packet" good "$(cd "$M" && git verify-commit "$packet" >/dev/null 2>&1 && echo good)"
check "git's tree is the root that the tablets have" "$(root "$LI")" "$(git -C "$M" rev-parse 'refs/heads/330106^{tree}')"

tell "10. The analyst rates every subject and exports; each rating names the facts that it comes from."
run hufud rate --scope 330106
hufud export violation --scope 330106 --format jsonl >"$D/violations.jsonl"
rated=$(json subject <"$D/violations.jsonl")
run hufud rate --explain "$rated" --scope 330106
run hufud export ratings --scope 330106 --format csv --out "$D/ratings.csv"
run hufud export assignments --scope 330106 --format csv --out "$D/assignments.csv"
check "a rating for every subject" 2000 "$(($(wc -l <"$D/ratings.csv") - 1))"
check "assignments exported" 12 "$(($(wc -l <"$D/assignments.csv") - 1))"

tell "11. Everything is checked once more: log, rows, trees, chains, signatures, on all sides."
run hufud check
run hufu verify --replica "$LI"
run hufu verify --replica "$WANG"
check "hufud check" passed "$(hufud check >/dev/null 2>&1 && echo passed)"
check "hufu verify on both tablets" passed "$(hufu verify --replica "$LI" >/dev/null 2>&1 && hufu verify --replica "$WANG" >/dev/null 2>&1 && echo passed)"
kill -TERM "$SERVER"; code=0; wait "$SERVER" || code=$?
check "SIGTERM ends the service with exit code" 0 "$code"
kill "$PROXY" 2>/dev/null || true; SERVER= PROXY=

tell "What was checked"
for line in "${TABLE[@]}"; do
	IFS=$'\t' read -r ok what value <<<"$line"
	printf '  %s  %-48s %s\n' "$ok" "$what" "${value:0:70}"
done
printf '\n%s checks, %s in %s s; the files are in %s\n' "${#TABLE[@]}" "$([ $BAD = 0 ] && echo 'all held' || echo 'SOME FAILED')" "$(($(date +%s) - STARTED))" "$D"
exit $BAD

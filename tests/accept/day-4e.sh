#!/usr/bin/env bash
# What the office orders: officers that there are, two of them, and a day that is not over.
. "$(dirname "$0")/lib.sh"
district
hufud account add zhao --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
order() { hufud set assignment "$1" "${@:2}" --new --scope $S; }

# -- officers are records
fails 1 "field 'officers': there is no officer 'o9' in scope $S" order x1 subject=s1 'officers=o1;o9' state=issued
fails 1 "field 'officers': there is no officer 'o9'" hufud set assignment a1 'officers=o1;o2;o9' --scope $S
{ echo "id,subject,officers,due,state"
  echo "c1,s1,o1;o9,2099-12-31,issued"; echo "c2,s1,o1;o2,2099-12-31,issued"; echo "c3,s1,o1,2099-12-31,issued"
  echo "c4,s1,o1;o2,2020-12-31,issued"; echo "c5,s1,o1,2020-12-31,draft"; } >"$T/c.csv"
fails 3 "there is no officer 'o9'" hufud import assignment "$T/c.csv" --scope $S
is "three rows are not taken, and say why" "2 field 'officers': there is no officer 'o9' in scope $S|4 field 'officers' has 1 of the at least 2 that it needs to be 'issued'|5 field 'due' is over: it cannot be before today" \
	"$(python3 -c '
import csv, re, sys
print(*[r[0] + " " + re.sub("^assignment .c[0-9].: ", "", r[1]) for r in list(csv.reader(open(sys.argv[1])))[1:]], sep="|")' "$T/c.csv.rejects.csv")"
is "two are" "c2 issued|c5 draft" "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT group_concat(id||' '||state,'|') FROM (SELECT * FROM assignment WHERE id LIKE 'c%' ORDER BY id)")"
printf 'id,subject,officers,visited_on\nw1,s1,o9,2026-01-10\n' >"$T/w.csv"
fails 3 "there is no officer 'o9'" hufud import visit "$T/w.csv" --scope $S

# -- one is no team, but in a draft
holds "a draft may wait for its second" order x2 subject=s1 officers=o1 state=draft
fails 1 "'officers' has 1 of the at least 2 that it needs to be 'issued'" hufud set assignment x2 state=issued --scope $S
fails 1 "'officers' has 0 of the at least 2" order x3 subject=s1 state=issued
fails 1 "'officers' has 1 of the at least 2" hufud set assignment a1 officers=o1 --scope $S
holds "with its second it goes out" hufud set assignment x2 'officers=o1;o2' state=issued --scope $S

# -- a day that is over is no deadline
fails 1 "'due' is over: it cannot be before today" hufud set assignment a1 due=2020-01-01 --scope $S
fails 1 "'due' is over" hufud set assignment c5 'officers=o1;o2' state=issued --scope $S
holds "a draft gets another, and goes out" hufud set assignment c5 'officers=o1;o2' due=2099-01-01 state=issued --scope $S
holds "today is not over" hufud set assignment a1 due="$(TZ=Asia/Shanghai date +%F)" --scope $S
fails 1 "due on 2020-01-01, which is over: name a day from today on" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 1 --due 2020-01-01
printf 'id,subject,visited_on\nw2,s1,2026-01-10\n' >"$T/w.csv"
hufud import visit "$T/w.csv" --scope $S >/dev/null
fails 1 "'due' is over" hufud set rectification r1 visit=w2 subject=s1 content=x due=2020-02-01 state=issued --new --scope $S
holds "what was closed long ago comes in" hufud set rectification r1 visit=w2 subject=s1 content=x served_on=2020-01-02 \
	due=2020-02-01 state=case reason="not corrected" --new --scope $S

# -- the same over HTTP
server_start
WHO=zhao:secret12345 n=0
made() { local status=$1 text=$2; shift 2; n=$((n + 1)); answers "$status" "$text" POST "/v1/assignments?scope=$S" \
	-H "Idempotency-Key: order-key-$n" -H 'Content-Type: application/json' -d "$1"; }
made 409 "there is no officer 'o9'" '{"subject":"s1","officers":["o1","o9"],"state":"issued"}'
made 409 "has 1 of the at least 2" '{"subject":"s1","officers":["o1"],"state":"issued"}'
made 409 "is over" '{"subject":"s1","officers":["o1","o2"],"state":"issued","due":"2020-01-01"}'
made 201 '"state":"draft"' '{"subject":"s1","officers":["o1"],"state":"draft"}'
a=$(json id <"$T/body") e=$(json etag <"$T/body")
answers 409 "has 1 of the at least 2" POST "/v1/assignments/$a/issue" -H "If-Match: \"$e\"" -H 'Content-Length: 0'
made 201 '"state":"issued"' '{"subject":"s1","officers":["o1","o2"],"state":"issued","due":"2099-12-31"}'
holds "nothing dangles" hufud check
passed

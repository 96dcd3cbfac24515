#!/usr/bin/env bash
# Exports: the same bytes whenever asked, of any day, with a manifest, safe in a spreadsheet.
. "$(dirname "$0")/lib.sh"
district
{ echo id,subject,visited_on,visit_type,result_codes,longitude,summary,state
  echo 't1,s1,2026-01-10,Routine,A;B,-3,"said ""no"",",recorded'
  echo 't2,s2,2026-01-11,,,,"two
lines",recorded'
  echo 't3,s3,2026-01-12,=cmd,,,+86 571,recorded'; } >"$T/visits.csv"
{ echo id,subject,visit,severity,code,description; echo 'w1,s1,t1,high,C1,@SUM(A1)'; } >"$T/violations.csv"
{ echo id,visit,point,author,value,state; echo a1,t3,p1,o1,no,final; } >"$T/answers.csv"
for kind in visit violation; do hufud import $kind "$T/${kind}s.csv" --scope $S >/dev/null; done
# An answer is its author's own word.
hufud account add o1 --role inspector --scope $S --password-file <(echo secret12345) >/dev/null
hufud import answer "$T/answers.csv" --scope $S --as o1 >/dev/null
hufud rate --scope $S --as-of 2026-06-30 >/dev/null
member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2]))' "$1" "$2"; }
hash() { sha256sum "$1" | cut -d' ' -f1; }

# Each visit once for each of what it came to: t1 two codes and a violation, t2 nothing, t3 an answer.
holds "results are exported" hufud export results --scope $S --out "$T/results.csv"
printf '%s\r\n' \
	'id,scope,town,subject,assignment,visited_on,visit_type,visit_state,visit_flags,result,record,code,value,severity,reason,author,state' \
	't1,330106,000,s1,,2026-01-10,Routine,recorded,,code,,A,,,,,' \
	't1,330106,000,s1,,2026-01-10,Routine,recorded,,code,,B,,,,,' \
	"t1,330106,000,s1,,2026-01-10,Routine,recorded,,violation,w1,C1,'@SUM(A1),high,,,open" \
	't2,330106,000,s2,,2026-01-11,,recorded,,,,,,,,,' \
	"t3,330106,000,s3,,2026-01-12,'=cmd,recorded,,answer,a1,p1,no,,,o1,final" >"$T/want.csv"
is "byte for byte" "$(cat "$T/want.csv")" "$(cat "$T/results.csv")"

# In visits the number stays a number, the texts are quoted or guarded.
hufud export visits --scope $S --out "$T/v.csv" >/dev/null
is "cells as a CSV reader finds them" "-3.0000000|said \"no\",|two
lines|'=cmd|'+86 571" "$(python3 -c '
import csv, sys
r = {x["id"]: x for x in csv.DictReader(open(sys.argv[1], encoding="utf-8", newline=""))}
print(r["t1"]["longitude"], r["t1"]["summary"], r["t2"]["summary"], r["t3"]["visit_type"], r["t3"]["summary"], sep="|")' "$T/v.csv")"
is "no cell that a spreadsheet would run" 0 "$(python3 -c '
import csv, re, sys
print(sum(1 for f in sys.argv[1:] for row in csv.reader(open(f, encoding="utf-8", newline=""))
          for c in row if re.match("[=+@\t\r]|-(?![0-9])", c)))' "$T/v.csv" "$T/results.csv")"

# All five, both formats: the same bytes again, the manifest true, and an import changes nothing.
entries() { hufud check --json --scope $S | json scopes.0.entries; }
then=$(entries)
for what in ratings assignments visits subjects results; do
	for format in csv jsonl; do
		f=$T/$what.$format
		hufud export $what --scope $S --format $format --out "$f" >/dev/null 2>&1
		cp "$f" "$f.1" && cp "$f.manifest.json" "$f.manifest.1"
		hufud export $what --scope $S --format $format --out "$f" >/dev/null 2>&1
		is "$what $format: the same bytes when repeated" "$(hash "$f.1") $(hash "$f.manifest.1")" "$(hash "$f") $(hash "$f.manifest.json")"
		is "$what $format: the manifest has the hash" "$(hash "$f")" "$(member "$f.manifest.json" sha256)"
		is "$what $format: and the position" "$then" "$(member "$f.manifest.json" position)"
		is "$what $format: and as many rows" "$(member "$f.manifest.json" rows)" "$(python3 -c '
import csv, sys
f = open(sys.argv[1], encoding="utf-8", newline="")
print(sum(1 for _ in csv.reader(f)) - 1 if sys.argv[1].endswith("csv") else sum(1 for _ in f))' "$f")"
	done
done
is "the class is told" "L3 L2" "$(member "$T/ratings.csv.manifest.json" class) $(member "$T/visits.csv.manifest.json" class)"
for kind in subject visit assignment; do hufud import $kind "$T/${kind}s.csv" --scope $S >/dev/null; done
is "what was exported comes in as the same" "$then" "$(entries)"

# The data goes on; the state of then is exported as it was.
hufud set subject s1 "name==1+1" --scope $S >/dev/null
hufud set visit t2 state=void reason=another --scope $S >/dev/null
{ echo id,subject,severity,found_on; echo w2,s5,high,2026-06-01; } >"$T/more.csv"
hufud import violation "$T/more.csv" --scope $S >/dev/null
hufud rate --scope $S --as-of 2026-07-01 >/dev/null
for what in ratings visits subjects results; do
	for format in csv jsonl; do
		f=$T/$what.$format
		hufud export $what --scope $S --format $format --at "$then" --out "$T/at" >/dev/null 2>&1
		is "$what $format as of position $then" "$(hash "$f")" "$(hash "$T/at")"
		is "$what $format: its position and commit" "$then $(member "$f.manifest.json" commit)" "$(member "$T/at.manifest.json" position) $(member "$T/at.manifest.json" commit)"
		hufud export $what --scope $S --format $format --as-of "$(date -u +%F)" --out "$T/of" >/dev/null 2>&1
		hufud export $what --scope $S --format $format --out "$T/now" >/dev/null 2>&1
		is "$what $format as of today is what stands" "$(hash "$T/now")" "$(hash "$T/of")"
	done
done
today=$(date -u +%F) && hufud export visits --scope $S --as-of "$today" --out "$T/open" >"$T/out" 2>&1
position=$(member "$T/open.manifest.json" position)
is "today is not over" "False $today the day is not over: '--at $position' repeats this" "$(member "$T/open.manifest.json" final) $(member "$T/open.manifest.json" as_of) $(sed -n '/not over/p' "$T/out")"
is "nor is what stands" "False" "$(hufud export visits --scope $S --out "$T/open2" >/dev/null; member "$T/open2.manifest.json" final)"
printf 'id,subject,visited_on,state\nt4,s4,2026-01-13,recorded\n' >"$T/later.csv"
hufud import visit "$T/later.csv" --scope $S >/dev/null
is "the day goes on" 4 "$(hufud export visits --scope $S --format jsonl | wc -l)"
hufud export visits --scope $S --at "$position" --out "$T/closed" >"$T/out"
is "its position repeats it, and is final" "$(hash "$T/open") True 0" "$(hash "$T/closed") $(member "$T/closed.manifest.json" final) $(grep -c "not over" "$T/out" || true)"
fails 2 "is yet to come" hufud export visits --scope $S --as-of 2999-01-01
is "a day that is over is final" True "$(hufud export visits --scope $S --as-of 2020-01-01 --out "$T/old" >/dev/null; member "$T/old.manifest.json" final)"
is "nothing was known in 2020" "0 2020-01-01" "$(hufud export subjects --scope $S --as-of 2020-01-01 --out "$T/old" >/dev/null; echo "$(member "$T/old.manifest.json" rows) $(member "$T/old.manifest.json" as_of)")"
fails 1 "positions up to" hufud export subjects --scope $S --at 9999
fails 2 "not both" hufud export subjects --scope $S --at 5 --as-of 2026-01-01

# Who takes what leaves a trace; personal data is not taken by accident.
hufud export ratings --scope $S --out "$T/r" >/dev/null 2>"$T/log"
is "an export of ratings is logged" 1 "$(grep -c "info export kind=rating class=L3 scope=$S by=admin rows=9" "$T/log")"
fails 1 "personal data" hufud export subject_private --scope $S
hufud account add xu --role analyst --scope 330102 >/dev/null
fails 1 "may not read" hufud export ratings --scope $S --as xu

# A full disk: a clear word, and what was there stays.
python3 -c '
print("id,name,address")
for i in range(3000): print("b%05d,subject %d,%s" % (i, i, "x" * 90))' >"$T/big.csv"
hufud import subject "$T/big.csv" --scope $S >/dev/null
before=$(hash "$T/subjects.csv")
fails 1 "cannot write '$T/subjects.csv'" bash -c "trap '' XFSZ; ulimit -f 100; hufud export subjects --scope $S --out $T/subjects.csv"
is "the file of before" "$before" "$(hash "$T/subjects.csv")"
is "and nothing half" "" "$(find "$T" -name '*.part')"
fails 1 "it is no file" hufud export subjects --scope $S --out "$T"
passed

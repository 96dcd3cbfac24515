#!/usr/bin/env bash
# Imports of other people's files: another order, odd cells, other encodings, and refused rows that come in later.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
row() { awk -v f="$1" '$1 == f { print $2, $3, $4, $5, $6 }' "$T/out"; }
noted() { sed -n "s/^$1: \([0-9]*\) $2.*/\1/p" "$T/out"; }
entries() { hufud check --json --scope $S | json scopes.0.entries; }
name_of() { hufud show subject "$1" --scope $S --json | json record.name; }
# source_id KIND FIELD: of a record that came from a city
of_source() { hufud export "$1" --scope $S --format jsonl | python3 -c '
import json, sys
for r in map(json.loads, sys.stdin):
    v = r.get(sys.argv[2], "-")
    if r.get("source_id") == sys.argv[1]: print(v if isinstance(v, (str, int)) else " ".join(v))' "$2" "$3"; }

# The same city's files, from behind: nothing changes, nobody is told of altered facts.
mkdir "$T/city" "$T/back"
printf 'business_id,name,latitude,longitude\nc1,Teahouse,91,10\nc2,Noodles,0,0\nc3,Bakery,37.5,-122.5\n' >"$T/city/businesses.csv"
printf 'business_id,date,score,type\nc1,20260110,,Routine\nc1,20260110,90,Routine\nc1,20260110,80,Routine\nc2,20260111,A,Routine\nc3,20260112,95.5,Routine\n' >"$T/city/inspections.csv"
{ echo business_id,date,code,risk_category,description
  echo c1,20260110,7,High Risk,rats; echo c1,20260110,7,Low Risk,dust; echo c1,20260110,7,High Risk,rats
  echo c2,20260111,8,Low Risk,dust; echo c3,20260201,9,High Risk,rats; } >"$T/city/violations.csv"
for f in businesses inspections violations; do { head -n 1 "$T/city/$f.csv"; tail -n +2 "$T/city/$f.csv" | tac; } >"$T/back/$f.csv"; done
holds "a bad coordinate and a letter for a score refuse no row" hufud import lives "$T/city" --scope $S --report "$T/report.csv"
is "all came in" "3 3 0 0 0|5 5 0 0 0|5 5 0 0 0" "$(row businesses.csv)|$(row inspections.csv)|$(row violations.csv)"
is "the cells are dropped and told, line by line" "businesses.csv,2 businesses.csv,3 inspections.csv,5 inspections.csv,6" \
	"$(grep -E 'no place|no number' "$T/report.csv" | cut -d, -f1,2 | sort | xargs)"
is "and flagged" "position_unread|position_unread|score_unread" "$(of_source subject c1 flags)|$(of_source subject c2 flags)|$(of_source visit c2:2026-01-11:Routine flags)"
is "what was found there has its inspection" 1 "$(noted violations.csv 'without an inspection')"
before=$(entries)
holds "from behind" hufud import lives "$T/back" --scope $S
is "nothing changes" "3 0 0 3 0|5 0 0 5 0|5 0 0 5 0|$before" "$(row businesses.csv)|$(row inspections.csv)|$(row violations.csv)|$(entries)"
is "no fact was altered" 0 "$(hufud export alarm --scope $S --format jsonl | grep -c fact_altered)"
if [ -d ../shared/data/lives-san-francisco ]; then
	real=../shared/data/lives-san-francisco
	mkdir "$T/sf"
	for f in businesses inspections violations; do { head -n 1 $real/$f.csv; tail -n +2 $real/$f.csv | tac; } >"$T/sf/$f.csv"; done
	hufud import lives $real --scope 330108 --encoding latin1 >/dev/null
	holds "San Francisco from behind" hufud import lives "$T/sf" --scope 330108 --encoding latin1
	is "changes nothing" "6359 0 0 6359 0|25863 0 0 25863 0|37965 0 0 37965 0" "$(row businesses.csv)|$(row inspections.csv)|$(row violations.csv)"
fi

# What a source has twice deducts once; what it has no inspection for deducts, and says so.
explain() { hufud rating "$(hufud export subject --scope $S --format jsonl | python3 -c '
import json, sys
print(*(r["id"] for r in map(json.loads, sys.stdin) if r.get("source_id") == sys.argv[1]))' "$1")" --scope $S --as-of 2026-01-31 --explain; }
hufud rate --scope $S --as-of 2026-01-31 >/dev/null
explain c1 >"$T/out"
is "rats once, dust once" "955  points are left" "$(sed -n 's/^ *\([0-9]*  points are left\)/\1/p' "$T/out")"
is "the other rats are named" 1 "$(grep -c '1 violations that their source has before: no deduction' "$T/out")"
is "the repeated visits too" 1 "$(grep -c '2 visits that their source has before: not counted again' "$T/out")"
hufud rate --scope $S --as-of 2026-02-28 >/dev/null
is "of the day without an inspection" 1 "$(hufud rating "$(hufud export subject --scope $S --format jsonl | python3 -c '
import json, sys
print(*(r["id"] for r in map(json.loads, sys.stdin) if r.get("source_id") == "c3"))')" --scope $S --as-of 2026-02-28 --explain | grep -c 'its source has no inspection of that day')"

# Refused rows of a city are corrected and imported as they are.
mkdir "$T/town"
printf 'business_id,name\nt1,one\nt2,\n' >"$T/town/businesses.csv"
printf 'business_id,date,type\nt1,20260230,Routine\nt2,20260110,Routine\n' >"$T/town/inspections.csv"
printf 'business_id,date,code\nt1,20260210,7\nt2,20260110,8\n' >"$T/town/violations.csv"
fails 3 "refused 1" hufud import lives "$T/town" --scope $S --source town
is "a finding has no inspection yet" no_inspection "$(of_source violation t1:2026-02-10:7 flags)"
sed -i 's/,t2,/,t2,two/' "$T/town/businesses.csv.rejects.csv"
sed -i 's/t1,20260230/t1,20260210/' "$T/town/inspections.csv.rejects.csv"
for f in businesses inspections violations; do
	holds "$f, corrected" hufud import lives "$T/town/$f.csv.rejects.csv" --scope $S --source town
	is "$f alone" "$f.csv" "$(awk '$2 ~ /^[0-9]+$/ && $3 ~ /^[0-9]+$/ { print $1 }' "$T/out")"
done
is "the finding that was refused has its inspection" 0 "$(noted violations.csv 'without an inspection')"
sed -i -e 's/t2,$/t2,two/' "$T/town/businesses.csv"; sed -i 's/20260230/20260210/' "$T/town/inspections.csv"
holds "the folder, corrected" hufud import lives "$T/town" --scope $S --source town
is "joins the other finding" "2 0 1 1 0|-" "$(row violations.csv)|$(of_source violation t1:2026-02-10:7 flags)"
fails 1 "neither a folder nor a file named like inspections.csv.rejects.csv" hufud import lives "$T/report.csv" --scope $S

# Encodings.
printf 'id,name\ng1,\xb2\xcd\xd2\xfb\n' >"$T/gbk.csv"
fails 3 "not valid UTF-8 (is it gb18030?)" hufud import subject "$T/gbk.csv" --scope $S
holds "as what it is" hufud import subject "$T/gbk.csv" --scope $S --encoding gb18030
is "it reads" 餐饮 "$(name_of g1)"
printf 'id,name\nw1,Joe\x92s\n' >"$T/w.csv"
fails 3 "is it windows-1252?" hufud import subject "$T/w.csv" --scope $S --encoding latin1
holds "as what it is" hufud import subject "$T/w.csv" --scope $S --encoding windows-1252
is "it reads" Joe’s "$(name_of w1)"
fails 2 "encoding is utf8, latin1, windows-1252 or gb18030, not 'big5'" hufud import subject "$T/w.csv" --scope $S --encoding big5
printf 'id,name,tags\nx1,\xe2\x80\xaemoc.knab\x07,a;b\x1b[2J;\x1b\n' >"$T/x.csv"
holds "a name that turns round" hufud import subject "$T/x.csv" --scope $S
is "is cleaned, and told" "moc.knab 1" "$(name_of x1) $(noted subject 'texts with control')"
is "and so are the members of a set" '["a","b[2J"]' "$(hufud show subject x1 --json | jq -c .record.tags)"
fails 1 "or one that turns the direction: leave it out" hufud set subject x1 name="$(printf '\xe2\x80\xaea')" --scope $S

# Refused rows never take the place of others, and what cannot be written says why.
printf 'id,name\nr1,\n' >"$T/r.csv"
fails 3 "all of them are in $T/r.csv.rejects.csv" hufud import subject "$T/r.csv" --scope $S
echo "corrections of a day" >"$T/r.csv.rejects.csv"
fails 3 "all of them are in $T/r.csv.rejects.2.csv" hufud import subject "$T/r.csv" --scope $S
is "the corrections are there" "corrections of a day" "$(cat "$T/r.csv.rejects.csv")"
fails 3 "all of them are in $T/mine.csv" hufud import subject "$T/r.csv" --scope $S --rejects "$T/mine.csv"
fails 2 "is there already: name another file for --rejects" hufud import subject "$T/r.csv" --scope $S --rejects "$T/mine.csv"
fails 3 "cannot write '$T/none/r.csv': No such file or directory; name another place with --rejects" hufud import subject "$T/r.csv" --scope $S --rejects "$T/none/r.csv"
fails 1 "cannot write '$T/none/report.csv': No such file or directory" hufud import subject "$T/r.csv" --scope $S --report "$T/none/report.csv"

# What fails has a table that adds up, or none.
hufud account add elsewhere --role coordinator --scope 330109 --no-password >/dev/null 2>&1 || hufud account add elsewhere --role coordinator --scope 330109 >/dev/null
code=0
hufud import lives "$T/city" --scope $S --source other --as elsewhere >"$T/out" 2>&1 || code=$?
is "nothing is counted that was not done" "1 0" "$code $(grep -c '^businesses.csv  ' "$T/out")"

# Headers as spreadsheets write them.
printf ' ID ,NAME\nh1,capitals\n' >"$T/h.csv"
holds "capitals and spaces" hufud import subject "$T/h.csv" --scope $S
printf 'id;name\nh2;x\n' >"$T/h.csv"
fails 1 "line 1: the columns are parted by ';' and not by commas" hufud import subject "$T/h.csv" --scope $S

# A later edition does not rename the past.
hufud import division fixtures/zhejiang/divisions.csv >/dev/null
sed 's/^county,330106000000,西湖区,/county,330106000000,西湖新区,/' fixtures/zhejiang/divisions.csv >"$T/later.csv"
holds "a later edition" hufud import division "$T/later.csv" --valid-from 2026-07-01
is "changes one" "1489 0 1 1488 0" "$(row division)"
is "and says that the earlier is kept" 1 "$(noted division 'changed by a later edition')"
named() { hufud division 330106 --json --as-of "$1" | json divisions.0.name; }
is "before and after" "西湖区 西湖新区" "$(named 2026-06-30) $(named 2026-07-01)"
holds "once more" hufud import division "$T/later.csv"
is "nothing changes" "1489 0 0 1489 0" "$(row division)"
hufud import item fixtures/zhejiang/items.csv >/dev/null
sed 's/每年不少于2次/每年不少于3次/' fixtures/zhejiang/items.csv >"$T/items.csv"
holds "another wording of an item" hufud import item "$T/items.csv"
is "one item changes" "79 0 1 78 0" "$(row item)"
is "both wordings are there, each with its days" "每年不少于2次 - yes|每年不少于3次 yes -" "$(hufud export item --scope catalog --format jsonl | python3 -c '
import json, sys
r = [i for i in map(json.loads, sys.stdin) if i.get("sub_item") == "餐饮服务单位证后监管"]
print("|".join("%s %s %s" % (i["frequency_text"], "yes" if "valid_from" in i else "-", "yes" if "valid_to" in i else "-") for i in sorted(r, key=lambda i: i["frequency_text"])))')"
hufud division 330106 --as-of 1980-01-01 >"$T/out"
is "a list without days says so" 1 "$(grep -c 'have no first day in the table' "$T/out")"
holds "everything fits together" hufud check
[ -d ../shared/data/lives-san-francisco ] || skipped "real data (../shared/data) is absent, the other order was held on a small city"
passed

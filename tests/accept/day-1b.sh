#!/usr/bin/env bash
# What the office enters, by a file or by hand: the same checks, the same words; and the rest of a file goes in.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
hufud import division fixtures/zhejiang/divisions.csv >/dev/null
row() { awk -v f="$1" '$1 == f { print $2, $3, $4, $5, $6 }' "$T/out"; }
flags() { hufud show subject "$1" --scope $S --json | python3 -c 'import json, sys; print(*json.load(sys.stdin)["record"].get("flags", []))'; }
entries() { hufud check --json --scope $S | json scopes.0.entries; }

# Subjects: a code, a town and an industry are checked by a file and by `set` alike.
wrong=91330106MA20003341 right=91330106MA20003340
{ echo id,name,uscc,town,industry
  echo "s1,one,,002,H6210"; echo "s2,two,9133,,"; echo "s3,three,,777,"
  echo "s4,four,$wrong,,"; echo "s5,five,,,food"; } >"$T/s.csv"
fails 3 "refused 3" hufud import subject "$T/s.csv" --scope $S --report "$T/report.csv"
is "the rest goes in" "5 2 0 0 3" "$(row subject)"
said() { sed -n "s/^  line $1: //p" "$T/imported"; }
cp "$T/out" "$T/imported"
is "the report names the file" "s.csv,3 s.csv,4 s.csv,5 s.csv,6" "$(sed 1d "$T/report.csv" | cut -d, -f1,2 | xargs)"
is "refused rows are in the order of the file" "3 4 6" "$(sed 1d "$T/s.csv.rejects.csv" | cut -d, -f1 | xargs)"
fails 1 "$(said 3)" hufud set subject s1 uscc=9133 --scope $S
fails 1 "$(said 4)" hufud set subject s1 town=777 --scope $S
fails 1 "$(said 6)" hufud set subject s1 industry=food --scope $S
fails 1 "has full-width characters: type its digits and letters half-width" hufud set subject s1 uscc=９1330106MA20003340 --scope $S
fails 1 "has 17 characters, not 18" hufud set subject s1 uscc=91330106MA2000334 --scope $S
is "a wrong check character is flagged by a file" uscc_check "$(flags s4)"
holds "and by hand" hufud set subject s1 uscc=$wrong --scope $S
is "which says so, and that another subject has it" "  flagged uscc_check: credit codes with a wrong check character
  flagged uscc_shared: credit codes that another subject has" "$(sed 1d "$T/out")"
is "with the same flag" "uscc_check uscc_shared" "$(flags s1)"
holds "corrected" hufud set subject s1 uscc=$(echo $right | tr A-Z a-z) --scope $S
is "the flag goes with its cause, the code is in capitals" " $right" "$(flags s1) $(hufud show subject s1 --scope $S --json | json record.uscc)"
HUFU_DATA=$T/none hufud init >/dev/null
holds "without divisions any town is taken" hufud set subject t1 name=x town=777 --new --scope $S --data "$T/none"

# A subject is known by its number in its source, whatever its code becomes there.
printf 'source_id,uscc,name\nQ1,,Firm Q\nQ2,91330106HUFU0H1060,Firm W\nQ3,91330106MA2000211Y,Firm E\n' >"$T/q.csv"
holds "without a code, with a wrong one, with a right one" hufud import subject "$T/q.csv" --scope $S --source register
printf 'source_id,uscc,name\nQ1,91330100799655058B,Firm Q\nQ2,91110000802100433B,Firm W\nQ3,,Firm E\n' >"$T/q2.csv"
holds "given, corrected, taken away" hufud import subject "$T/q2.csv" --scope $S --source register
is "they are the same three" "3 0 3 0 0" "$(row subject)"
is "each is there once" 3 "$(hufud export subject --scope $S | grep -c ',Firm [QWE],')"
holds "again" hufud import subject "$T/q2.csv" --scope $S --source register
is "nothing changes" "3 0 0 3 0" "$(row subject)"
holds "another source numbers others" hufud import subject "$T/q.csv" --scope $S --source licences

# A stray quote costs its own line, and that is in the rejects.
python3 - "$T/stray.csv" <<'EOF'
import sys
with open(sys.argv[1], "w") as f:
    print('id,name,address\nq0,"broken,road', file=f)
    for i in range(1, 8001): print(f'q{i},subject {i},{"road " * 30}{i}', file=f)
EOF
fails 3 "line 2: more than 1 MiB in one record" hufud import subject "$T/stray.csv" --scope $S
is "the others go in" "8001 8000 0 0 1" "$(row subject)"
is "the row is there to be mended" 'q0,"""broken",road' "$(sed 1d "$T/stray.csv.rejects.csv" | tr -d '\r' | cut -d, -f3-)"
sed -i 's/"""broken"/mended/' "$T/stray.csv.rejects.csv"
holds "and goes in as it is then" hufud import subject "$T/stray.csv.rejects.csv" --scope $S
python3 -c 'print("id,name\nbig," + "x" * 1200000)' >"$T/big.csv"
fails 3 "more than 1 MiB" hufud import subject "$T/big.csv" --scope $S
is "of a record over the limit the beginning" big,xxx "$(sed 1d "$T/big.csv.rejects.csv" | cut -d'"' -f2 | cut -c1-7)"

# States: a file with a state that the table refuses loses that row, and nothing is dropped in silence.
{ echo id,subject,state,summary; echo "v1,s1,recorded,first"; echo "v2,s1,open,"; } >"$T/v.csv"
holds "visits" hufud import visit "$T/v.csv" --scope $S
before=$(entries)
holds "again" hufud import visit "$T/v.csv" --scope $S
is "changes nothing" "$before 2 0 0 2 0" "$(entries) $(row visit)"
{ echo id,subject,state,summary; echo "v1,s1,open,first"; echo "v2,s1,published,second"; echo "v3,s1,signed,"; echo "v4,s1,recorded,fourth"; } >"$T/v.csv"
fails 3 "cannot go from 'recorded' to 'open'" hufud import visit "$T/v.csv" --scope $S
is "the row with another beginning, that with a state out of reach and the new one" "4 1 0 0 3" "$(row visit)"
grep -q "line 3: .*'open' to 'published'" "$T/out" && grep -q "line 4: .*cannot begin as 'signed'" "$T/out" || is "each with its sentence" "a sentence" "$(cat "$T/out")"
is "nothing of such a row comes in" "open None" "$(hufud show visit v2 --scope $S --json | python3 -c 'import json, sys; r = json.load(sys.stdin)["record"]; print(r["state"], r.get("summary"))')"
fails 1 "'state' cannot begin as 'recorded', only as open" hufud set visit v9 subject=s1 state=recorded --new --scope $S

# Marks are computed, whatever anybody says; the office's own words are tags.
marks="it is set by server, import"
for change in flags=key_site flags=uscc_check; do fails 1 "$marks" hufud set subject s1 $change --scope $S; done
fails 1 "$marks" hufud set subject s4 flags=@null --scope $S
fails 1 "$marks" hufud set agency ag1 name=a flags=x --new
fails 1 "$marks" hufud set item it1 code=c name=a flags=x --new
fails 1 "$marks" hufud set external_rating e1 subject=s1 scheme=x valid_from=2026-01-01 flags=x --new --scope $S
holds "a label is the office's" hufud set subject s1 tags=key_site --scope $S
{ echo id,name,uscc,flags; echo "s1,one,$right,key_site"; echo "s4,four,$wrong,"; echo "s6,six,$wrong,uscc_check"; } >"$T/m.csv"
fails 3 "$marks" hufud import subject "$T/m.csv" --scope $S
is "with its code a mark comes and stays by itself, told or not" "3 1 0 1 1 uscc_check uscc_shared|uscc_check uscc_shared" "$(row subject) $(flags s4)|$(flags s6)"
hufud export subject --scope $S --out "$T/all.csv" >/dev/null
holds "what was exported comes in as the same" hufud import subject "$T/all.csv" --scope $S
is "and marks nothing" "0 0 0" "$(row subject | cut -d' ' -f2,3,5)"
hufud set subject s6 uscc= --scope $S >/dev/null
is "it goes with its cause" "" "$(flags s6)"

# References and limits.
{ echo id,subject,visit,found_on; echo "w1,s1,v4,2026-01-10"; echo "w2,s9,,2026-01-10"; echo "w3,s1,v9,"; echo "w4,s1,,2099-01-01"; } >"$T/w.csv"
fails 3 "refused 3" hufud import violation "$T/w.csv" --scope $S
is "with field, kind and id" "field 'subject': there is no subject 's9' in scope $S|field 'visit': there is no visit 'v9' in scope $S|violation 'w4': field 'found_on' is yet to come: it cannot be later than today|" "$(sed -n 's/^  line [0-9]*: //p' "$T/out" | tr '\n' '|')"
fails 1 "no longer changes once its visit is a fact, or it has none: make it void with a reason, and say what is right in another or in an amendment" \
	hufud set violation w1 severity=low --scope $S
fails 1 "field 'subject': there is no subject 's9' in scope $S" hufud set visit v5 subject=s9 --new --scope $S
fails 1 "field 'item': there is no item 'i9' in scope catalog" hufud set assignment a1 subject=s1 item=i9 state=draft --new --scope $S
fails 1 "'score' is 101, and at most 100" hufud set visit v5 subject=s1 score=101 --new --scope $S
fails 1 "'certificate_to' is before 'certificate_from'" hufud set officer o1 name=a certificate_from=2026-01-02 certificate_to=2026-01-01 --new --scope $S
holds "what is there is referred to" hufud set visit v5 subject=s1 score=100 visited_on=2026-01-02 --new --scope $S
{ echo id,code,name,level,parent; echo "119901001000,119901001000,a,town,119901000000"; echo "119901000000,119901000000,b,county,"; } >"$T/d.csv"
holds "a reference to a row further on" hufud import division "$T/d.csv"

# A city's file that says something else than it said is taken, and told, row by row.
alarms() { hufud export alarm --scope $S --format jsonl | grep -c fact_altered; }
mkdir "$T/city"
printf 'business_id,name\nx1,one\n' >"$T/city/businesses.csv"
inspected() { printf 'business_id,date,score,type\nx1,20260110,%s,%s\n' "$@" >"$T/city/inspections.csv"; }
found() { printf 'business_id,date,ViolationTypeID,risk_category,description\nx1,20260110,7,%s Risk,rats\n' "$1" >"$T/city/violations.csv"; }
inspected 70 Routine; found High
holds "a city's file" hufud import lives "$T/city" --scope $S
inspected 99 Routine; found Low
holds "altered" hufud import lives "$T/city" --scope $S --as admin --report "$T/altered.csv"
is "the table says so" "1 1" "$(sed -n 's/.*csv: \([0-9]*\) recorded facts altered$/\1/p' "$T/out" | xargs)"
is "line by line" "inspections.csv,2 violations.csv,2" "$(grep 'recorded facts altered' "$T/altered.csv" | cut -d, -f1,2 | xargs)"
inspected 99 "New Construction"
holds "another visit instead" hufud import lives "$T/city" --scope $S --as admin
is "the auditor hears who altered which fields" "'admin' violation severity|'admin' violation visit|'admin' visit score|" "$(hufud export alarm --scope $S --format jsonl |
	python3 -c 'import json, sys
said = [a for a in map(json.loads, sys.stdin) if a["rule"] == "fact_altered"]
print(*sorted("%s %s %s|" % (a["text"].split()[0], a["record_kind"], a["text"].split(": ")[1]) for a in said), sep="")')"
holds "the same again" hufud import lives "$T/city" --scope $S
is "alters nothing" 3 "$(alarms)"

# What is computed is not entered.
fails 1 "computed by 'hufud rate', and not set" hufud set rating r1 score=1 --new --scope $S
fails 1 "computed by 'hufud rate', and not set" hufud import rating "$T/s.csv" --scope $S
holds "everything fits together" hufud check

# A data folder of an earlier version: one line says which kinds are older and what to run, until that was run.
mkdir "$T/older" "$T/newer" && cp -r schema/. "$T/older"
python3 - "$T/older/kinds" <<'P'
import json, os, sys
def change(kind, f):
    path = os.path.join(sys.argv[1], kind + ".json")
    k = json.load(open(path, encoding="utf-8")); f(k); json.dump(k, open(path, "w"), ensure_ascii=False)
change("subject", lambda k: (k["fields"].pop(), k.pop("search", None)))
change("visit", lambda k: [f.pop("not_future", None) for f in k["fields"]])
change("agency", lambda k: k["fields"].append({"name": "own", "type": "int", "label": {"zh": "x", "en": "x"}}))
os.remove(os.path.join(sys.argv[1], "calendar.json"))
P
export HUFU_DATA=$T/older.data
hufud init --schema "$T/older" >/dev/null
hufud set subject s1 name=a --new --scope $S --json >"$T/out" 2>"$T/said"
is "one document on stdout" new "$(json outcome <"$T/out")"
is "one line beside it" "hufud set: kinds of this data folder are older than the program's (calendar, subject, visit): run 'hufud kind load $ROOT/schema/kinds'" "$(cat "$T/said")"
: >"$T/serve.log"
PORT=0 && server_start && server_stop && PORT=
is "the service says so too" 1 "$(grep -c "hufud serve: kinds of this data folder are older" "$T/serve.log")"
cp schema/kinds/{calendar,subject,visit}.json "$T/newer"
holds "a folder is loaded" hufud kind load "$T/newer"
is "all of it" 3 "$(grep -c ': loaded$' "$T/out")"
holds "a command" hufud set subject s1 name=b --scope $S
is "says nothing more" "subject s1: changed" "$(cat "$T/out")"
export HUFU_DATA=$T/data

# What a tablet brings is never refused for it: it has a part of the records only.
hufud set officer o1 name=Li state=active --new --scope $S >/dev/null
server_start
tablet a o1
on a "INSERT INTO visit(id,subject,visited_on,state) VALUES('t1','s99','2099-01-01','open')"
holds "a tablet syncs" sync a
is "what it refers to may come later" s99 "$(hufud show visit t1 --scope $S --json | json record.subject)"
is "and is named until it comes" "unresolved: $S visit/t1, subject: there is no subject/s99" \
	"$(hufud check | sed -n 's/^  \(unresolved: .*\)/\1/p')"
server_stop
# A credit code that another firm has as well: both are flagged, until one is put right, and nobody is rated by it.
printf 'id,name\nk1,one\nk2,two\n' >"$T/k.csv"
hufud import subject "$T/k.csv" --scope $S >/dev/null
hufud set subject k1 uscc=91350100M000100Y43 --scope $S >/dev/null
holds "it goes in" hufud set subject k2 uscc=91350100M000100Y43 --scope $S
is "with a remark" "  flagged uscc_shared: credit codes that another subject has" "$(grep shared "$T/out")"
shared() { hufud export subject --scope $S --format jsonl | grep '"uscc_shared"' | json id | tr '\n' ' '; hufud export subject --scope $S --format jsonl | grep -c '"uscc_shared"' || true; }
is "both are flagged" "k1 2" "$(shared)"
printf 'uscc,scheme,score,grade,valid_from\n91350100M000100Y43,x,1,A,2026-01-01\n' >"$T/rated.csv"
fails 3 "2 subjects have the credit code '91350100M000100Y43' (k1, k2): name one by its id" hufud import external_rating "$T/rated.csv" --scope $S
hufud set subject k1 uscc= --scope $S >/dev/null
is "one is put right: none is" "0" "$(shared 2>/dev/null | tail -c 2)"
holds "who has it is rated" hufud import external_rating "$T/rated.csv" --scope $S
is "and nobody else" k2 "$(hufud export external_rating --scope $S --format jsonl 2>/dev/null | grep '"scheme":"x"' | json subject)"
passed

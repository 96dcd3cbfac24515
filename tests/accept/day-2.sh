#!/usr/bin/env bash
# A generated district: believable, the same for a seed, of any size, and it imports cleanly.
. "$(dirname "$0")/lib.sh"
make_district() { python3 fixtures/generate/district.py --subjects "$1" --seed "$2" --out "$T/$3" "${@:4}"; }
hash_of() { (cd "$T/$1" && sha256sum ./*.csv | sha256sum | cut -c1-16); }
make_district 1000 1 a
is "a seed gives these bytes, on any machine" 0fee91fdd0f7bc5c "$(hash_of a)"
make_district 1000 2 b
[ "$(hash_of a)" != "$(hash_of b)" ] || is "another seed, another district" different same
make_district 100 1 small
is "a hundred subjects" 101 "$(wc -l <"$T/small/subjects.csv")"
fails 2 "between 100 and 1000000" make_district 1000001 1 big
fails 2 "between 100 and 1000000" make_district 99 1 big
make_district 200 1 longgang --scope 330383
is "龙港市 has no towns, and needs none" 000 "$(cut -d, -f4 "$T/longgang/subjects.csv" | tail -n +2 | sort -u)"
is "memory does not grow: 20,000 within 40 MB" yes "$(python3 -c '
import resource, subprocess, sys
subprocess.run([sys.executable, "fixtures/generate/district.py", "--subjects", "20000", "--seed", "1", "--out", sys.argv[1]], check=True)
print("yes" if resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= 40 * 1024 else "no")' "$T/demo")"

# What is in it, by an independent look at the files.
python3 - "$T/demo" fixtures/zhejiang/divisions.csv fixtures/calendar/2025-2027.csv >"$T/facts" <<'P'
import collections, csv, datetime, re, sys
rows = lambda name: list(csv.DictReader(open("%s/%s.csv" % (sys.argv[1], name), encoding="utf-8", newline="")))
A = "0123456789ABCDEFGHJKLMNPQRTUWXY"
good = lambda c: (sum(A.index(x) * pow(3, i, 31) for i, x in enumerate(c[:17])) + A.index(c[17])) % 31 == 0
towns = {d["code"][6:9] for d in csv.DictReader(open(sys.argv[2], encoding="utf-8-sig")) if d["parent_code"] == "330106000000"}
s, o, v, f = rows("subjects"), rows("officers"), rows("visits"), rows("violations")
codes = [r["uscc"] for r in s if r["uscc"]]
until = datetime.date(2026, 10, 31)
day = datetime.date.fromisoformat
print("codes repeated", len(codes) - len(set(codes)))
bad = sum(not good(c) for c in codes)
print("wrong check characters, about one in 500", 20 <= bad <= 70, bad)
print("towns outside the district", len({r["town"] for r in s} - towns), "used", len({r["town"] for r in s}) > 5)
print("industries of four digits", all(re.fullmatch(r"\d{4}", r["industry"]) for r in s), len({r["industry"] for r in s}) >= 10)
print("old numbers and none at all", sum(bool(r["registration_no"]) for r in s) > 50, sum(not r["uscc"] and not r["registration_no"] for r in s) > 50)
print("expired", sum(day(r["certificate_to"]) < until for r in o) > 10, "soon", sum(until <= day(r["certificate_to"]) <= until + datetime.timedelta(90) for r in o) > 10)
print("visits of two years", min(day(r["visited_on"]) for r in v) > until - datetime.timedelta(733), max(day(r["visited_on"]) for r in v) <= until)
print("two officers a visit", {len(set(r["officers"].split(";"))) for r in v})
held = {r["id"]: (r["certificate_from"], r["certificate_to"], r["state"], r["certificate_state"]) for r in o}
there = [held[p] + (r["visited_on"],) for r in v for p in r["officers"].split(";")]
print("officers without a certificate on the day", sum(not a <= d <= z or s != "active" or c in ("suspended", "revoked") for a, z, s, c, d in there))
free = {d["day"]: d["working"] == "true" for d in csv.DictReader(open(sys.argv[3], encoding="utf-8-sig"))}
print("visits on days off", sum(not free.get(r["visited_on"], day(r["visited_on"]).weekday() < 5) for r in v))
industry = {r["source_id"]: r["industry"] for r in s}
FITS = {"FOOD": "6210 5211 1411", "DRUG": "5251", "MED": "2770", "CHEM": "2614", "SITE": "4710", "BEAU": "8051", "NET": "9012", "EDU": "8336",
        "AGRI": "0141", "SAFE": "1411 2614 2770 3421 4710 6110", "PUB": "", "REG": "", "AD": "", "ARCH": "", "FIRE": ""}
fits = [(FITS[r["code"].split("-")[0]], industry[r["source_id"].split("-")[0]]) for r in f]
print("findings of another trade", sum(bool(a) and b not in a for a, b in fits), "of this one", sum(bool(a) for a, b in fits) > len(f) / 10)
n = collections.Counter(r["severity"] for r in f)
print("slight before grave", n["low"] > n["moderate"] > n["high"] > 0)
print("checks without an item", sum(not r["item"] for r in v if r["visit_type"] != "登记地址核实"), "items", len({r["item"] for r in v}) >= 9)
print("result 1 alone", all(r["result_codes"] == "1" for r in v if "1" in r["result_codes"].split(";")))
print("no check", any(r["visit_type"] == "登记地址核实" for r in v))
ids = {}
for r in v: ids[r["source_id"]] = r["subject"]
print("findings without a visit", sum(r["source_id"].rsplit("-", 1)[0] not in ids for r in f))
print(bad, file=open(sys.argv[1] + "/bad", "w"))
P
is "nothing in it contradicts itself" "codes repeated 0
wrong check characters, about one in 500 True $(cat "$T/demo/bad")
towns outside the district 0 used True
industries of four digits True True
old numbers and none at all True True
expired True soon True
visits of two years True True
two officers a visit {2}
officers without a certificate on the day 0
visits on days off 0
findings of another trade 0 of this one True
slight before grave True
checks without an item 0 items True
result 1 alone True
no check True
findings without a visit 0" "$(cat "$T/facts")"

# A district comes in without a refusal, and its classes are as the field's are.
hufud init >/dev/null
make_district 3000 7 d
holds "divisions" hufud import division fixtures/zhejiang/divisions.csv
holds "items" hufud import item fixtures/zhejiang/items.csv
holds "agencies" hufud import agency "$T/d/agencies.csv"
for kind in officer:officers subject:subjects subject_private:subject_private visit:visits violation:violations; do
	holds "${kind%:*} without a refusal" hufud import ${kind%:*} "$T/d/${kind#*:}.csv" --scope $S
	is "all rows of ${kind#*:}" "$(python3 -c 'import csv,sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline="")))-1)' "$T/d/${kind#*:}.csv")" "$(hufud export ${kind%:*} --scope $S --format jsonl $([ $kind != subject_private:subject_private ] || echo --private) 2>/dev/null | wc -l)"
done
is "each visit is of a subject, each finding of a visit" "0 0" "$(for k in subject visit violation; do hufud export $k --scope $S --format jsonl >"$T/$k"; done; python3 -c '
import json, sys
s, v, f = ([json.loads(l) for l in open(sys.argv[1] + "/" + k)] for k in ("subject", "visit", "violation"))
print(len({x["subject"] for x in v} - {x["id"] for x in s}), len({x["visit"] for x in f} - {x["id"] for x in v}))' "$T")"
is "who only verified an address made no check" "$(grep -c 登记地址核实 "$T/d/visits.csv")" "$(grep -c '"not_counted"' "$T/visit")"
before=$(hufud check --json --scope $S | json scopes.0.entries)
for kind in officer:officers subject:subjects visit:visits; do hufud import ${kind%:*} "$T/d/${kind#*:}.csv" --scope $S >/dev/null; done
is "again: nothing changes" "$before" "$(hufud check --json --scope $S | json scopes.0.entries)"
hufud rate --scope $S --as-of 2026-10-31 >/dev/null
is "about 65 A, 25 B, 8 C, 2 D in a hundred" "True True True True" "$(hufud export rating --scope $S --format jsonl | python3 -c '
import collections, json, sys
n = collections.Counter(json.loads(l)["grade"] for l in sys.stdin)
print(*(low <= 100 * n[g] / sum(n.values()) <= high for g, low, high in (("A", 60, 70), ("B", 21, 29), ("C", 6, 11), ("D", 1, 4))))')"
holds "a draw finds officers whose certificates hold" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 30 --json
draw=$(json id <"$T/out")
hufud draw reveal "$draw" --seed generated-1 >/dev/null
hufud draw run "$draw" >/dev/null
item=$(cut -d, -f3 "$T/d/visits.csv" | tail -n +2 | grep . | sort | uniq -c | sort -n | awk 'END { print $2 }')
holds "a draw for an item" hufud draw commit --scope $S --item "$item" --count 10 "${ANNOUNCED[@]}" --json
hufud draw show "$(json id <"$T/out")" --out "$T/paper.json" >/dev/null
is "leaves out who was visited for it" yes "$(python3 -c '
import json, sys
n = sum("visited for the item" in json.dumps(e) for e in json.load(open(sys.argv[1]))["excluded"]); print("yes" if n > 100 else n)' "$T/paper.json")"
is "none whose certificate ended" 0 "$(hufud export officer --scope $S --format jsonl >"$T/o"; hufud export assignment --scope $S --format jsonl | python3 -c '
import datetime, json, sys
to = {r["id"]: r["certificate_to"] for r in map(json.loads, open(sys.argv[1]))}
print(sum(to[o] < datetime.date.today().isoformat() for l in sys.stdin for o in json.loads(l)["officers"]))' "$T/o")"
passed

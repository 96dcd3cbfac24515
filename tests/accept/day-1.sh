#!/usr/bin/env bash
# Imports: nothing is lost, nothing comes twice, and what is odd is told by its line.
. "$(dirname "$0")/lib.sh"
REAL=../shared/data
zhejiang=fixtures/zhejiang lives=fixtures/lives-sample
if [ -d $REAL/lives-san-francisco ]; then lives=$REAL/lives-san-francisco; else REAL=; fi
hufud init >/dev/null
# read new changed same refused, of the table
row() { awk -v f="$1" '$1 == f { print $2, $3, $4, $5, $6 }' "$T/out"; }
one() { hufud export "$1" --scope "${3:-$S}" --format jsonl | python3 -c '
import json, sys
for l in sys.stdin:
    r = json.loads(l)
    if sys.argv[1] in (r["id"], r.get("source_id"), r.get("name")): print(json.dumps(r, ensure_ascii=False))' "$2"; }
entries() { hufud check --json --scope "${1:-$S}" | json scopes.0.entries; }

# Divisions.
holds "1,489 divisions" hufud import division ${REAL:-$zhejiang}/$([ -n "$REAL" ] && echo zhejiang-)divisions.csv
is "all of them" "1489 1489 0 0 0" "$(row division)"
holds "and what became of old codes" hufud import division $zhejiang/divisions-history.csv
counties() { hufud division --json --as-of "$1" | python3 -c '
import json, sys
print(*sorted(d["code"][:6] for d in json.load(sys.stdin)["divisions"] if d["level"] == "county" and d["code"][:4] == "3301"))'; }
is "Hangzhou's counties today" "330102 330105 330106 330108 330109 330110 330111 330112 330113 330114 330122 330127 330182" "$(counties 2023-06-30)"
is "and on the last day before 2021's merge" "330102 330103 330104 330105 330106 330108 330109 330110 330111 330112 330122 330127 330182" "$(counties 2021-04-08)"
holds "江干区 became two" hufud division 330104
is "上城 and 钱塘" "330102 330114" "$(sed -n 's/^ \+\(3301[0-9]\{2\}\).*/\1/p' "$T/out" | xargs)"
is "余杭市 of 2000 is found through both steps" 余杭区 "$(hufud division 330184 --json --as-of 2026-01-01 | json divisions.0.name)"
fails 1 "no division" hufud division 330199
fails 1 "has '330114000000' from 2021-04-09 on, and says nothing of 1990-01-01" hufud division 330114 --as-of 1990-01-01

# Items without a code.
holds "79 items" hufud import item ${REAL:-$zhejiang}/$([ -n "$REAL" ] && echo zhejiang-random-inspection-)items.csv
is "all of them" "79 79 0 0 0" "$(row item)"
is "what no rule reads is flagged" "37 17" "$(sed -n 's/^item: \([0-9]*\) .*/\1/p' "$T/out" | xargs)"
hufud export item --scope catalog --format jsonl >"$T/items"
is "the code is the hash of department, item, sub-item; texts stand as they are" "79 79" "$(python3 - "$T/items" $zhejiang/items.csv <<'P'
import csv, hashlib, json, sys
got = {r["code"]: r for r in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
rows = list(csv.DictReader(open(sys.argv[2], encoding="utf-8-sig", newline="")))
code = lambda r: hashlib.sha256("\x1f".join((r["department"], r["item"], r["sub_item"])).encode()).hexdigest()[:16]
same = sum(got[code(r)].get("ratio_text") == r["ratio"].strip() and got[code(r)].get("frequency_text") == r["frequency"].strip() for r in rows)
print(len(got), same)
P
)"
is "a floor, a ceiling and a number, in basis points" "300 None|None 200|1000 1000" "$(python3 -c '
import json, sys
r = {i["ratio_text"]: i for i in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
print("|".join("%s %s" % (r[t].get("ratio_min"), r[t].get("ratio_max")) for t in ("不少于3%", "不超过总数的2%", "10%")))' "$T/items")"
holds "again" hufud import item $zhejiang/items.csv
is "nothing changes" "79 0 0 79 0" "$(row item)"

# Any kind; bad rows aside.
printf 'id,name,state,certificate,certificate_from,certificate_to,certificate_kind,certificate_issuer,certificate_state\r\n' >"$T/officers.csv"
{ echo 'o1,张三,active,ZJ-1,2024-01-01,2028-12-31,行政执法证,浙江省人民政府,valid'
  echo 'o2,李四,active,ZJ-2,soon,2028-12-31,,,'
  echo 'o3,"王
五",active,ZJ-3,20240101,2028/12/31,,,revoked'
  echo 'o1,again,active,,,,,,'
  echo 'O5,capitals,active,,,,,,'
  echo 'o6,,active,,,,,,'; } >>"$T/officers.csv"
fails 3 "refused" hufud import officer "$T/officers.csv" --scope $S
is "the good ones went in" "6 2 0 0 4" "$(row officer)"
is "the others stand aside, with line and reason" "3 6 7 8" "$(python3 -c '
import csv, sys
print(*(r["refused_line"] for r in csv.DictReader(open(sys.argv[1], newline="")) if r["refused_why"]))' "$T/officers.csv.rejects.csv")"
is "totals add up for scripts too" "6 6" "$(hufud import officer "$T/officers.csv" --scope $S --json | python3 -c '
import json, sys
f = json.load(sys.stdin)["files"][0]; print(f["read"], f["new"] + f["changed"] + f["same"] + f["refused"])')"
sed -i -e 's/,soon,/,2024-01-01,/' -e '/again/d' -e 's/,O5,/,o5,/' -e 's/o6,,/o6,赵六,/' "$T/officers.csv.rejects.csv"
holds "corrected, they go in" hufud import officer "$T/officers.csv.rejects.csv" --scope $S
is "all three" "3 3 0 0 0" "$(row officer)"
[ ! -e "$T/officers.csv.rejects.csv.rejects.csv" ] || is "no file of rejects without rejects" none "one"
is "a certificate has its dates" 2028-12-31 "$(one officer o3 | json certificate_to)"

# Credit codes.
cat >"$T/codes.csv" <<'C'
source_id,uscc,name,address,town
v1,91350100M000100Y43,the standard's own example,,
v2,91350100M000100Y4Z,its wrong one,,
v3,91110000802100433B,real,,
v4,91330100799655058B,real,,
v5,91440300708461136T,real,,
v6, 91330106ma20003340 ,remainder 0,,
v7,91330106MA2000211Y,value 30,,
v8,92330106MA2B12343D,sole trader,,
v9,93330822MA2B12343K,cooperative,,
v10,51330000MA2B12343Q,association,,
v11,12330000MA2B12343R,institution,,
v12,91330106MA20003341,wrong check character,,
v13,91330106MA20003353,its organisation code fails its own check,,
,330106600012345,old registration number,,
,,stall without any number,文三路 1 号,
v14,9135010OM000100Y43,the letter O,,
v15,９1330106MA20003340,full width,,
v16,91330106MA2000334,too short,,
C
fails 3 "refused" hufud import subject "$T/codes.csv" --scope $S --report "$T/report.csv"
is "only what no code looks like is refused" "18 15 0 0 3" "$(row subject)"
is "two wrong check characters, one warning" "2 1" "$(sed -n 's/^subject: \([0-9]*\) credit.*/\1/p' "$T/out" | xargs)"
is "each told by its line" "3,flagged 13,flagged 14,flagged 17,refused 18,refused 19,refused" "$(tail -n +2 "$T/report.csv" | cut -d, -f2,3 | sort -n | xargs)"
is "the wrong code is stored" "91350100M000100Y4Z uscc_check" "$(one subject v2 | python3 -c 'import json,sys; r=json.load(sys.stdin); print(r["uscc"], *r["flags"])')"
is "a valid code is the id" 91330106ma20003340 "$(one subject v6 | json id)"
is "15 digits are a registration number" 330106600012345 "$(one subject 'old registration number' | json registration_no)"
before=$(entries)
hufud import subject "$T/codes.csv" --scope $S >/dev/null || true
is "again: nothing changes, surrogate ids too" "$before" "$(entries)"
printf 'source_id,uscc\nv2,\n' >"$T/fix.csv"
hufud import subject "$T/fix.csv" --scope $S >/dev/null
is "a flag goes with its cause" "" "$(one subject v2 | python3 -c 'import json,sys; print(*json.load(sys.stdin).get("flags", []))')"
is "agencies have codes as well" "1 1 0 0 0" "$(printf 'uscc,name,level\n11330106HUFU00008C,局,county\n' >"$T/ag.csv"; hufud import agency "$T/ag.csv" >"$T/out"; row agency)"

# The open LIVES format. An independent count of the same files says what is odd in which line.
python3 - "$lives" >"$T/odd" <<'P'
import csv, hashlib, sys
# Of one key the rows are in the order of what they say: those with a score first, then by hash, then as they stand.
def said(i):
    h = hashlib.sha256((i["score"] + "\0" + i.get("description", "") + "\0").encode()).digest()
    return not i["score"], int.from_bytes(h[:8], "little") >> 1
def rows(name):
    f = open(sys.argv[1] + "/" + name, "rb")
    text = f.read().split(b"\n")
    text = [l if ok(l) else l.decode("latin-1").encode() for l in text]
    r = csv.reader(l + "\n" for l in b"\n".join(text).decode("utf-8-sig").split("\n"))
    head, at = [h.lower() for h in next(r)], r.line_num + 1
    for c in r:
        if c: yield at, dict(zip(head, c))
        at = r.line_num + 1
def ok(b):
    try: b.decode(); return True
    except UnicodeDecodeError: return False
out, days, seen = [], set(), set()
for at, b in rows("businesses.csv"):
    if not b["latitude"] or not b["longitude"]: out.append(("businesses.csv", at, "without coordinates"))
keys = {}
for at, i in rows("inspections.csv"):
    key = (i["business_id"], i["date"], i["type"])
    keys.setdefault(key, []).append((said(i), at)); days.add(key[:2])
    if not i["score"]: out.append(("inspections.csv", at, "without score"))
    t = i["type"].lower()
    if any(w in t for w in ("construction", "ownership", "non-inspection", "structural", "administrative")):
        out.append(("inspections.csv", at, "visits that are no check"))
for places in keys.values():
    out += [("inspections.csv", at, "repeated") for _, at in sorted(places)[1:]]
for at, v in rows("violations.csv"):
    key = tuple(v.values())
    if key in seen: out.append(("violations.csv", at, "repeated"))
    seen.add(key)
    if (v["business_id"], v["date"]) not in days: out.append(("violations.csv", at, "without an inspection"))
for o in sorted(out): print(*o, sep=",")
P
holds "a city's history comes in" hufud import lives "$lives" --scope $S --encoding latin1 --report "$T/report.csv"
if [ -n "$REAL" ]; then
	is "6,359 businesses" "6359 6359 0 0 0" "$(row businesses.csv)"
	is "25,863 inspections" "25863 25863 0 0 0" "$(row inspections.csv)"
	is "37,965 violations" "37965 37965 0 0 0" "$(row violations.csv)"
	is "what is odd, counted" "3027 8 188 12081 4775 0 41 104 0" "$(sed -n 's/^[a-z]*.csv: \([0-9]*\) .*/\1/p' "$T/out" | xargs)"
fi
is "and explained line by line" "$(sha256sum <"$T/odd")" "$(python3 -c '
import csv, sys
rows = [(r["file"], int(r["line"]), r["reason"]) for r in csv.DictReader(open(sys.argv[1], newline="")) if "Latin-1" not in r["reason"]]
for r in sorted(rows): print(*r, sep=",")' "$T/report.csv" | sha256sum)"
before=$(entries)
holds "the same again" hufud import lives "$lives" --scope $S --encoding latin1
is "changes nothing" "$before" "$(entries)"
hufud rate --scope $S --as-of 2017-12-31 >/dev/null
is "visits that are no check count for nobody's credit" 0 "$(hufud export visit --scope $S --format jsonl >"$T/v"; hufud export violation --scope $S --format jsonl >"$T/f"; hufud export rating --scope $S --format jsonl | python3 -c '
import json, sys
no = {r["id"] for r in map(json.loads, open(sys.argv[1])) if "not_counted" in r.get("flags", [])}
f = {r["id"] for r in map(json.loads, open(sys.argv[2])) if r.get("visit") in no}
print(sum(x["id"] in f for l in sys.stdin for x in json.loads(l)["reasons"]["facts"]))' "$T/v" "$T/f")"

# Another city: byte order mark, CR LF, a quoted line break, other columns, repeated keys, no violations.
mkdir "$T/city"
printf '\xef\xbb\xbfName,BUSINESS_ID\r\n"Two\r\nlines",c1\r\nPlain,c2\r\nAgain,c1\r\nCaf\xe9,c3\r\n' >"$T/city/businesses.csv"
printf '"date","business_id","Grade"\r\n"20260105","c1","A"\r\n"20260105","c1","B"\r\n"20260230","c2","A"\r\n"20260105","c9","A"\r\n' >"$T/city/inspections.csv"
fails 3 "refused" hufud import lives "$T/city" --scope $S --source elsewhere
is "businesses" "4 2 0 0 2" "$(row businesses.csv)"
is "inspections" "4 2 0 0 2" "$(row inspections.csv)"
is "a line break stays in the name" True "$(one subject c1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["name"] in ("Two\r\nlines", "Again"))')"
grep -q "violations.csv: the folder has none" "$T/out" || is "a city may have no violations" "the folder has none" "$(cat "$T/out")"
is "repeats are told" "1 repeated" "$(sed -n 's/^inspections.csv: \(1 repeated\)/\1/p' "$T/out")"

# 100,000 rows in one go: progress on a terminal, and no more than 128 MB of memory.
python3 -c '
print("source_id,name,address,town,state")
for i in range(100000): print("m%d,subject %d,road %d,%03d,in_business" % (i, i, i % 977, i % 4))' >"$T/many.csv"
python3 - "$T/many.csv" >"$T/many.out" <<'P'
import os, pty, resource, sys
seen = bytearray()
def spawn(argv):
    pid, fd = pty.fork()
    if pid == 0: os.execvp(argv[0], argv)
    try:
        while True:
            b = os.read(fd, 65536)
            if not b: break
            seen.extend(b)
    except OSError: pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
code = spawn(["hufud", "import", "subject", sys.argv[1], "--scope", "330108"])
text = seen.decode(errors="replace")
steps = [p for p in text.split("\r") if p.strip().isdigit()]
table = [l.split() for l in text.replace("\r", "\n").split("\n") if l.startswith("subject")] or [["", text[-500:]]]
print(code, *table[0][1:], len(steps) >= 5, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= 128 * 1024)
P
is "100,000 rows, with progress, within 128 MB" "0 100000 100000 0 0 0 True True" "$(cat "$T/many.out")"
holds "everything fits together" hufud check
[ -n "$REAL" ] || skipped "real data (../shared/data) is absent, the shipped sample stood in"
passed

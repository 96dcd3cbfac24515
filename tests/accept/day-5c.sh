#!/usr/bin/env bash
# What credit rests on: findings of their visit's day, scores of the province that are told when they change, and visits that do not count for a period.
. "$(dirname "$0")/lib.sh"
district
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
server_start
tablet a o1

# a finding of long before its visit
YESTERDAY="date('now','+8 hours','-1 day')"
on a "INSERT INTO visit(id,subject,officers,visited_on,code_shown_at,state) VALUES('v1','s1','[\"o1\",\"o2\"]',$YESTERDAY,$NOON-86400000,'signed');
      INSERT INTO violation(id,visit,subject,found_on,severity,state) VALUES('w1','v1','s1','2024-01-10','high','open'),
      ('w2','v1','s1',$YESTERDAY,'high','open')"
sync a >/dev/null
hufud rate --scope $S >/dev/null
hufud rating s1 --scope $S --explain >"$T/why"
is "only that of the visit's day counts" "0 1" "$(grep -c w1 "$T/why" || true) $(grep -c w2 "$T/why")"
is "the other is told" 'w1 alarm' "$(office "SELECT record_id||' '||level FROM alarm WHERE rule='contradicts'")"

# the province's score
{ echo subject,scheme,score,grade,valid_from; echo s1,531X,700,D,2026-01-01; } >"$T/er.csv"
hufud import external_rating "$T/er.csv" --source province --scope $S >/dev/null
hufud import external_rating "$T/er.csv" --source province --scope $S >/dev/null
first=$(hufud rating s1 --scope $S --json | json imported.0.received_at)
is "a score that comes again is nothing new" 0 "$(office "SELECT count(*) FROM alarm WHERE rule='score_altered'")"
holds "it is told of its day" grep -q "of other bodies" <(hufud rating s1 --scope $S --as-of 2026-01-01)
holds "and not of the day before" test 0 = "$(hufud rating s1 --scope $S --as-of 2025-12-31 | grep -c "of other bodies")"
sed 's/700,D/950,A/' "$T/er.csv" >"$T/er2.csv"
hufud import external_rating "$T/er2.csv" --source province --scope $S >/dev/null
is "another is told" alarm "$(office "SELECT level FROM alarm WHERE rule='score_altered'")"
is "it was received when it came" "950 later" "$(hufud rating s1 --scope $S --json | json imported.0.score) $([ "$(hufud rating s1 --scope $S --json | json imported.0.received_at)" '>' "$first" ] && echo later)"

# a triggered check does not count for the period
{ echo code,name; echo c1,kitchens; } >"$T/items.csv"
hufud import item "$T/items.csv" >/dev/null
I=$(office "SELECT id FROM item")
day=$(TZ=Asia/Shanghai date -d '-20 days' +%F)
{ echo id,subject,item,visited_on,visit_type
  echo t1,s3,$I,$day,触发式检查; echo t2,s4,$I,$day,日常检查; echo t3,s5,$I,$day,Complaint; } >"$T/visits.csv"
hufud import visit "$T/visits.csv" --scope $S >/dev/null
is "words of the type say so" '["triggered"] none ["triggered"]' "$(office "SELECT group_concat(coalesce(flags,'none'),' ') FROM (SELECT flags FROM visit WHERE id LIKE 't%' ORDER BY id)")"
D=$(hufud draw commit --scope $S --count 2 --item "$I" "${ANNOUNCED[@]}" --json | json id)
hufud draw show "$D" --out "$T/paper.json" >/dev/null
is "only who had a planned check is left out" s4 "$(python3 -c '
import json, sys
print(*sorted(e["id"] if isinstance(e, dict) else e[0] for e in json.load(open(sys.argv[1]))["excluded"] if "visited" in str(e)))' "$T/paper.json")"

# what the office says anew of a drawn order
hufud draw reveal "$D" --seed 07-11-19-23 >/dev/null; hufud draw run "$D" >/dev/null
holds "as drawn" hufud draw verify "$D"
a=$(office "SELECT min(id) FROM assignment WHERE draw='$D'")
hufud set assignment "$a" due=2099-01-01 instructions="later" --scope $S >/dev/null
holds "it holds" hufud draw verify "$D"
is "and names it" "assignment $a due|assignment $a instructions" "$(sed -n "s/^  changed since: \(assignment [^ ]*\) of [^:]*: '\([a-z]*\)'.*/\1 \2/p" "$T/out" | paste -sd'|')"
holds "everything holds" hufud check
passed

#!/usr/bin/env bash
# The main job on real input: import, draw, take offline, record, sync, rate, export.
. "$(dirname "$0")/lib.sh"
REAL=../shared/data
hufud init >/dev/null
if [ -d $REAL/lives-san-francisco ]; then
	lives=$REAL/lives-san-francisco businesses=6359 inspections=25863 violations=37965
	no_place=3027 repeated=188 no_score=12081 twice=41 alone=104
else
	lives=fixtures/lives-sample
	count() { python3 -c 'import csv,sys; print(sum(1 for _ in csv.reader(open(sys.argv[1],encoding="latin-1",newline="")))-1)' "$1"; }
	businesses=$(count $lives/businesses.csv) inspections=$(count $lives/inspections.csv) violations=$(count $lives/violations.csv)
	no_place=
fi
row() { awk -v f="$1" '$1 == f { print $2, $3 + $4 + $5, $6 }' "$T/out"; }
holds "divisions are imported" hufud import division fixtures/zhejiang/divisions.csv --scope catalog
is "all of them" "1489 1489 0" "$(row division)"
holds "items are imported" hufud import item fixtures/zhejiang/items.csv --scope catalog
is "all of them" "79 79 0" "$(row item)"
holds "the inspection history is imported" hufud import lives "$lives" --scope $S --encoding latin1
is "businesses add up" "$businesses $businesses 0" "$(row businesses.csv)"
is "inspections add up" "$inspections $inspections 0" "$(row inspections.csv)"
is "violations add up" "$violations $violations 0" "$(row violations.csv)"
if [ -n "$no_place" ]; then
	is "what is odd is counted" "$no_place $repeated $no_score $twice $alone" "$(sed -n 's/.*: \([0-9]*\) \(without coordinates\|repeated\|without score\|without an inspection\).*/\1/p' "$T/out" | xargs)"
fi
before=$(hufud check --json --scope $S | json scopes.0.entries)
hufud import lives "$lives" --scope $S --encoding latin1 >/dev/null
is "the same again changes nothing" "$before" "$(hufud check --json --scope $S | json scopes.0.entries)"

{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state
  for i in 1 2 3 4 5 6; do echo "o$i,officer $i,active,ZJ-$i,2024-01-01,2029-12-31,valid"; done; } >"$T/officers.csv"
hufud import officer "$T/officers.csv" --scope $S >/dev/null
holds "the frame is committed before a seed exists" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 20 --json
draw=$(json id <"$T/out")
fails 1 "seed\|reveal" hufud draw run "$draw"
fails 1 "reason\|already" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 20
holds "the seed is revealed" hufud draw reveal "$draw" --seed zj-demo-seed-0001
holds "subjects and officers are drawn" hufud draw run "$draw"
is "twenty assignments of two officers each" "20 20" "$(hufud export assignment --scope $S --format jsonl | python3 -c '
import json, sys
a = [json.loads(l) for l in sys.stdin]; print(len(a), sum(len(x["officers"]) == 2 for x in a))')"
holds "the paper is published" hufud draw show "$draw" --out "$T/draw.json"
holds "anyone repeats it with Python alone" python3 docs/verify_draw.py "$T/draw.json"
sed 's/zj-demo-seed-0001/zj-demo-seed-0002/' "$T/draw.json" >"$T/forged.json"
fails 1 "" python3 docs/verify_draw.py "$T/forged.json"

server_start
tablet a o1
tablet b o2
sync a >/dev/null
is "a tablet carries the district" "$businesses" "$(on a "SELECT count(*) FROM subject")"
for t in a b; do
	on $t "INSERT INTO visit(subject,assignment,officers,code_shown_at,summary,state,visited_on)
	       SELECT subject, id, '[\"o1\",\"o2\"]', $NOON, 'seen by $t', 'submitted', $TODAY FROM assignment ORDER BY id LIMIT 10 OFFSET $([ $t = a ] && echo 0 || echo 10);
	       UPDATE assignment SET state='done' WHERE id IN (SELECT assignment FROM visit WHERE summary='seen by $t')"
	sync $t >/dev/null
done
sync a >/dev/null
is "both tablets match the office" "$(server_root) $(server_root)" "$(root_of a) $(root_of b)"
is "twenty visits came in" $((inspections + 20)) "$(hufud export visits --scope $S --format jsonl | wc -l)"

holds "every subject is rated" hufud rate --scope $S --as-of 2016-12-31 --json
is "every one" "$businesses" "$(hufud export ratings --scope $S --format jsonl | wc -l)"
position=$(hufud check --json --scope $S | json scopes.0.entries)
hufud rate --scope $S --as-of 2016-12-31 >/dev/null
is "rating again writes nothing" "$position" "$(hufud check --json --scope $S | json scopes.0.entries)"
subject=$(hufud export violation --scope $S --format jsonl | sed -n '1s/.*"subject":"\([a-z0-9]*\)".*/\1/p')
holds "a rating names the facts that it comes from" sh -c "hufud rate --explain $subject --scope $S --as-of 2016-12-31 | grep -qi 'violation\|fact'"
for kind in ratings assignments; do
	holds "$kind are exported" hufud export $kind --scope $S --format csv --out "$T/$kind.csv"
	first=$(sha256sum <"$T/$kind.csv")
	hufud export $kind --scope $S --format csv --out "$T/$kind.csv" >/dev/null
	is "the same bytes when repeated" "$first" "$(sha256sum <"$T/$kind.csv")"
	is "the manifest has the hash" "$(sha256sum "$T/$kind.csv" | cut -d' ' -f1)" "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["sha256"])' "$T/$kind.csv.manifest.json")"
done
is "a rating for each subject in the file" $((businesses + 1)) "$(wc -l <"$T/ratings.csv")"
holds "everything fits together" hufud check
echo "$businesses businesses, $inspections inspections, $violations violations, 20 assignments, 20 visits"
[ -n "$no_place" ] || skipped "real data ($REAL) is absent, the shipped sample stood in"
passed

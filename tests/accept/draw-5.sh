#!/usr/bin/env bash
# Who may be drawn to check, until when, and frames that are taken twice or made to fit: what the office sees of it.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town,industry; for i in $(seq 40); do echo "s$i,subject $i,in_business,00$((i % 2 + 1)),H62"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state
  for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i,2020-01-01,2099-12-31,valid"; done
  echo "n1,a,active,,2024-01-01,2099-01-01,valid"
  echo "n2,b,active,X2,2024-01-01,,valid"
  echo "n3,c,active,X3,2024-01-01,2099-01-01,"
  echo "n4,d,,X4,2024-01-01,2099-01-01,valid"
  echo "n5,e,active,X5,2024-01-01,2099-01-01,valid"
  echo "n6,f,active,X5,2024-01-01,2099-01-01,valid"
  echo "n7,g,active,X7,2024-01-01,$(date -u -d '29 days' +%F),valid"; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
for who in chen wang; do hufud account add $who --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null; done
commit() { hufud draw commit "${ANNOUNCED[@]}" --scope $S --as chen "$@"; }

# -- who may check may be drawn, and nobody else
one=$(commit --count 5 --town 001 --json | json id)
hufud draw show "$one" --out "$T/one.json" >/dev/null
is "each officer with the reason" \
	"n1 no certificate|n2 certificate without a first or last day|n3 certificate not in force|n4 not active|n5 certificate number of another officer|n6 certificate number of another officer|n7 certificate ends before the assignments are due" \
	"$(python3 -c 'import json, sys; print("|".join(o["id"] + " " + o["excluded"] for o in json.load(open(sys.argv[1]))["pool"] if "excluded" in o))' "$T/one.json")"
is "to both programs" "$(hufud draw verify "$T/one.json")" "$(python3 docs/verify_draw.py "$T/one.json")"
fails 1 "0 of 11 officers of '$S' may be drawn on .*, 2 are needed: active, with a valid certificate of their own that lasts until 2100-01-01" \
	hufud draw commit --scope $S --count 5 --town 002 --due 2100-01-01 --seed-source lottery --seed-at 2098-01-01

# -- who chooses among frames of one rule chooses who is drawn
hufud draw reveal "$one" --seed 1-1-1 --as wang >/dev/null
hufud draw run "$one" >/dev/null
{ echo id,reason; for i in 2 4 6 8 10 12; do echo "s$i,busy"; done; } >"$T/left.csv"
again() { commit --count 5 --town 001 --exclude "$T/left.csv" --seed-source "lottery of $1" --json "${@:2}"; }
fails 1 "asked for the same: another in a year needs a reason, which is published" again Tuesday
fails 1 "asked for the same" again Tuesday --period 0
two=$(commit --count 5 --town 002 --exclude "$T/left.csv" --json 2>&1 || true)
is "who is not asked for is no exclusion" 1 "$(grep -c 'neither a subject' <<<"$two")"
holds "another town is another rule" commit --count 5 --town 002
holds "the reason is given" again Tuesday --reason "the second half of the plan"
two=$(json id <"$T/out")
is "and stands in the paper" "the second half of the plan" "$(hufud draw show "$two" --out "$T/two.json" >/dev/null; json committed.reason <"$T/two.json")"
alike() { hufud draw report --scope $S --json | python3 -c '
import json, sys
print("|".join("%s %d %s" % (x["name"], x["frame_size"], x["state"]) for x in json.load(sys.stdin)["alike"]))'; }
is "the report lists both" "$(printf '%s\n' "$one 20 drawn" "$two 14 committed" | LC_ALL=C sort | paste -sd'|')" "$(alike | tr '|' '\n' | LC_ALL=C sort | paste -sd'|')"
holds "in words, too" sh -c "hufud draw report --scope $S | grep -q 'draw $two, 14 subjects, committed'"
is "one that waited for the same day is named" 1 \
	"$(hufud draw report --scope $S | grep -c "draw $two: it was never revealed, though the seed of its time is known: draw '$one' revealed it")"

# -- who is taken out for the hour of the commitment is told of when he is back
hufud set subject s40 --scope $S industry=F52 --as chen >/dev/null
holds "a frame without it" commit --count 3 --industry H62 --town 001 --reason "the trade"
hufud set subject s40 --scope $S industry=H62 --as chen >/dev/null
is "who did it is named" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='put_back' AND text LIKE '''chen'' put subject ''s40'' back as it was before draw %'")"
printf 'id,subject,reason,valid_to,state\nx1,s38,audited elsewhere,2099-12-31,active\n' >"$T/exempt.csv"
holds "an exemption for the hour" hufud import exemption "$T/exempt.csv" --scope $S --as chen
three=$(commit --count 3 --industry H62 --town 001 --reason "without s38" --json | json id)
hufud draw show "$three" --out "$T/three.json" >/dev/null
is "leaves it out" 1 "$(grep -c '"exempt until 2099-12-31: audited elsewhere"' "$T/three.json")"
hufud set exemption x1 --scope $S state=ended --as chen >/dev/null
is "who takes it back is named" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='put_back' AND text LIKE '''chen'' took back exemption ''x1'' of subject ''s38'', which the same account gave before draw ''$three''%'")"
passed

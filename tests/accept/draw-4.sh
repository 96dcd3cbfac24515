#!/usr/bin/env bash
# Where a seed comes from, and how often one frame is committed: what would let somebody choose who is drawn.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town; for i in $(seq 40); do echo "s$i,subject $i,in_business,00$((i % 2 + 1))"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state
  for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i,2020-01-01,2099-12-31,valid"; done; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
for who in chen wang; do hufud account add $who --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null; done
commit() { hufud draw commit "${ANNOUNCED[@]}" --scope $S --as chen "$@"; }
doubts() { hufud draw report --scope $S --json | python3 -c '
import json, sys
print("|".join(x["doubt"] for x in json.load(sys.stdin)["doubts"] if x["name"] == sys.argv[1] and "without the hour" not in x["doubt"]))' "$1"; }

# -- a seed that is known already chooses who is drawn
first=$(commit --count 5 --town 001 --seed-source "lottery of Monday" --json | json id)
both=$(commit --count 5 --town 002 --seed-source "lottery of Monday" --json | json id)
fails 1 "neither begins nor ends with a space" hufud draw reveal "$first" --seed " "
fails 1 "neither begins nor ends with a space" hufud draw reveal "$first" --seed "07-11-19 "
hufud draw reveal "$first" --seed 07-11-19 --as wang >/dev/null
hufud draw run "$first" >/dev/null
is "nothing stands against it" "" "$(doubts "$first")"
later=$(commit --count 4 --reason "another count" --seed-source "lottery of Tuesday" --json | json id)
fails 1 "this seed was known before draw '$later' was committed: draw '$first' of scope '330106' revealed it" \
	hufud draw reveal "$later" --seed 07-11-19 --as wang
holds "another one is no matter" hufud draw reveal "$later" --seed 08-12-20 --as wang
is "who waited for the same is named" "it was never revealed, though the seed of its source is known: draw '$first' revealed it" "$(doubts "$both")"
holds "who was committed before it may have it" hufud draw reveal "$both" --seed 07-11-19 --as wang
is "and then nothing stands against that" "" "$(doubts "$both")"
for draw in "$later" "$both"; do hufud draw run "$draw" >/dev/null; done

# -- nobody commits a draw whose seed anybody can choose; papers of before that are named
silent() { hufud draw commit --scope $S --as chen --count 3 --town 002 --reason "once more" --due "${ANNOUNCED[1]}" "$@"; }
fails 2 "say where the seed will come from, and when" silent
fails 2 "say where the seed will come from, and when" silent --seed-source "lottery of May"
fails 1 "nobody could tell where the seed comes from" silent --seed-source " " --seed-at 2098-01-01
fails 1 "'soon' is neither a day like" silent --seed-source "lottery of May" --seed-at soon
fails 1 "of 2020-01-01, which is over" silent --seed-source "lottery of May" --seed-at 2020-01-01
fails 2 "say until when" hufud draw commit --scope $S --as chen --count 3 --seed-source x --seed-at 2098-01-01
later=$(silent --seed-source "lottery of May" --seed-at 2098-05-01T20:30:00+08:00 --json | json id)
fails 1 "will be known on 2098-05-01T12:30:00.000Z: reveal it then" hufud draw reveal "$later" --seed 1 --as wang
python3 - "$T/alone.json" <<'PAPER'
import hashlib, json, sys
old = next(c["given"]["paper"] for c in json.load(open("fixtures/vectors/draw.json"))["cases"] if c["name"] == "format 3, one stratum, committed")
del old["committed"]["seed_parts"]
old["committed"]["seed_source"] = "given at the reveal"
old["commitment"] = hashlib.sha256(json.dumps(old["committed"], sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
json.dump(old, open(sys.argv[1], "w"))
PAPER
choose="no source of the seed was announced: whoever reveals it can choose it"
holds "a paper says so" sh -c "hufud draw verify '$T/alone.json' | grep -qx '  $choose'"
is "to both programs" "$(hufud draw verify "$T/alone.json")" "$(python3 docs/verify_draw.py "$T/alone.json")"
hufud draw show "$both" --out "$T/both.json" >/dev/null
holds "and not of a seed that has a source" sh -c "! hufud draw verify '$T/both.json' | grep -q 'no source'"
is "programs too" "False True" "$(hufud draw verify "$T/alone.json" --json | json seed_announced) $(hufud draw verify "$T/both.json" --json | json seed_announced)"
one="'chen' committed it and revealed its seed, with nobody beside"
alone=$(commit --count 3 --town 002 --visited-before 2020-01-01 --reason "once more" --json | json id)
hufud draw reveal "$alone" --seed mine --as chen >/dev/null
hufud draw run "$alone" --as chen >/dev/null
is "who did all alone is named" "$one" "$(doubts "$alone")"
holds "by the draw itself" sh -c "hufud draw verify '$alone' | grep -qx \"  $one\""
holds "and by the report in words" sh -c "hufud draw report --scope $S | grep -q \"^  draw $alone: $one\""
holds "a day without an hour is told of" sh -c "hufud draw verify '$alone' | grep -q 'without the hour: it may have been known before'"
part() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
three=$(commit --count 2 --town 001 --reason parts --seed-parts "chen=$(part a1),li=$(part b2),wang=$(part c3)" --json | json id)
hufud draw reveal "$three" --seed "a1|b2|c3" --as chen >/dev/null
is "nobody chose what three people gave" "" "$(doubts "$three")"

# -- one subject less makes no other draw
hufud draw run "$three" >/dev/null
printf 'id,reason\ns1,busy\n' >"$T/x1.csv"
printf 'id,reason\ns2,busy\n' >"$T/x2.csv"
x1=$(commit --count 5 --exclude "$T/x1.csv" --reason "x1" --seed-source "lottery of Friday" --json | json id)
fails 1 "draw '$x1' waits for its seed with 38 of these 39 subjects: a second one needs a reason" \
	commit --count 5 --exclude "$T/x2.csv" --seed-source "lottery of Friday"
fails 1 "38 of these 39" commit --count 5 --exclude "$T/x2.csv" --seed-source "lottery of Saturday"
holds "another half is another draw" commit --count 5 --town 001 --exclude "$T/x2.csv" --seed-source "lottery of Friday" --reason "the half that is left"
x2=$(commit --count 5 --exclude "$T/x2.csv" --seed-source "lottery of Friday" --reason "s1 came back" --json | json id)
fails 1 "is void: replaced by draw $x2: s1 came back" hufud draw reveal "$x1" --seed 1-2-3 --as wang
holds "the one that stands is drawn" hufud draw reveal "$x2" --seed 1-2-3 --as wang

# -- who is to be checked for an item already is not drawn for it again
printf 'id,code,name\ni1,I-1,safety\n' >"$T/items.csv"
hufud import item "$T/items.csv" >/dev/null
hufud draw run "$x2" >/dev/null
one=$(commit --item i1 --count 6 --town 002 --reason once --seed-source "lottery of May" --json | json id)
hufud draw reveal "$one" --seed 5-5-5 --as wang >/dev/null
hufud draw run "$one" >/dev/null
is "six of twenty are left out" 14 "$(commit --item i1 --count 6 --town 002 --reason "the next six" --seed-source "lottery of June" --json | tee "$T/two" | json frame_size)"
hufud draw show "$(json id <"$T/two")" --out "$T/two.json" >/dev/null
is "and told why" 6 "$(grep -o 'assigned for the item already: ' "$T/two.json" | wc -l)"
passed

#!/usr/bin/env bash
# The draw of a working day: who is asked for, who is left out and why, ratios by grade, officers who may
# check, replacements, and a paper that anyone repeats without learning anybody's grade.
. "$(dirname "$0")/lib.sh"
today=$(date -u +%F)
hufud init >/dev/null

# 100 subjects: a town of 60 restaurants (F52) and one of 40 shops (H62), some of them not to be drawn
{ echo id,name,state,town,industry,tags,uscc
  for i in $(seq 100); do
	town=001 industry=F52 state=in_business tags= uscc=
	[ "$i" -le 60 ] || { town=002 industry=H62; }
	case $i in 58) state=deregistered ;; 59) state=moved ;; 57) tags=key_site ;; 56) uscc=91350100M000100Y4Z ;; esac
	echo "s$i,subject $i,$state,$town,$industry,$tags,$uscc"
  done; } >"$T/subjects.csv"
# o1..o6 may check; o7 has an expired certificate, o8 none, o9 is on leave, o10 is for another item
{ echo id,name,state,certificate,certificate_from,certificate_to,items,lead,certificate_state
  for i in 1 2 3 4 5 6; do echo "o$i,officer $i,active,ZJ-$i,2024-01-01,2099-12-31,,$([ $i -le 2 ] && echo true),valid"; done
  echo "o7,officer 7,active,ZJ-7,2015-01-01,2020-01-01,,,valid"
  echo "o8,officer 8,active,,,,,,"
  echo "o9,officer 9,leave,ZJ-9,2024-01-01,2099-12-31,,,valid"
  echo "o10,officer 10,active,ZJ-10,2024-01-01,2099-12-31,i9,,valid"; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
{ echo id,subject,reason,valid_to
  echo "e1,s1,white list of 2026,2099-12-31"
  echo "e2,s2,an old list,2020-12-31"; } >"$T/exemptions.csv"
hufud import exemption "$T/exemptions.csv" --scope $S >/dev/null
printf 'id,code,name\ni1,i1,licences\ni2,i2,hygiene\n' >"$T/items.csv"
hufud import item "$T/items.csv" >/dev/null
{ echo id,subject,item,officers,state,cause; echo "a1,s3,i1,o1;o2,issued,plan"; echo "a2,s4,i1,o1;o2,issued,triggered"; } >"$T/assignments.csv"
hufud import assignment "$T/assignments.csv" --scope $S >/dev/null
{ echo id,subject,assignment,visited_on,state
  echo "v1,s3,a1,$today,recorded"; echo "v2,s4,a2,$today,recorded"; echo "v3,s5,,2020-05-01,recorded"; } >"$T/visits.csv"
hufud import visit "$T/visits.csv" --scope $S >/dev/null

paper() { python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); c = p["committed"]; print(eval(sys.argv[2]))' "$1" "$2"; }
# both FILE: what both programs say of it
both() {
	local a b
	a=$(hufud draw verify "$1" 2>&1) || true
	b=$(python3 docs/verify_draw.py "$1" 2>&1) || true
	[ "$a" = "$b" ] && head -n1 <<<"$a" || echo "they differ: $a, $b"
}
frame() { hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 1 --reason "a frame to look at" --json "$@" | json frame_size; }

# -- the frame is what is asked for, less the excluded
is "all in business but the exempt" 97 "$(frame)"
is "a town" 57 "$(frame --town 001)"
is "two towns" 97 "$(frame --town 001,002)"
is "an industry" 40 "$(frame --industry H)"
is "a mark of the register" 1 "$(frame --flag uscc_check)"
is "a label" 1 "$(frame --tag key_site)"
hufud set subject s3 "tags=school;old town" --scope $S >/dev/null
is "a tag of the office" 1 "$(frame --tag "old town")"
D=$(hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 1 --tag school --reason "a frame to look at" --json | json id)
hufud draw show "$D" --out "$T/tagged.json" >/dev/null
is "a paper says which tags" '["school"]' "$(json committed.rules.tags <"$T/tagged.json" | tr "'" '"')"
is "and both verify it" "draw $D is as committed" "$(both "$T/tagged.json" | cut -d: -f1)"
is "those who moved too" 98 "$(frame --state in_business,moved)"
is "not those visited for the item this year, nor those who wait for it" 95 "$(frame --item i1)"
is "who waits for it not even where the period does not matter" 95 "$(frame --item i1 --period 0)"
is "not those visited since 2020-05-01" 94 "$(frame --visited-before 2020-05-01)"
is "all visited before tomorrow" 97 "$(frame --visited-before 2999-01-01)"
printf 'id,reason\ns6,court case\no6,kin of the owner\n' >"$T/exclude.csv"
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --item i1 --exclude "$T/exclude.csv" --reason "with the excluded" --json >"$T/out"
hufud draw show "$(json id <"$T/out")" --out "$T/frame.json" >/dev/null
is "everybody left out is named with the reason" \
	"s1 exempt until 2099-12-31: white list of 2026|s3 assigned for the item already: a1|s4 assigned for the item already: a2|s58 deregistered|s59 moved|s6 court case" \
	"$(paper "$T/frame.json" '"|".join(e["id"] + " " + e["reason"] for e in p["excluded"])')"
is "every officer left out too" \
	"o10 item not in range|o6 by the office|o7 certificate expired|o8 no certificate|o9 not active" \
	"$(paper "$T/frame.json" '"|".join(o["id"] + " " + o["excluded"] for o in p["pool"] if "excluded" in o)')"
is "why the office left one out is in the whole paper" "o6 kin of the owner" "$(paper "$T/frame.json" '"|".join(o["id"] + " " + o["reason"] for o in p["reasons"]["officers"])')"
fails 1 "neither a subject" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --town 002 --exclude "$T/exclude.csv"

# -- by grade: 60 A, 20 B, 10 C, 5 D, 5 without a grade, by violations
{ echo id,subject,severity,found_on
  n=0
  facts() { local i k; for i in $(seq "$1" "$2"); do for k in $(seq "$3"); do n=$((n + 1)); echo "f$n,s$i,high,2026-11-01"; done; done; }
  facts 61 80 2; facts 81 90 4; facts 91 95 6; } >"$T/facts.csv"
hufud import violation "$T/facts.csv" --scope $S >/dev/null
hufud rate --scope $S --json >"$T/out"
is "the grades" '{"A": 65, "B": 20, "C": 10, "D": 5}' "$(json grades <"$T/out")"
fails 1 "grade 'D' has subjects and no quota" hufud draw commit "${ANNOUNCED[@]}" --scope $S --quota A=3,B=2,C=1
fails 1 "no class is exempt" hufud draw commit "${ANNOUNCED[@]}" --scope $S --quota A=0,B=2,C=1,D=1
fails 2 "ratios are like" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio A=5
fails 2 "ratios are like" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio A=0%,B=1%
is "one grade may be asked for" 5 "$(frame --grade D)"
holds "by ratios" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio A=5%,B=10%,C=20%,D=50% --reason "the ratios of the plan"
is "each is rounded up" "A 62 4 3.1000|B 20 2 2.0000|C 10 2 2.0000|D 5 3 2.5000" \
	"$(sed -n 's/^  \([A-D]\) *\([0-9]*\) subjects, drawn *\([0-9]*\), expected \(.*\)/\1 \2 \3 \4/p' "$T/out" | paste -sd'|')"
# the rule is a record with dates and versions
printf 'id,code,version,ratios,valid_from,valid_to\nrr1,local,1,"A=5%%,B=10%%,C=20%%,D=50%%",2020-01-01,%s\nrr2,local,2,"A=10%%,B=10%%,C=10%%,D=100%%",%s,2098-12-31\nrr3,local,3,"A=1%%,B=1%%,C=1%%,D=1%%",2099-01-01,\n' "$(date -u -d yesterday +%F)" "$today" >"$T/rules.csv"
hufud import ratio_rule "$T/rules.csv" --scope catalog >/dev/null
hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio-rule local --reason "by the rule in force" --json >"$T/out"
is "the version in force today" 15 "$(json quota <"$T/out")"
hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio-rule default --reason "by the rule that ships" --json >"$T/out"
is "the rule that ships" 11 "$(json quota <"$T/out")"
fails 1 "no ratio rule 'other'" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio-rule other --reason x

# -- recusal: asked, then granted; D is checked by two of whom one may lead
hufud set recusal q1 --new --scope $S officer=o1 subject=s91 reason="kin of the owner" asked_for=s91 state=asked >/dev/null
hufud set recusal q2 --new --scope $S officer=o2 subject=s92 reason="no reason" asked_for=s92 state=asked >/dev/null
hufud account add head --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
hufud set recusal q1 --scope $S state=granted decided_by=head --as head >/dev/null
hufud set recusal q2 --scope $S state=refused decided_by=head --as head >/dev/null
fails 1 "more than" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio A=5%,B=10%,C=20%,D=50% --load 2 --reason "the day's draw"
holds "the day's draw is committed" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio A=5%,B=10%,C=20%,D=50% --load 5 --due 2099-12-31 \
	--item i2 --officers 2 --name "winter" --reason "the day's draw" --json
draw=$(json id <"$T/out")
before=$(json commitment <"$T/out")
fails 1 "second one needs a reason" hufud draw commit "${ANNOUNCED[@]}" --scope $S --ratio 5% --item i2
fails 1 "no seed yet" hufud draw run "$draw"
holds "the seed is revealed" hufud draw reveal "$draw" --seed 07-11-19-23-28-33+05
fails 1 "it is another" hufud draw reveal "$draw" --seed 01-02-03
holds "it is run" hufud draw run "$draw"
is "eleven assignments with item, due date and two officers" "11 11" "$(hufud export assignment --scope $S --format jsonl | python3 -c '
import json, sys
a = [json.loads(l) for l in sys.stdin]
a = [x for x in a if x.get("draw") == sys.argv[1]]
print(len(a), sum((x["item"], x["due"], x["state"], len(set(x["officers"]))) == ("i2", "2099-12-31", "issued", 2) for x in a))' "$draw")"
hufud draw show "$draw" --out "$T/whole.json" >/dev/null
hufud draw show "$draw" --public --out "$T/public.json" >/dev/null
is "the recusal is in the paper" "o1 s91 kin of the owner" "$(paper "$T/whole.json" '"|".join(" ".join((r["officer"], r["subject"], r["reason"])) for r in p["reasons"]["recusals"])')"
is "without its reason in the public one" "[{'officer': 'o1', 'subject': 's91'}] False" "$(paper "$T/public.json" 'p["recusals"], "reasons" in p' | tr -d '()' | sed 's/, False/ False/')"
is "who is recused does not check" "" "$(paper "$T/whole.json" '" ".join(x[0] for x in p["pairs"] if x[0] == "s91" and "o1" in x)')"
is "one who may lead comes first" 11 "$(paper "$T/whole.json" 'sum(x[1] in ("o1", "o2") for x in p["pairs"])')"
is "the work is spread" "True" "$(paper "$T/whole.json" 'max(sum(o in x for x in p["pairs"]) for o in ("o3", "o4", "o5", "o6")) <= 4')"
is "the commitment is that of before" "$before" "$(paper "$T/public.json" 'p["commitment"]')"
is "the algorithm is named" hufu-draw-3 "$(paper "$T/public.json" 'c["algorithm"]')"

# -- both papers verify; the public one links nobody to a grade
is "the whole paper" "draw $draw verified: 11 of 97 subjects" "$(both "$T/whole.json")"
is "the public paper" "draw $draw verified: 11 of 97 subjects, lots without names" "$(both "$T/public.json")"
is "no stratum has an id of the frame" "0 [] " "$(paper "$T/public.json" 'len(set(p["frame"]) & set(sum(p["lots"] + p["drawn"] + p["reserve"], []))), [k for k in p if k in ("key", "membership")]' | tr -d '(),' | sed 's/$/ /')"
is "expected and actual sizes are" "A 3.1 4 B 2.0 2 C 2.0 2 D 2.5 3" "$(paper "$T/public.json" '" ".join("%s %.1f %d" % (s["name"], s["expected_bp"] / 10000, s["n"]) for s in c["strata"])')"
changed() { python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); c = p["committed"]
exec(sys.argv[2]); print(json.dumps(p))' "$1" "$2" >"$T/changed.json"; }
refused() {
	local a=refused b=refused
	hufud draw verify "$T/changed.json" >/dev/null 2>&1 && a=taken
	python3 docs/verify_draw.py "$T/changed.json" >/dev/null 2>&1 && b=taken
	echo "$a $b"
}
for change in 'p["excluded"][0]["reason"]="x"' 'p["recusals"]=[]' 'c["strata"][0]["n"]-=1' 'p["drawn"][3].reverse()' \
	'p["result"][0]="s90x"' 'p["pairs"][0][1]="o3"' 'p["pairs"][0].reverse()' 'p["seed"]="x"' 'p["pool"][3]["lead"]=True' \
	'p["lots"][0][0]=p["lots"][1][0]' 'c["rules"]["towns"]=["001"]' 'p["replacements"]=[{"at":p["revealed_at"],"in":"s2","officers":["o1","o2"],"out":p["result"][0],"reason":""}]'; do
	changed "$T/public.json" "$change"
	is "no verifier takes $change" "refused refused" "$(refused)"
done
changed "$T/whole.json" 'k = p["membership"]; i, j = k.index(0), k.index(3); k[i], k[j] = 3, 0'
is "no other grades" "refused refused" "$(refused)"
holds "the office knows the public paper" hufud draw verify "$draw" --paper "$T/public.json"

# -- replacements: only with a ground and a reason, only the next of the reserve, only appended
set -- $(paper "$T/whole.json" '" ".join(x[0] for x in p["pairs"][:3])')
fails 1 "stays drawn" hufud draw replace "$draw" "$1" --reason "not today"
hufud set subject "$1" --scope $S state=deregistered >/dev/null
fails 2 "why" hufud draw replace "$draw" "$1"
holds "who is gone gives way" hufud draw replace "$draw" "$1" --reason "deregistered last week"
fails 1 "no subject that stands drawn" hufud draw replace "$draw" "$1" --reason "once more"
out=$(paper "$T/whole.json" 'p["pairs"][1][1]')
holds "an officer gives way" hufud draw replace "$draw" "$2" --officer "$out" --reason "ill" --json
is "the assignment has the other officer" "False True" "$(hufud export assignment --scope $S --format jsonl | python3 -c '
import json, sys
d, s, a, b = sys.argv[1:]
x = [x for x in map(json.loads, sys.stdin) if x.get("draw") == d and x["subject"] == s][0]
print(a in x["officers"], b in x["officers"])' "$draw" "$2" "$out" "$(json in <"$T/out")")"
hufud draw show "$draw" --out "$T/after.json" >/dev/null
hufud draw show "$draw" --public --out "$T/after-public.json" >/dev/null
is "both programs repeat them" "draw $draw verified: 11 of 97 subjects, 2 replaced" "$(both "$T/after.json")"
is "from the public paper too" "draw $draw verified: 11 of 97 subjects, 2 replaced, lots without names" "$(both "$T/after-public.json")"
is "the next of the same grade came in" True "$(paper "$T/after.json" '(lambda at: c["strata"][at(p["replacements"][0]["in"])]["name"] == c["strata"][at(p["replacements"][0]["out"])]["name"])(lambda i: p["membership"][p["frame"].index(i)])')"
is "with the reason" "deregistered last week" "$(paper "$T/after-public.json" 'p["replacements"][0]["reason"]')"
changed "$T/after.json" 'p["replacements"][0]["in"] = [i for i in p["frame"] if i not in p["result"] and i != p["replacements"][0]["in"]][0]'
is "nobody else comes in" "refused refused" "$(refused)"
holds "the paper of before is still the draw's" hufud draw verify "$draw" --paper "$T/public.json"
changed "$T/after.json" 'p["replacements"].pop(0)'
fails 1 "" hufud draw verify "$draw" --paper "$T/changed.json"

# -- one draw takes another's place only in public
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --town 002 --name first --reason "north only" --json >"$T/out"
first=$(json id <"$T/out")
fails 2 "reason" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --industry H --replaces "$first"
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --town 002 --visited-before 2026-01-01 --replaces "$first" --reason "the period was forgotten" --json >"$T/out"
hufud draw show "$(json id <"$T/out")" --out "$T/second.json" >/dev/null
is "the paper says which and why" "$first the period was forgotten" "$(paper "$T/second.json" 'c["replaces"] + " " + c["reason"]')"
fails 1 "void" hufud draw reveal "$first" --seed x

# -- a seed of three people, who committed their parts before
part() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
fails 2 "three or more" hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 2 --town 001 --seed-parts "chen=$(part a),li=$(part b)"
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 2 --town 001 --reason "three parts" --seed-parts "chen=$(part a1),li=$(part b2),wang=$(part c3)" --json >"$T/out"
three=$(json id <"$T/out")
fails 1 "part 2 of the seed is not what 'li' committed" hufud draw reveal "$three" --seed "a1|b9|c3"
holds "all three together" hufud draw reveal "$three" --seed "a1|b2|c3"
hufud draw run "$three" >/dev/null
hufud draw show "$three" --out "$T/three.json" >/dev/null
# (who was deregistered above was drawn: of which town depends on the draw's id)
left=$(hufud export subject --scope $S --format jsonl | python3 -c '
import json, sys
print(sum(json.loads(l)["town"] == "001" and json.loads(l).get("state") == "in_business" for l in sys.stdin))')
out=$(paper "$T/three.json" 'len([e for e in p["excluded"] if e["reason"].startswith(("exempt", "visited"))])')
is "both programs know the parts" "draw $three verified: 2 of $((left - out)) subjects" "$(both "$T/three.json")"
holds "everything fits together" hufud check
passed

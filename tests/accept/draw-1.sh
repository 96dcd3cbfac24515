#!/usr/bin/env bash
# The paper of a draw: what anybody may check, and what nobody can change in it.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town; for i in $(seq 12); do echo "s$i,subject $i,in_business,001"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state; for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i,2015-01-01,2099-12-31,valid"; done; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null

# both FILE: what both programs say of it, and with which code
both() {
	local a b first code=0
	a=$(hufud draw verify "$1" 2>"$T/why.c") || code=$?
	b=$(python3 docs/verify_draw.py "$1" 2>&1) && first="0" || first="$?"
	first="$(head -n1 <<<"$a") $first" a="$a $first"
	case "$b" in draw\ *) b="$b $(head -n1 <<<"$b") $code" ;; *) b="  $code" ;; esac
	[ "$a" = "$b" ] && echo "$first" || echo "they differ: $a, $b: $(cat "$T/why.c")"
}
# changed FILE 'python that changes the paper p' > other file
changed() { python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); c = p["committed"]
exec(sys.argv[2]); print(json.dumps(p))' "$1" "$2"; }

# -- words that name what is not there
hufud rate --scope $S >/dev/null
commit() { hufud draw commit "${ANNOUNCED[@]}" --scope $S "$@"; }
fails 1 "no grade 'Z': there are A, B, C, D, unrated" commit --quota Z=3
fails 1 "no grade 'Z': there are A" commit --ratio A=5%,Z=3%
fails 1 "no grade 'Q'" commit --grade Q --count 1
fails 1 "no subject of '$S' is in town '999'" commit --town 001,999 --count 1
fails 1 "has the flag 'nobody'" commit --flag nobody --count 1
fails 1 "has the tag 'nobody': set 'tags'" commit --tag nobody --count 1
fails 1 "begins with 'Q'" commit --industry Q --count 1
fails 1 "no state 'asleep' of subjects: there are in_business" commit --state asleep --count 1
fails 1 "no scheme 'other'" commit --scheme other --grade A --count 1
fails 1 "12 subjects, fewer than its quota of 13" commit --count 13
hufud import division <(printf 'code,name,level\n330106000000,X,county\n330106001000,Y,town\n') >/dev/null
fails 1 "no town '999' in '$S': no division has the code 330106999" commit --town 999 --count 1
printf 'id,code,name\ni1,c1,fire doors\n' >"$T/items.csv"
hufud import item "$T/items.csv" --scope catalog >/dev/null
fails 1 "no item 'i2'" commit --item i2 --count 1
hufud account add eye --role auditor --scope $S >/dev/null
fails 1 "'eye' may not commit draws in scope '$S'" commit --count 99 --town 999 --as eye

hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 3 --name winter >/dev/null
first=$(hufud draw list --json | json draws.0.id)
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 4 --reason "the count was a slip" --json >"$T/out"
draw=$(json id <"$T/out")
hufud draw show "$first" --out "$T/void.json" >/dev/null
hufud draw show "$draw" --out "$T/committed.json" >/dev/null
is "the first is void" "draw $first is as committed: 12 subjects, void 0" "$(both "$T/void.json")"
is "the second is committed" "draw $draw is as committed: 12 subjects, not drawn yet 0" "$(both "$T/committed.json")"
hufud draw reveal "$draw" --seed 07-11-19 >/dev/null
hufud draw show "$draw" --out "$T/revealed.json" >/dev/null
is "its seed is known" "draw $draw is as committed: 12 subjects, not drawn yet 0" "$(both "$T/revealed.json")"
hufud draw run "$draw" >/dev/null
hufud draw show "$draw" --out "$T/drawn.json" >/dev/null
is "it is drawn" "draw $draw verified: 4 of 12 subjects 0" "$(both "$T/drawn.json")"
# uncovered FILE: what both programs say that the commitment does not hold
uncovered() { { hufud draw verify "$1"; python3 docs/verify_draw.py "$1"; } | sed -n 's/^  not covered by the commitment: \(.*\); compare with what was announced$/\1/p' | uniq -c | sed 's/^ *//'; }
is "nothing but the commitment yet" "" "$(uncovered "$T/committed.json")"
is "why it is void is a word" "2 void_reason" "$(uncovered "$T/void.json")"
is "seed and hour came later" "2 seed, revealed_at" "$(uncovered "$T/drawn.json")"

for change in 'c["id"]="other"' 'c["reason"]="another"' 'c["replaces"]="other"' 'c["committed_at"]-=1' \
	'c["algorithm"]="x"' 'del c["reason"]' 'c["name"]="x"' 'p["id"]="other"' 'p["note"]="x"' 'c["note"]="x"' \
	'p["pool"][0]["note"]="x"' 'p["state"]="revealed"' 'p["state"]="committed"' 'p["state"]="checked"' 'del p["state"]' \
	'p["revealed_at"]=c["committed_at"]-1' 'p["revealed_at"]="2026-11-22"' 'del p["revealed_at"]' \
	'p["seed"]="x"' 'p["format"]=1' 'p["void_reason"]="x"' 'p["frame"][0]="s99"' 'p["frame"][0]=1.5'; do
	changed "$T/drawn.json" "$change" >"$T/changed.json"
	is "no verifier takes $change" " 1" "$(both "$T/changed.json")"
done
changed "$T/drawn.json" 'p["committed"]["rules"]["towns"]=["001"]' >"$T/changed.json"
fails 1 "commitment" hufud draw verify "$T/changed.json"

# what a file cannot prove the records can
for f in committed revealed drawn; do
	holds "the office knows the paper '$f'" hufud draw verify "$draw" --paper "$T/$f.json"
done
changed "$T/revealed.json" 'p["seed"]="chosen"' >"$T/changed.json"
holds "a file alone does not tell another seed" hufud draw verify "$T/changed.json"
fails 1 "'seed' is not that of draw" hufud draw verify "$draw" --paper "$T/changed.json"
changed "$T/drawn.json" 'p["revealed_at"]+=1' >"$T/changed.json"
fails 1 "'revealed_at'" hufud draw verify "$draw" --paper "$T/changed.json"
fails 1 "is not that of draw" hufud draw verify "$draw" --paper "$T/void.json"
fails 2 "no id of a draw" hufud draw verify "$T/drawn.json" --paper "$T/drawn.json"

# -- what was drawn is not set: it is replaced, in public
drawn() { hufud export assignment --scope $S --format jsonl | python3 -c '
import json, sys
a = sorted((x for x in map(json.loads, sys.stdin) if x.get("draw") == sys.argv[1] and x["state"] == "issued"), key=lambda x: x["id"])
print(eval(sys.argv[2]))' "$draw" "$1"; }
a=$(drawn 'a[0]["id"]') subject=$(drawn 'a[0]["subject"]') team=$(drawn '";".join(a[0]["officers"])')
other=$(drawn '(lambda u: ";".join(u))(sorted({"o1","o2","o3","o4"} - set(a[0]["officers"])))')
for change in subject=s99 draw=@null item=i1 cause=triggered; do
	fails 1 "'${change%%=*}' no longer changes" hufud set assignment "$a" --scope $S $change
done
fails 1 "hufud draw replace $draw $subject" hufud set assignment "$a" --scope $S officers="$other"
fails 1 "has 0 of the at least 2" hufud set assignment "$a" --scope $S officers=@null
printf 'id,officers\n%s,%s\n' "$a" "$other" >"$T/team.csv"
fails 3 "" hufud import assignment "$T/team.csv" --scope $S
grep -q "hufud draw replace" "$T"/*reject* "$T/out" 2>/dev/null || { cat "$T/out"; ls "$T"; exit 1; }
hufud show assignment "$a" --scope $S --json | python3 -c '
import json, sys
r = json.load(sys.stdin)["record"]; del r["draw"]; print(json.dumps(r))' >"$T/base.json"
fails 1 "hufud draw replace" hufud set assignment "$a" --scope $S --base "$T/base.json" officers="$other"
is "its team is the drawn one" "$team" "$(drawn '";".join(a[0]["officers"])')"

# -- who comes in may check today, not only when the frame was committed
out=${team%;*}
for o in ${other/;/ }; do hufud set officer "$o" --scope $S state=suspended >/dev/null; done
fails 1 "too few officers" hufud draw replace "$draw" "$subject" --officer "$out" --reason ill
is "nothing was written" "$team" "$(drawn '";".join(a[0]["officers"])')"
hufud set officer "${other#*;}" --scope $S state=active >/dev/null
holds "the one who may comes in" hufud draw replace "$draw" "$subject" --officer "$out" --reason ill --json
is "and is said to" "${other#*;}" "$(json in <"$T/out")"
now=${other#*;}
fails 1 "let an officer of '$subject' give way before: another one is for a second person" \
	hufud draw replace "$draw" "$subject" --officer "$now" --reason "ill again"
is "the team has no other" "$(printf '%s\n' "${team#*;}" "${other#*;}" | sort | paste -sd';')" "$(drawn '";".join(a[0]["officers"])')"
hufud draw show "$draw" --out "$T/replaced.json" >/dev/null
holds "the paper says both" python3 docs/verify_draw.py "$T/replaced.json"
is "but when and why is the office's word" "2 seed, revealed_at, time and reason of replacements" "$(uncovered "$T/replaced.json")"

# -- the office's assignments are held against the draw
holds "they are as drawn" hufud draw verify "$draw"
hufud set assignment "$a" --scope $S state=cancelled reason="closed for good" >/dev/null
b=$(drawn 'a[0]["id"]') of=$(drawn 'a[0]["subject"]')
hufud set assignment h1 subject="$of" officers='o1;o2' draw="$draw" state=issued --new --scope $S >/dev/null
fails 1 "1 assignment is not as draw" hufud draw verify "$draw"
grep -q "assignment h1 of $of: it claims the draw and was not drawn" "$T/out"
fails 1 "h1" hufud check
fails 1 "was drawn: it is reassigned only with 'reason'" hufud set assignment "$b" --scope $S state=reassigned reassigned_to=h1
fails 1 "is for a second person to say, and 'admin' wrote that one" hufud set assignment "$b" --scope $S state=reassigned reassigned_to=h1 reason="too far"
hufud account add zhao --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
token=$(hufud token make zhao --label given --json | json token)
server_start --limit-factor 0
is "nor with a token that the first person made for the second" 409 "$(curl -s -o "$T/body" -w '%{http_code}' -H "Authorization: Bearer $token" -X POST "$URL/v1/assignments/$b/reassign" \
	-H 'If-Match: *' -H 'Content-Type: application/json' -H 'Idempotency-Key: not-in-person' -d '{"reassigned_to":"h1","reason":"too far"}')"
holds "and is told why" grep -q "this token of 'zhao' was made by 'admin'" "$T/body"
server_stop
hufud set assignment "$b" --scope $S state=reassigned reassigned_to=h1 reason="too far" --as zhao >/dev/null
holds "an heir may" hufud draw verify "$draw"
is "what went the legal way is listed" "assignment A of $subject: cancelled, closed for good|assignment B of $of: reassigned, to h1, whose pair was chosen, not drawn: o1, o2; too far|assignment h1 of $of: issued, takes over from B" \
	"$(sed -n "s/$a/A/g; s/$b/B/g; s/^  \(assignment .*\)/\1/p" "$T/out" | LC_ALL=C sort | paste -sd'|')"
holds "which the check takes too" hufud check

# -- a reassignment leads to another assignment of the same subject
new() { hufud set assignment "$1" subject="$2" officers='o1;o2' state=issued --new --scope $S >/dev/null; }
new n1 s1; new n2 s1; new n3 s1; new n4 s2
fails 1 "cannot refer to itself" hufud set assignment n1 --scope $S state=reassigned reassigned_to=n1
fails 1 "is of subject 's2'" hufud set assignment n1 --scope $S state=reassigned reassigned_to=n4
holds "to another" hufud set assignment n1 --scope $S state=reassigned reassigned_to=n2
holds "and on" hufud set assignment n2 --scope $S state=reassigned reassigned_to=n3
fails 1 "leads back" hufud set assignment n3 --scope $S state=reassigned reassigned_to=n1
fails 1 "there is no assignment 'n5'" hufud set assignment n3 --scope $S state=reassigned reassigned_to=n5
new n5 s1
holds "to one that came later" hufud set assignment n3 --scope $S state=reassigned reassigned_to=n5
fails 1 "leads back" hufud set assignment n5 --scope $S state=reassigned reassigned_to=n1
passed

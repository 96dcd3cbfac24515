#!/usr/bin/env bash
# The paper of a draw: what anybody may check, and what nobody can change in it.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town; for i in $(seq 12); do echo "s$i,subject $i,in_business,001"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate; for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i"; done; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null

# both FILE: what both programs say of it, and with which code
both() {
	local a b code=0
	a=$(hufud draw verify "$1" 2>"$T/why.c") || code=$?
	b=$(python3 docs/verify_draw.py "$1" 2>&1) && a="$a 0" || a="$a $?"
	case "$b" in draw\ *) b="$b $code" ;; *) b=" $code" ;; esac
	[ "$a" = "$b" ] && echo "$a" || echo "they differ: $a, $b: $(cat "$T/why.c")"
}
# changed FILE 'python that changes the paper p' > other file
changed() { python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); c = p["committed"]
exec(sys.argv[2]); print(json.dumps(p))' "$1" "$2"; }

hufud draw commit --scope $S --count 3 --name winter >/dev/null
first=$(hufud draw list --json | json draws.0.id)
hufud draw commit --scope $S --count 4 --reason "the count was a slip" --json >"$T/out"
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
passed

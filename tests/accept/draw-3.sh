#!/usr/bin/env bash
# What was done by a draw: visits of other subjects or teams than were drawn are named until somebody answers for them.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town,tags; for i in $(seq 8); do echo "s$i,subject $i,in_business,001,$([ "$i" -le 4 ] && echo "school;near water")"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state; for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i,2015-01-01,2099-12-31,valid"; done; } >"$T/officers.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
hufud account add zhao --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
server_start
WHO=zhao:secret12345 n=0 J=(-H "Content-Type: application/json")

# -- a program asks for the office's labels as `draw commit --tag` does
body='{"scope":"330106","count":3,'"$ANNOUNCED_JSON"',"tags":["near water","nobody"]}'
answers 400 "has the tag 'nobody'" POST /v1/draws "${J[@]}" -H "Idempotency-Key: draw-key-$((n++))" -d "$body"
answers 400 tags POST /v1/draws "${J[@]}" -H "Idempotency-Key: draw-key-$((n++))" -d '{"scope":"330106","count":3,'"$ANNOUNCED_JSON"',"tags":["a,b"]}'
answers 201 '"frame_size":4' POST /v1/draws "${J[@]}" -H "Idempotency-Key: draw-key-$((n++))" -d '{"scope":"330106","count":3,'"$ANNOUNCED_JSON"',"tags":["near water"]}'
draw=$(json id <"$T/body")
hufud draw show "$draw" --out "$T/paper.json" >/dev/null
is "the paper says which" '["near water"]' "$(json committed.rules.tags <"$T/paper.json")"
hufud draw reveal "$draw" --seed one >/dev/null
hufud draw run "$draw" >/dev/null

# -- three checks: as drawn, at another firm, by others
drawn() { hufud export assignment --scope $S --format jsonl | python3 -c '
import json, sys
a = sorted((json.loads(l) for l in sys.stdin), key=lambda x: x["id"])
print(eval(sys.argv[1]))' "$1"; }
tablet a o1
signs() {
	on a "INSERT INTO visit(id,subject,assignment,officers,visited_on,code_shown_at,state)
	      VALUES('$1','$2','$3','$4',$TODAY,$NOON,'signed')"
}
team() { drawn "json.dumps(sorted(set(a[$1]['officers']) | {'o1'}))"; }
for i in 0 1 2; do eval "a$i=$(drawn "a[$i]['id']") s$i=$(drawn "a[$i]['subject']")"; done
others=$(drawn "json.dumps(sorted({'o1','o2','o3','o4'} - set(a[2]['officers'])))")
signs v0 "$s0" "$a0" "$(team 0)"
signs v1 s8 "$a1" "$(team 1)"
signs v2 "$s2" "$a2" "$others"
sync a >/dev/null
fails 1 "2 visits are of another subject or team than draw '$draw' gives" hufud draw verify "$draw"
is "each is named" "visit v1 of s8, for assignment $a1: other_subject, not ratified|visit v2 of $s2, for assignment $a2: other_team, not ratified" \
	"$(sed -n 's/ other_signer//; s/ irregular//; s/^  not as drawn: //p' "$T/out" | LC_ALL=C sort | paste -sd'|')"
fails 1 "does not hold, its paper does" hufud draw verify "$draw"
holds "the records are whole, and the check has nothing to say" hufud check
answers 200 '"holds":false' GET "/v1/draws/$draw/verify"
is "programs are told the same" "v1 s8 None v2 $s2 None" "$(python3 -c '
import json, sys
print(*[x for v in sorted(json.load(open(sys.argv[1]))["visits"], key=lambda v: v["visit"]) for x in (v["visit"], v["subject"], v.get("ratified_by"))])' "$T/body")"

# -- who answers for it does so by name
hufud set visit v1 ratified_by=admin ratified_reason="moved next door" --scope $S >/dev/null
fails 1 "1 visit is of another" hufud draw verify "$draw"
hufud set visit v2 ratified_by=zhao ratified_reason="both were ill" --scope $S --as zhao >/dev/null
holds "nothing is open" hufud draw verify "$draw"
is "and nothing is hidden" "ratified by admin|ratified by zhao" "$(sed -n 's/.*not as drawn: visit .*, \(ratified.*\)/\1/p' "$T/out" | sort | paste -sd'|')"
answers 200 '"holds":true' GET "/v1/draws/$draw/verify"
is "to programs neither" 2 "$(grep -o '"ratified_by"' "$T/body" | wc -l)"
passed

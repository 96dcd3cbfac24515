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
passed

#!/usr/bin/env bash
# Two officers in a basement: they show each other their answers, settle what they disagree on, and sign the same root.
. "$(dirname "$0")/lib.sh"
district
holds "a food checklist is loaded" hufud form load fixtures/forms/food-service.json
F=$(hufud form list --json | python3 -c 'import json,sys
print([f["id"] for f in json.load(sys.stdin)["forms"] if f["form_code"] == "zj-food-service"][0])')
server_start
tablet a o1; tablet b o2
on a "INSERT INTO visit(id,town,subject,officers,lead,form,visited_on,code_shown_at,state)
  SELECT 'v1',town,'s1','[\"o1\",\"o2\"]','o1','$F',$TODAY,$NOON,'open' FROM subject WHERE id='s1'"
sync a >/dev/null; sync b >/dev/null; sync a >/dev/null
server_stop
peer() { hufu peer "$2" "${@:3}" --replica "$T/$1.db"; }
ans() { on "$1" "INSERT INTO answer(visit,town,point,author,value) SELECT 'v1',town,'$3','$2','$4' FROM visit WHERE id='v1'"; }
root() { hufu peer show v1 --json --replica "$T/$1.db" | json root; }
disputed() { hufu peer show v1 --json --replica "$T/$1.db" | json disputed; }
values() { hufu peer show v1 --json --replica "$T/$1.db" | python3 -c '
import json, sys
p = [p for p in json.loads(sys.stdin.readline())["points"] if p["point"] == sys.argv[1]][0]
print(p["state"], p.get("value", "-"), "+".join(p["authors"]))' "$2"; }

# --- no network: different points, the same value, different values, a skip against an answer ---
fails 1 "nothing of visit 'v1' was signed on this tablet" peer b create v1 "$T/none"
for p in licence licence_shown health training purchase expired additives; do ans a o1 $p pass; done
for p in separation disinfection waste; do ans b o2 $p pass; done
ans b o2 pests fail; ans b o2 remark none; ans b o2 licence pass; ans b o2 expired fail
ans a o1 cold_dishes no; ans b o2 cold_room fail
is "before they talk A knows of no dispute" "[]" "$(disputed a)"
holds "A writes a file for B" peer a create v1 "$T/a1"
holds "B writes one for A" peer b create v1 "$T/b1"
is "nobody reads it on the way" 0 "$(grep -c 'licence\|expired' "$T/a1" || true)"
head -c 900 "$T/a1" >"$T/cut"
fails 1 "cut or altered" peer b take "$T/cut"
fails 1 "nothing for this tablet" peer a take "$T/a1"
holds "B takes A's" peer b take "$T/a1"
is "with eight answers" 1 "$(grep -c '8 answers of officer o1' "$T/out")"
holds "A takes B's" peer a take "$T/b1"
holds "twice, to be sure" peer a take "$T/b1"
is "what A says is no edit on B" 0 "$(on b "SELECT count(*) FROM answer WHERE author='o1'")"
is "both see a point of one officer (3)" "passed pass o1 passed pass o1" "$(values a health) $(values b health)"
is "the same value has two authors (4)" "passed pass o1+o2" "$(values b licence)"
is "different values are disputed (5)" "disputed - o1+o2" "$(values a expired)"
is "the answered point stands against the skip (6)" "failed fail o2" "$(values a cold_room)"
is "its gate is disputed" "disputed - o1" "$(values b cold_dishes)"
is "both see the same disputes" "$(disputed a)" "$(disputed b)"
is "two of them" '["expired", "cold_dishes"]' "$(disputed a)"
is "and the same root" "$(root a)" "$(root b)"
holds "people read who said what" grep -q "expired: pass by o1, fail by o2" <(peer b show v1)
fails 1 "officers disagree on point 'expired'" peer a sign v1
on b "UPDATE visit SET state='signed' WHERE id='v1'"
fails 1 "officers disagree on point 'expired'" hufu commit -m x --replica "$T/b.db"
hufu undo visit v1 --replica "$T/b.db" >/dev/null

# --- they talk: the lead settles one, gives up the other, fills the rest in ---
on a "UPDATE answer SET value='fail', settles=1 WHERE point='expired' AND author='o1'"
on a "UPDATE answer SET value='yes' WHERE point='cold_dishes' AND author='o1'"
ans a o1 cold_temp 12
holds "A shows it" peer a create v1 "$T/a2"
holds "B takes it" peer b take "$T/a2"
fails 1 "already a file" peer a create v1 "$T/a2"
holds "an older file changes nothing" peer b take "$T/a1"
is "nothing is disputed" "[] []" "$(disputed a) $(disputed b)"
ROOT=$(root a)
is "the same root on both" "$ROOT" "$(root b)"
on a "UPDATE visit SET state='signed', root_hash='$(printf '0%.0s' $(seq 64))' WHERE id='v1'"
fails 1 "answers here are others" hufu commit -m x --replica "$T/a.db"
hufu undo visit v1 --replica "$T/a.db" >/dev/null
holds "A signs" peer a sign v1
holds "B signs" peer b sign v1
is "the same root" "$ROOT $ROOT" "$(on a "SELECT root_hash FROM visit WHERE id='v1'") $(on b "SELECT root_hash FROM visit WHERE id='v1'")"
holds "under A's name" hufu commit -m "signed on the spot" --replica "$T/a.db"
holds "and B's" hufu commit -m "signed on the spot" --replica "$T/b.db"

# --- back in the network: A first, whose tablet hands over B's answers before its own signature ---
server_start
holds "A syncs" sync a
holds "B syncs" sync b
holds "A syncs again" sync a
verdict() { hufud visit v1 --scope $S --json | json "$1"; }
is "no conflict" 0 "$(hufud conflicts list --scope $S --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["conflicts"]))')"
is "nothing in quarantine" 0 "$(hufud quarantine list --scope $S --json | python3 -c 'import json,sys; print(sum(len(v) for v in json.load(sys.stdin).values() if isinstance(v, list)))')"
is "the visit is signed" signed "$(verdict state)"
is "no answer was left out" 0 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM answer WHERE state='left_out'")"
is "the server has the root that both signed" "$ROOT" "$(verdict root)"
is "it is on the record" "$ROOT" "$(hufud show visit v1 --scope $S --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["record"]["root_hash"])')"
is "and says nothing against it" 0 "$(hufud visit v1 --scope $S --json | grep -c other_root || true)"
for t in a b; do is "tablet $t equals the server" "$(server_root)" "$(root_of $t)"; done

# --- a tablet that B does not know from the server ---
tablet c o3
on c "INSERT INTO visit(id,subject,town,officers,form,visited_on,code_shown_at,state)
  SELECT 'v3','s3',town,'[\"o3\",\"o2\"]','$F',$TODAY,$NOON,'open' FROM subject WHERE id='s3'"
holds "C writes for B" peer c create v3 "$T/c1"
fails 1 "does not know" peer b take "$T/c1"
is "nothing of it is kept" 0 "$(on b "SELECT count(*) FROM hufu_peer WHERE visit='v3'")"
sync b >/dev/null
holds "after a sync B knows C" peer b take "$T/c1"
hufud terminal revoke "$(hufu info --json --replica "$T/c.db" | json enrolment)" --reason lost --scope $S >/dev/null
sync b >/dev/null
fails 1 "was revoked" peer b take "$T/c1"
holds "the tablets are whole" hufu verify --replica "$T/b.db"
holds "the data folder is whole" hufud check
passed

#!/usr/bin/env bash
# Two officers, one checklist: answers by point and author, result codes, an order to correct.
. "$(dirname "$0")/lib.sh"
district
of() { hufud visit v1 --scope $S --json | json "$1"; }
server() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }

# the catalog: two checklists, working days
holds "a food checklist is loaded" hufud form load fixtures/forms/food-service.json
holds "a fire checklist is loaded" hufud form load fixtures/forms/fire-safety.json
is "loading again changes nothing" unchanged "$(hufud form load fixtures/forms/food-service.json --json | json outcome)"
is "both are listed, published" 2 "$(hufud form list | grep -c published)"
sed 's/持有有效的/持有/' fixtures/forms/food-service.json >"$T/other.json"
fails 1 "give it a new version" hufud form load "$T/other.json"
sed 's/"id": "licence_shown"/"id": "licence"/; s/"version": 1/"version": 9/' fixtures/forms/food-service.json >"$T/bad.json"
fails 1 "'licence' stands twice" hufud form load "$T/bad.json"
sed 's/"point": "cold_dishes"/"point": "nowhere"/; s/"version": 1/"version": 9/' fixtures/forms/food-service.json >"$T/bad.json"
fails 1 "no point before it" hufud form load "$T/bad.json"
holds "the working days of three years are imported" hufud import calendar fixtures/calendar/2025-2027.csv
F=$(hufud form list --json | python3 -c 'import json,sys
print([f["id"] for f in json.load(sys.stdin)["forms"] if f["form_code"] == "zj-food-service"][0])')

# a visit of two officers pins the form, the item and the versions
server_start
tablet t1 o1; tablet t2 o2
seen=$(on t1 "SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='subject' AND id='s1'")
is "the version of a subject is what stock git would compute" 40 "${#seen}"
on t1 "INSERT INTO visit(id,subject,assignment,officers,lead,form,subject_version,visited_on,code_shown_at,state)
  VALUES('v1','s1','a1','[\"o1\",\"o2\"]','o1','$F','$seen','2026-11-20',1795147200000,'open')"
sync t1 >/dev/null; sync t2 >/dev/null
is "nothing is answered yet" incomplete "$(of verdict)"
is "15 points, 15 open" 15 "$(hufud visit v1 --scope $S --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["open"]))')"

# different points by two: each stands, with its author (case 3)
ans() { on "$1" "INSERT INTO answer(visit,point,author,value) VALUES('v1','$3','$2','$4')"; }
for p in licence licence_shown health training purchase expired additives; do ans t1 o1 $p pass; done
for p in separation disinfection waste; do ans t2 o2 $p pass; done
ans t2 o2 pests fail; ans t2 o2 remark 无
# one says there are no cold dishes, the other has checked the cold room (case 6)
ans t1 o1 cold_dishes no; ans t2 o2 cold_room fail
# the same value by two (case 4), different ones (case 5)
ans t2 o2 licence pass; ans t2 o2 expired fail
sync t1 >/dev/null; sync t2 >/dev/null; sync t1 >/dev/null
point() { hufud visit v1 --scope $S --json | python3 -c '
import json, sys
p = [p for p in json.load(sys.stdin)["points"] if p["point"] == sys.argv[1]][0]
print(p["state"], p.get("value", "-"), "+".join(p["authors"]))' "$1"; }
is "a point of one officer stands" "passed pass o1" "$(point health)"
is "the same value has two authors" "passed pass o1+o2" "$(point licence)"
is "different values are disputed, nothing stands" "disputed - o1+o2" "$(point expired)"
is "the answered point stands against the skip" "failed fail o2" "$(point cold_room)"
is "its gate is disputed" "disputed - o1" "$(point cold_dishes)"
is "the verdict waits" disputed "$(of verdict)"
is "and says so" False "$(of can_be_signed)"
holds "people read both answers" grep -q "fail .*by o2" <(hufud visit v1 --scope $S)
for t in t1 t2; do is "tablet $t matches" "$(server_root)" "$(root_of $t)"; done

# nobody signs while they disagree
on t1 "UPDATE visit SET state='signed' WHERE id='v1'"
fails 1 "officers disagree on point" hufu commit -m x --replica "$T/t1.db"
hufu undo --replica "$T/t1.db" visit v1 >/dev/null
# a tablet that does not know yet is told by the server
on t1 "INSERT INTO visit(id,subject,officers,form,visited_on,state) VALUES('v2','s2','[\"o1\",\"o2\"]','$F','2026-11-20','open')"
on t1 "UPDATE visit SET state='arrived' WHERE id='v2'"
fails 1 "goes to 'arrived' only with 'code_shown_at'" hufu commit -m x --replica "$T/t1.db"
on t1 "UPDATE visit SET state='open', code_shown_at=1795147200000 WHERE id='v2'"
on t1 "INSERT INTO answer(visit,point,author,value) VALUES('v2','health','o1','pass')"
sync t1 >/dev/null; sync t2 >/dev/null
on t2 "INSERT INTO answer(visit,point,author,value) VALUES('v2','health','o2','fail')"
sync t2 >/dev/null
on t1 "UPDATE visit SET state='signed' WHERE id='v2'"
sync t1 >/dev/null || true
is "the visit stays as it was" open "$(server "SELECT state FROM visit WHERE id='v2'")"
holds "and the office sees why" grep -q "disputed" <(hufud quarantine list --scope $S)

# an answer is its author's
on t2 "UPDATE answer SET value='fail' WHERE visit='v1' AND point='health'"
fails 1 "only its author changes it" hufu commit -m x --replica "$T/t2.db"
hufu undo --replica "$T/t2.db" answer "$(on t2 "SELECT id FROM answer WHERE visit='v1' AND point='health'")" >/dev/null
on t1 "INSERT INTO answer(id,visit,point,author,value) VALUES('again','v1','health','o1','fail')"
fails 1 "change that one" hufu commit -m x --replica "$T/t1.db"
hufu undo --replica "$T/t1.db" answer again >/dev/null
one=$(server "SELECT id FROM answer WHERE visit='v1' AND point='health'")
fails 1 "only its author" hufud set answer "$one" value=fail --scope $S

# they talk; one changes an answer, the lead settles the other point
on t1 "UPDATE answer SET value='yes' WHERE point='cold_dishes' AND author='o1'"
on t1 "UPDATE answer SET value='fail', settles=1 WHERE point='expired' AND author='o1'"
ans t1 o1 cold_temp 12
sync t1 >/dev/null; sync t2 >/dev/null
is "nothing is disputed, all is answered" "[] []" "$(of disputed) $(of open)"
is "a key point failed: serious" serious "$(of verdict)"
is "the settled point keeps both" "failed fail o1+o2" "$(point expired)"

# result codes: checked on the tablet, and by the server
on t1 "UPDATE visit SET result_codes='[\"1\",\"3\"]' WHERE id='v1'"
fails 1 "stands alone" hufu commit -m x --replica "$T/t1.db"
on t1 "UPDATE visit SET result_codes='[\"9\"]' WHERE id='v1'"
fails 1 "needs 'proof'" hufu commit -m x --replica "$T/t1.db"
on t1 "UPDATE visit SET result_codes='[\"99\"]' WHERE id='v1'"
fails 1 "no code '99'" hufu commit -m x --replica "$T/t1.db"
fails 1 "stands alone" hufud set visit v1 'result_codes=1;D' --scope $S
# one tablet writes 'nothing found', the other what it found
on t1 "UPDATE visit SET result_codes='[\"1\"]' WHERE id='v1'"
on t2 "UPDATE visit SET result_codes='[\"3\",\"A\"]' WHERE id='v1'"
sync t1 >/dev/null; sync t2 >/dev/null; sync t1 >/dev/null
is "what was found stands" '["3","A"]' "$(on t1 "SELECT result_codes FROM visit WHERE id='v1'")"
is "and a person is asked" 1 "$(hufud conflicts list --scope $S --json | python3 -c 'import json,sys
print(len([c for c in json.load(sys.stdin)["conflicts"] if c["field_group"] == "result_codes"]))')"

# a later version of the form changes no started visit
sed 's/"version": 1/"version": 2/; s/"valid_from": "2026-01-01"/"valid_from": "2026-11-01"/; s/"id": "waste"/"id": "waste2", "key": true/' \
	fixtures/forms/food-service.json >"$T/v2.json"
holds "version 2 is loaded" hufud form load "$T/v2.json"
F2=$(hufud form list --json | python3 -c 'import json,sys
print([f["id"] for f in json.load(sys.stdin)["forms"] if f["version"] == 2][0])')
sync t1 >/dev/null
on t1 "UPDATE visit SET form='$F2' WHERE id='v1'"
fails 1 "'form' is set once" hufu commit -m x --replica "$T/t1.db"
hufu undo --replica "$T/t1.db" visit v1 >/dev/null
is "it is judged by what it began with" 1 "$(of form_version)"
is "beyond the week of grace that is flagged" '["old_form"]' "$(of flags)"
is "the new key point is named" '["waste2"]' "$(of supplement)"
flagged() { hufud visit --all --flag "$1" --scope $S --json | python3 -c '
import json, sys
print(" ".join(v["visit"] for v in json.load(sys.stdin)["visits"]))'; }
is "the office finds such visits" "v1 v2" "$(flagged old_form)"
is "and no others" "" "$(flagged form_withdrawn)"
holds "by their verdict, too" grep -q "^v1 .*serious" <(hufud visit --all --verdict serious --scope $S)

# an order to correct, served on a holiday, with 5 working days
on t1 "INSERT INTO rectification(id,visit,subject,points,content,state)
  VALUES('r1','v1','s1','[\"expired\",\"pests\"]','清除过期食品，补装防鼠设施','issued')"
sync t1 >/dev/null
on t1 "UPDATE rectification SET state='served', served_on='2026-09-25', term_days=5 WHERE id='r1'"
sync t1 >/dev/null
late() { hufud rectification list --overdue --as-of "$1" --scope $S --json | python3 -c '
import json, sys
print(" ".join("%s:%s:%d" % (r["id"], r["deadline"], r["working_days_over"]) for r in json.load(sys.stdin)["rectifications"]))'; }
is "28 to 30 September, 8 and 9 October: five working days" 2026-10-09 "$(hufud rectification list --scope $S --json | json rectifications.0.deadline)"
is "on its last day it is not late" "" "$(late 2026-10-09)"
is "on Saturday 10 October, which is worked, it is" r1:2026-10-09:1 "$(late 2026-10-10)"
on t1 "UPDATE rectification SET content='x' WHERE id='r1'"
fails 1 "no longer changes" hufu commit -m x --replica "$T/t1.db"
hufu undo --replica "$T/t1.db" rectification r1 >/dev/null

# the office extends it, the field closes it (case 27)
holds "the office extends" hufud set rectification r1 extended_to=2026-10-23 --scope $S
is "then it is not late" "" "$(late 2026-10-12)"
on t1 "UPDATE rectification SET state='closed', rechecked_on='2026-10-12' WHERE id='r1'"
fails 1 "only with 'proof'" hufu commit -m x --replica "$T/t1.db"
is "without proof the extension stands" served "$(server "SELECT state FROM rectification")"
on t1 "UPDATE rectification SET proof='[\"photo 1\"]' WHERE id='r1'"
sync t1 >/dev/null; sync t2 >/dev/null
is "with proof it is closed, and the extension is on record" "closed 2026-10-23" "$(server "SELECT state||' '||extended_to FROM rectification")"
is "nothing is late any more" "" "$(late 2027-01-31)"

# signed: what comes later stands beside it
on t1 "UPDATE visit SET state='signed' WHERE id='v1'"
sync t1 >/dev/null
is "it is signed" signed "$(of state)"
on t2 "UPDATE answer SET value='pass' WHERE point='pests' AND author='o2'"
sync t2 >/dev/null
is "a later answer does not count" left_out "$(of unused.0.why)"
is "what was signed stands" "failed fail o2" "$(point pests)"

# the form turns out to have no basis: answers stay, the verdict goes (case 17)
fails 2 "needs --reason" hufud form withdraw "$F"
holds "the form is withdrawn" hufud form withdraw "$F" --reason 依据废止
is "no verdict stands on it" withdrawn "$(of verdict)"
is "the answers are kept" "excluded - o1" "$(point health | sed 's/pass/-/')"
sync t1 >/dev/null; sync t2 >/dev/null
for t in t1 t2; do is "tablet $t matches at the end" "$(server_root)" "$(root_of $t)"; done
holds "the server checks" hufud check
passed

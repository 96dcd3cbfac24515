#!/usr/bin/env bash
# What a signed visit names is held against what there is: its day, item, checklist, versions, result and lead; what is refused can be let go of.
. "$(dirname "$0")/lib.sh"
district
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
flags() { office "SELECT coalesce(flags,'none') FROM visit WHERE id='$1'"; }
{ echo code,name; echo c1,kitchens; echo c2,lifts; } >"$T/items.csv"
hufud import item "$T/items.csv" >/dev/null
I1=$(office "SELECT id FROM item WHERE code='c1'") I2=$(office "SELECT id FROM item WHERE code='c2'")
cat >"$T/form.json" <<END
{"form_code": "kitchen", "version": 1, "title": "kitchens", "valid_from": "2026-01-01", "state": "published", "items": ["$I1"],
 "points": [{"id": "licence", "text": "has a licence", "type": "check", "key": true}]}
END
hufud form load "$T/form.json" >/dev/null
F=$(office "SELECT id FROM form")
hufud set assignment a2 subject=s2 officers='o1;o2' item="$I1" state=issued --new --scope $S >/dev/null
server_start
tablet a o1
tablet c o2
# signs VISIT SUBJECT ASSIGNMENT ITEM FORM VERSION RESULT [DAY]
signs() {
	on a "INSERT INTO visit(id,subject,assignment,item,form,subject_version,result_codes,officers,visited_on,code_shown_at,state)
	      VALUES('$1','$2',nullif('$3',''),nullif('$4',''),nullif('$5',''),nullif('$6',''),nullif('$7',''),'[\"o1\",\"o2\"]',${8:-$TODAY},$NOON,'signed')"
}

# the day
on a "INSERT INTO visit(id,subject,officers,code_shown_at,state) VALUES('d0','s9','[\"o1\",\"o2\"]',$NOON,'signed')"
sync a >/dev/null 2>&1 || true
holds "without a day it is not signed" sh -c "hufu status --replica '$T/a.db' | grep -q \"only with 'visited_on'\""
hufu undo visit d0 --replica "$T/a.db" >/dev/null
signs d1 s9 '' '' '' '' '' "'2026-03-01'"
signs d2 s1 a1 '' '' '' ''
sync a >/dev/null
is "a visit of March whose code was shown today" '["other_day"]' "$(flags d1)"
is "and one of today" none "$(flags d2)"
on a "UPDATE visit SET state='submitted' WHERE id='d1'"
sync a >/dev/null
fails 1 "has the flag 'other_day'" hufud set visit d1 state=published --scope $S

# item, checklist, version
signs p1 s2 a2 "$I2" '' '' ''
signs p2 s3 '' "$I1" '' '' ''
signs p3 s3 '' "$I2" "$F" '' ''
signs p4 s3 '' '' nowhere '' ''
signs p5 s3 '' '' '' never ''
signs p6 s3 '' "$I1" "$F" "$(on a "SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='subject' AND id='s3'")" ''
sync a >/dev/null
is "another item than its order's" '["other_item"]' "$(flags p1)"
is "no checklist, and there is one for its item" '["no_form"]' "$(flags p2)"
is "the checklist of another item, or none that is known" '["other_form"] ["other_form"]' "$(flags p3) $(flags p4)"
is "a version that never was" '["other_version"]' "$(flags p5)"
is "all as it should be" none "$(flags p6)"
before=$(on a "SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='subject' AND id='s6'")
hufud set subject s6 name="moved on" --scope $S >/dev/null
signs p7 s6 '' '' '' '' ''
sync a >/dev/null
hufud set subject s6 name="and on" --scope $S >/dev/null
is "where it names none, its packet tells what its signer saw" "$before" "$(hufud visit p7 --scope $S --json | json subject_version_seen)"
holds "in words, too" sh -c "hufud visit p7 --scope $S | grep -q 'signed on version $before of its subject'"
later=$(on a "SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='subject' AND id='s6'")
signs p8 s6 '' '' '' '' ''
sync a >/dev/null
is "a later one has seen another" "$later no" "$(hufud visit p8 --scope $S --json | json subject_version_seen) $([ "$later" = "$before" ] || echo no)"

# "nothing found"
signs r1 s4 '' "$I1" "$F" '' '["1"]'
sync a >/dev/null
is "nothing found, and nobody looked" '["result_contradicts"]' "$(flags r1)"
on a "INSERT INTO answer(visit,point,author,value) VALUES('r2','licence','o1','fail')"
signs r2 s4 '' "$I1" "$F" '' '["1"]'
sync a >/dev/null 2>&1 || true
holds "the tablet keeps what its own answers deny" sh -c "hufu status --replica '$T/a.db' | grep -q 'nothing found: it has a point that failed'"
on a "UPDATE visit SET result_codes='[\"A\"]' WHERE id='r2'"
sync a >/dev/null
is "with what was found it is signed" "signed none" "$(office "SELECT state FROM visit WHERE id='r2'") $(flags r2)"
is "each flag has its alarm" "no_form,other_day,other_form,other_item,other_version,result_contradicts" \
	"$(office "SELECT group_concat(rule) FROM (SELECT DISTINCT rule FROM alarm WHERE level='alarm' ORDER BY rule)")"

# what the tablet knows and the officer leaves empty
held=$(on a "SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='item' AND id='$I1'")
on a "INSERT INTO visit(id,subject,item,form,officers,visited_on,code_shown_at,state)
	VALUES('e1','s7','$I1','$F','[\"o1\",\"o2\"]',$TODAY,$NOON,'signed')"
sync a >/dev/null
is "a signed visit says which version of its item was used" "$held" "$(hufud visit e1 --scope $S --json | json item_version)"
is "the tablet put it into its subject's town: one entry" "1 1" "$(office "SELECT (SELECT count(*) FROM log WHERE id='e1')||' '||(v.town=s.town) FROM visit AS v JOIN subject AS s ON s.id=v.subject WHERE v.id='e1'")"

# who leads
on a "INSERT INTO visit(id,subject,form,officers,code_shown_at,state) VALUES('l1','s5','$F','[\"o1\",\"o2\"]',$NOON,'checking');
      INSERT INTO answer(id,visit,point,author,value) VALUES('n1','l1','licence','o1','pass')"
sync a >/dev/null; sync c >/dev/null
on c "INSERT INTO answer(id,visit,point,author,value) VALUES('n2','l1','licence','o2','fail')"
sync c >/dev/null; sync a >/dev/null
on a "UPDATE visit SET lead='o1' WHERE id='l1'; UPDATE answer SET settles=1 WHERE id='n1'"
sync a >/dev/null 2>&1 || true
holds "who is in a dispute does not appoint himself" sh -c "hufu status --replica '$T/a.db' | grep -q \"'lead' is set before the first answer\""
is "it stays open" disputed "$(hufud visit l1 --scope $S --json | json verdict)"
hufu undo --replica "$T/a.db" >/dev/null
holds "the office does" hufud set visit l1 lead=o1 --scope $S
is "and his answer settles it" clean "$(hufud visit l1 --scope $S --json | json verdict)"
sync a >/dev/null

# the town, and what is let go of
is "visits lie in their subjects' towns" 0 "$(office "SELECT count(*) FROM visit AS v JOIN subject AS s ON s.id=v.subject WHERE v.town<>s.town")"
on a "UPDATE subject SET name='mine' WHERE id='s8'"
former a subject s8
sync a >/dev/null
holds "what no officer writes is told" sh -c "hufu status --replica '$T/a.db' | grep -q 'quarantined.*s8\|s8.*quarantined'"
holds "and let go of" hufu undo subject s8 --replica "$T/a.db"
is "nothing asks any longer" 0 "$(hufu status --replica "$T/a.db" | grep -c s8)"
is "the server has it still" 1 "$(hufud quarantine list --scope $S | grep -c s8)"
fails 1 "nothing in quarantine" hufu undo subject s8 --replica "$T/a.db"
holds "conflicts says what the words mean" sh -c "hufu conflicts --help | grep -q 'let go of it'"
sync a >/dev/null
is "the tablet matches" "$(server_root)" "$(root_of a)"
holds "everything holds" hufud check
passed

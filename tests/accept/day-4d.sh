#!/usr/bin/env bash
# A signed visit decides alone; what it does not match, and what contradicts it, is told and does not count.
. "$(dirname "$0")/lib.sh"
district
{ echo "id,subject,officers,due,state"
  for i in 2 3 4 5; do echo "a$i,s$i,o1;o2,2099-12-31,issued"; done; } >"$T/more.csv"
hufud import assignment "$T/more.csv" --scope $S >/dev/null
server_start
tablet a o1
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
state() { hufud show assignment "$1" --scope $S --json | json record.state; }
# signs VISIT SUBJECT ASSIGNMENT OFFICERS: and nothing else is written
signs() {
	on a "INSERT INTO visit(id,subject,assignment,officers,visited_on,code_shown_at,state)
	      VALUES('$1','$2',nullif('$3',''),'$4',$TODAY,$NOON,'signed')"
}

# orders that moved meanwhile
signs v1 s1 a1 '["o1","o2"]'; signs v2 s2 a2 '["o1","o2"]'; signs v3 s3 a3 '["o1","o2"]'
hufud set assignment a1 state=cancelled reason=friend --scope $S >/dev/null
hufud set assignment b2 subject=s2 officers='o1;o2' state=issued --new --scope $S >/dev/null
hufud set assignment a2 state=reassigned reassigned_to=b2 --scope $S >/dev/null
# a drawn check "done" at another firm, by another team, in another's name
signs v4 s9 a4 '["o1","o2"]'; signs v5 s5 a5 '["o2","o3"]'
sync a >/dev/null
is "cancelled, and it was done: a second person says" done_contested "$(state a1)"
is "its question names who did it and who called it off" "o1 admin" "$(office "SELECT author||' '||server_author FROM conflict WHERE record_id='a1'")"
is "reassigned, and it was done: the other is withdrawn" "done withdrawn" "$(state a2) $(state b2)"
is "issued, and it was done" done "$(state a3)"
is "at another subject it is not done" 'issued ["other_subject"]' "$(state a4) $(office "SELECT flags FROM visit WHERE id='v4'")"
is "another team, another signer" '["other_signer","other_team"]' "$(office "SELECT flags FROM visit WHERE id='v5'")"
is "each raises an alarm" "other_signer other_subject other_team" "$(office "SELECT group_concat(rule,' ') FROM (SELECT DISTINCT rule FROM alarm WHERE rule LIKE 'other%' ORDER BY rule)")"
on a "UPDATE visit SET state='submitted' WHERE id='v4'"
sync a >/dev/null
fails 1 "has the flag 'other_subject'" hufud set visit v4 state=published --scope $S

fails 1 "field 'duplicate_of': visit 'v4' cannot refer to itself" hufud set visit v4 duplicate_of=v4 --scope $S

# findings that contradict their visit
on a "INSERT INTO violation(id,visit,subject,found_on,severity,state) VALUES('w1','v6','s7',$TODAY,'high','open'),
      ('w2','v6','s6','2016-01-10','high','open'), ('w3','v6','s6',$TODAY,'high','open')"
on a "INSERT INTO answer(id,visit,point,author,value) VALUES('n1','v6','p1','o1','fail')"
signs v6 s6 '' '["o1","o2"]'
sync a >/dev/null
is "of another subject, and of an earlier day" "w1,w2" "$(office "SELECT group_concat(id) FROM (SELECT id FROM violation WHERE flags LIKE '%contradicts%' ORDER BY id)")"
{ echo id,subject,visited_on; echo t1,s6,2026-01-10; } >"$T/t.csv"
hufud import visit "$T/t.csv" --scope $S >/dev/null
{ echo id,visit,subject,found_on,severity; echo w9,t1,s7,2026-01-10,high; } >"$T/w.csv"
fails 3 "is of another subject: visit 't1' is of subject 's6' on 2026-01-10" hufud import violation "$T/w.csv" --scope $S

# an answer after the signature
on a "UPDATE answer SET value='pass' WHERE id='n1'"
on a "INSERT INTO answer(id,visit,point,author,value) VALUES('n2','v6','p2','o1','pass')"
sync a >/dev/null
hufud export results --scope $S --out "$T/results.csv" >/dev/null
is "what was signed is exported" 1 "$(grep -c ',n1,p1,fail,' "$T/results.csv")"
is "what came later is marked" 1 "$(grep -c ',n2,p2,pass,.*left_out' "$T/results.csv")"
sync a >/dev/null
is "and the officer sees both" "fail left_out" "$(on a "SELECT value FROM answer WHERE id='n1'") $(on a "SELECT state FROM answer WHERE id='n2'")"
is "the tablet matches" "$(server_root)" "$(root_of a)"
holds "everything holds" hufud check
passed

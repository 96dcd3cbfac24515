#!/usr/bin/env bash
# Assignments and visits: legal moves, and what becomes of an order and a fact that missed each other.
. "$(dirname "$0")/lib.sh"
district
{ echo "id,subject,officers,due,state"
  for i in 2 3 4 5 6 7 8 9; do echo "a$i,s$i,o1;o2,2099-12-31,issued"; done; } >"$T/more.csv"
hufud import assignment "$T/more.csv" --scope $S >/dev/null
server_start
tablet a o1
tablet b o2
set_() { hufud set assignment "$@" --scope $S >/dev/null; }
state() { hufud show assignment "$1" --scope $S --json | json record.state; }
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
# begin TABLET ASSIGNMENT VISIT: the check has begun. did TABLET ASSIGNMENT VISIT MS: it was signed, begun so long after noon
begin() {
	on "$1" "UPDATE assignment SET state='in_progress' WHERE id='$2';
	         INSERT INTO visit(id,subject,assignment,officers,visited_on,code_shown_at,state)
	         SELECT '$3', subject, id, '[\"o1\",\"o2\"]', $TODAY, $NOON, 'checking' FROM assignment WHERE id='$2'"
}
did() {
	on "$1" "UPDATE assignment SET state='done' WHERE id='$2';
	         INSERT INTO visit(id,subject,assignment,officers,visited_on,code_shown_at,started_at,state)
	         SELECT '$3', subject, id, officers, $TODAY, $NOON, $NOON+$4, 'signed' FROM assignment WHERE id='$2'"
}

# Legal moves.
fails 1 "cannot go from 'issued' to 'closed', only to" hufud set assignment a1 state=closed --scope $S
fails 1 "'cancelled' only with 'reason'" hufud set assignment a1 state=cancelled --scope $S
{ echo id,subject,state; echo "a99,s1,done"; } >"$T/bad.csv"
fails 3 "cannot begin as 'done', only as draft, issued" hufud import assignment "$T/bad.csv" --scope $S
on a "UPDATE assignment SET state='reviewed' WHERE id='a1'"
fails 1 "cannot go from 'issued' to 'reviewed', only to accepted, declined with decline_reason" hufu commit -m x --replica "$T/a.db"
hufu status --replica "$T/a.db" >"$T/status"
holds "status says the same" grep -q "cannot go from 'issued' to 'reviewed'" "$T/status"
hufu undo assignment a1 --replica "$T/a.db" >/dev/null
holds "the table can be read" sh -c "hufud kind show assignment | grep -q done_contested"

# Two offline, the office meanwhile.
begin a a1 v1
did a a2 v2 0
did a a3 v3 0
begin a a4 v4
did a a5 v5 0
did a a6 v6 3600000
did a a7 v7 0
did a a8 v8 0
on a "UPDATE assignment SET state='declined', decline_reason='my brother works there' WHERE id='a9'"
for i in 1 2 3; do set_ a$i state=cancelled reason="moved away"; done
for i in 4 5 6; do
	hufud set assignment b$i subject=s$i officers='o2;o3' state=issued --new --scope $S >/dev/null
	set_ a$i state=reassigned reassigned_to=b$i
done
sync b >/dev/null
did b b6 w6 0
sync b >/dev/null
set_ a7 due=2098-01-31
set_ a8 officers='o1;o3'
hufud set officer o2 state=suspended --scope $S >/dev/null
set_ a9 state=cancelled reason="moved away"
sync a --json >"$T/1"
is "a sync never fails for it; two need a person" 2 "$(json conflicts <"$T/1")"

is "cancelled, and it had begun: recalled, the partial visit is kept" "recalled checking" "$(state a1) $(hufud show visit v1 --scope $S --json | json record.state)"
is "cancelled, and it was done: contested" "done_contested done_contested" "$(state a2) $(state a3)"
is "reassigned, and it had begun: recalled, what was begun is handed over" 'recalled ["handed_over"]' "$(state a4) $(office "SELECT flags FROM visit WHERE id='v4'")"
is "reassigned, and it was done: it stands, the other is withdrawn" "done withdrawn" "$(state a5) $(state b5)"
is "reassigned, and both did it: both stand, the earlier visit is the primary" "done done w6" "$(state a6) $(state b6) $(office "SELECT duplicate_of FROM visit WHERE id='v6'")"
is "a deadline that came too late was not seen" '["not_seen"] 2098-01-31' "$(office "SELECT flags||' '||due FROM assignment WHERE id='a7'")"
is "an officer was replaced: who was present decides" '["team_changed"] ["irregular","too_few_officers"]' "$(office "SELECT a.flags||' '||v.flags FROM assignment AS a, visit AS v WHERE a.id='a8' AND v.id='v8'")"
is "cancelled, and it was declined: cancelled" cancelled "$(state a9)"
is "the auditor is told" "duplicate_visit alarm v6;reassigned_done notice b5;team_changed alarm v8" \
	"$(office "SELECT group_concat(t, ';') FROM (SELECT rule||' '||level||' '||record_id AS t FROM alarm WHERE rule<>'irregular' ORDER BY rule)")"
is "and of what was signed with an officer who is suspended" 'alarm ["irregular"]' "$(office "SELECT a.level||' '||v.flags FROM alarm AS a, visit AS v WHERE a.rule='irregular' AND a.record_id=v.id AND v.id='v2'")"

{ echo id,subject,state; for i in 2 4 5; do echo "a$i,s$i,issued"; done; } >"$T/orders.csv"
holds "the orders, imported again, are refused nowhere" hufud import assignment "$T/orders.csv" --scope $S
is "and move nothing back" "done_contested recalled done" "$(state a2) $(state a4) $(state a5)"

hufud conflicts show "$(office "SELECT id FROM conflict WHERE record_id='a2'")" --scope $S >"$T/question"
is "the cancelling has its own author" "by account admin" "$(grep -A1 'merged first' "$T/question" | grep -o 'by account admin')"
is "and so has the deed" "by officer 1 (o1)" "$(grep -A1 'came later' "$T/question" | grep -o 'by officer 1 (o1)')"

# The coordinator ratifies one and refuses the other.
question() { office "SELECT id FROM conflict WHERE record_id='$1' AND state='open'"; }
is "a question names its rule" "done_contested duplicate_visit" "$(office "SELECT rule FROM conflict WHERE record_id='a2'") $(office "SELECT rule FROM conflict WHERE record_id='v6'")"
hufud conflicts show "$(question a2)" --scope $S >"$T/told"
holds "and the coordinator reads it" grep -q "on state of assignment 'a2', by the rule done_contested" "$T/told"
fails 1 "for somebody else to say: 'admin' called it off" hufud conflicts decide "$(question a2)" terminal --reason "seen by the shop" --scope $S
fails 1 "for somebody else to say" hufud set assignment a3 state=done reason="I say so" --scope $S
hufud account add head --role coordinator --scope $S >/dev/null </dev/null
hufud conflicts decide "$(question a2)" terminal --reason "seen by the shop" --scope $S --as head >/dev/null
set_ a3 state=cancelled reason="the shop was gone" --as head
is "ratified" "done 0" "$(state a2) $(office "SELECT count(*) FROM visit WHERE id='v2' AND flags LIKE '%outside%'")"
is "refused: the visit stays and is outside its assignment" 'cancelled signed ["irregular","outside_assignment"]' "$(state a3) $(office "SELECT state||' '||flags FROM visit WHERE id='v3'")"
is "moving the state decided the question" "decided server head" "$(office "SELECT state||' '||decision||' '||decided_by FROM conflict WHERE record_id='a3'")"
is "with an alarm" "v3 open" "$(office "SELECT record_id||' '||state FROM alarm WHERE rule='outside_assignment'")"
hufud set alarm "$(office "SELECT id FROM alarm WHERE rule='outside_assignment'")" state=explained explanation="told the firm" --scope $S >/dev/null
is "which is explained" explained "$(office "SELECT state FROM alarm WHERE rule='outside_assignment'")"

# A signed visit.
sync a >/dev/null
on a "UPDATE visit SET summary='added later' WHERE id='v2'"
fails 1 "no longer changes once it is 'signed': write an amendment" hufu commit -m x --replica "$T/a.db"
hufu undo visit v2 --replica "$T/a.db" >/dev/null
on a "INSERT INTO amendment(visit,changes,reason,author) VALUES('v2','{\"summary\":\"added later\"}','forgotten','o1');
      UPDATE visit SET state='submitted' WHERE id='v2'"
sync a >/dev/null
fails 1 "has the flag 'irregular'" hufud set visit v2 state=published --scope $S
fails 1 "not one of the visit's officers" hufud set visit v2 ratified_by=boss ratified_reason="known since" --scope $S
hufud set visit v2 ratified_by=admin ratified_reason="suspended a day later" --scope $S >/dev/null
holds "ratified, it is published" hufud set visit v2 state=published --scope $S
is "the amendment stands beside it" "forgotten " "$(office "SELECT m.reason||' '||coalesce(v.summary,'') FROM amendment AS m JOIN visit AS v ON v.id=m.visit")"

sync a >/dev/null; sync b >/dev/null
is "all three have the same" "$(server_root) $(server_root)" "$(root_of a) $(root_of b)"
is "the tablet was told to stop" recalled "$(on b "SELECT state FROM assignment WHERE id='a1'")"
is "what followed is signed by the server in packets of its own" server "$(office "SELECT DISTINCT author FROM packet WHERE body LIKE '%what follows from packet%'")"
for kind in visit assignment; do
	hufud export $kind --scope $S --out "$T/$kind.csv" >/dev/null
	holds "what was exported, flags too, comes in as the same" hufud import $kind "$T/$kind.csv" --scope $S --json
	is "nothing changed" "0 0" "$(json files.0.changed <"$T/out") $(json files.0.refused <"$T/out")"
done
sed 's/irregular//' "$T/visit.csv" >"$T/softer.csv"
fails 3 "refused" hufud import visit "$T/softer.csv" --scope $S
holds "everything holds" hufud check
passed

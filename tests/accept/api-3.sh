#!/usr/bin/env bash
# Deeds over HTTP: assignments, visits, conflicts, draws, credit, terminals, each with its refusals and its entry in the log.
. "$(dirname "$0")/lib.sh"
district
echo secret-word >"$T/pw"
for a in chen:coordinator li:coordinator song:auditor zhao:analyst qian:administrator o1:coordinator; do
	hufud account add "${a%%:*}" --role "${a##*:}" --scope $S --password-file "$T/pw" >/dev/null
done
hufud account add far --role coordinator --scope 330108 --password-file "$T/pw" >/dev/null
hufud account add root --role administrator --scope '*' --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
as() { WHO=$1:secret-word; }
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
set_() { hufud set "$1" "$2" "${@:3}" --scope $S >/dev/null; }
new() { set_ "$@" --new; }
etag() { curl -s -u "$WHO" "$URL/v1/$1/$2?scope=${3:-$S}" | json etag; }
key() { od -An -N8 -tx8 /dev/urandom | tr -d ' '; }
# do_ STATUS "text" KINDS ID VERB [BODY]: with the etag that the record has for whoever may read it
do_() { answers "$1" "$2" POST "/v1/$3/$4/$5" -H "If-Match: \"$(WHO=chen:secret-word; etag "$3" "$4")\"" -H "Idempotency-Key: $(key)" \
	-H 'Content-Type: application/json' -d "${6:-}"; }
# post STATUS "text" PATH BODY
post() { answers "$1" "$2" POST "$3" -H "Idempotency-Key: $(key)" -H 'Content-Type: application/json' -d "$4"; }
R='{"reason":"for a reason"}'
# what a deed owes: others may not, elsewhere it is not there, and a reason is one
# refused_to "ACCOUNTS" KINDS ID VERB [BODY]
refused_to() {
	local a
	for a in $1; do as "$a"; do_ 403 '/problems/denied' "$2" "$3" "$4" "${5:-}"; done
	as far; do_ 404 '/problems/not_found' "$2" "$3" "$4" "${5:-}"
	WHO=; do_ 401 '/problems/unauthorized' "$2" "$3" "$4" "${5:-}"
	as chen
}
# entries OPERATION: outcomes in the audit log
entries() { hufud audit list --operation "$1" --format json | python3 -c '
import json, sys
print(*[e["who"] + ":" + e["outcome"] for e in map(json.loads, sys.stdin) if e["via"] == "api"])'; }

# -- assignments: the way of one, and what is not on it
as chen
new assignment d1 subject=s1 officers='o1;o2' state=draft
do_ 409 wrong_state assignments d1 review
do_ 200 '"state":"issued"' assignments d1 issue
do_ 409 'is issued: issueAssignment is not possible' assignments d1 issue
do_ 400 'the body is missing' assignments d1 cancel
do_ 400 '"pointer":"/reason"' assignments d1 cancel '{"reason":""}'
do_ 400 'because' assignments d1 cancel '{"reason":"r","because":"x"}'
answers 428 If-Match POST /v1/assignments/d1/cancel -H 'Content-Type: application/json' -d "$R"
answers 412 'not what you have seen' POST /v1/assignments/d1/cancel -H 'If-Match: "0123"' -H 'Content-Type: application/json' -d "$R"
refused_to "song zhao" assignments d1 cancel "$R"
do_ 200 '"state":"cancelled"' assignments d1 cancel "$R"
is "with its reason" "for a reason" "$(office "SELECT reason FROM assignment WHERE id='d1'")"
is "as a signed packet of the account" chen "$(office "SELECT author FROM packet ORDER BY number DESC LIMIT 1")"
is "and every try is in the log" "chen:refused chen:refused chen:refused chen:refused chen:refused song:refused zhao:refused far:refused chen:ok" "$(entries cancelAssignment)"

{ echo "id,subject,officers,due,state"
  for i in 2 3 4 5 6 7 8; do echo "a$i,s$i,o1;o2,2099-12-31,issued"; done; } >"$T/more.csv"
hufud import assignment "$T/more.csv" --scope $S >/dev/null
tablet a o1
# begin ASSIGNMENT VISIT: the check has begun; did ASSIGNMENT VISIT: it was signed
begin() { on a "UPDATE assignment SET state='in_progress' WHERE id='$1';
	INSERT INTO visit(id,subject,assignment,officers,visited_on,code_shown_at,state) SELECT '$2', subject, id, '[\"o1\",\"o2\"]', $TODAY, $NOON, 'checking' FROM assignment WHERE id='$1'"; }
did() { on a "UPDATE assignment SET state='done' WHERE id='$1';
	INSERT INTO visit(id,subject,assignment,officers,code_shown_at,visited_on,result_codes,state) SELECT '$2', subject, id, '[\"o1\",\"o2\"]', $NOON, $TODAY, '[\"1\"]', 'signed' FROM assignment WHERE id='$1'"; }
begin a2 v2; did a3 v3; did a4 v4; did a5 v5; did a6 v6
sync a >/dev/null
do_ 409 wrong_state assignments a2 resume "$R"
do_ 200 '"state":"recalled"' assignments a2 recall "$R"
do_ 200 '"state":"in_progress"' assignments a2 resume "$R"
do_ 200 '"state":"recalled"' assignments a2 recall "$R"
do_ 200 '"state":"void"' assignments a2 void "$R"
do_ 200 '"state":"returned"' assignments a3 return "$R"
do_ 409 wrong_state assignments a3 close
do_ 409 wrong_state assignments a3 ratify "$R"
do_ 200 '"state":"reviewed"' assignments a4 review
do_ 200 '"state":"closed"' assignments a4 close

# -- reassigned: to one that is there, or to one that is made
do_ 400 'reason' assignments a7 reassign '{"officers":["o2","o3"]}'
do_ 400 '' assignments a7 reassign "$R"
do_ 400 '' assignments a7 reassign '{"officers":["o2","o3"],"reassigned_to":"a8","reason":"r"}'
do_ 409 'which is of subject' assignments a7 reassign '{"reassigned_to":"a8","reason":"r"}' 
do_ 409 "'o9' is no active officer" assignments a7 reassign '{"officers":["o2","o9"],"reason":"r"}'
is "a refusal makes nothing" 0 "$(office "SELECT count(*) FROM assignment WHERE officers LIKE '%o9%'")"
refused_to "song zhao" assignments a7 reassign '{"officers":["o2","o3"],"reason":"ill"}'
k=$(key) e=$(etag assignments a7)
again() { answers 200 '"state":"reassigned"' POST /v1/assignments/a7/reassign -H "If-Match: \"$e\"" -H "Idempotency-Key: $k" \
	-H 'Content-Type: application/json' -d '{"officers":["o2","o3"],"reason":"ill"}'; }
again; cp "$T/body" "$T/first"; again
holds "again is the same answer" cmp "$T/first" "$T/body"
is "one successor, for the same" "s7 [\"o2\",\"o3\"] 2099-12-31 issued" "$(office "SELECT subject||' '||officers||' '||due||' '||state FROM assignment WHERE id=(SELECT reassigned_to FROM assignment WHERE id='a7')")"

# -- done while it was called off: a second person says whether it counts
do_ 200 '"state":"cancelled"' assignments a8 cancel "$R"
new assignment c1 subject=s1 officers='o1;o2' state=issued
new assignment c2 subject=s2 officers='o1;o2' state=issued
new assignment c3 subject=s3 officers='o1;o2' state=issued
sync a >/dev/null
for i in 1 2 3; do did c$i w$i; do_ 200 cancelled assignments c$i cancel "$R"; done
sync a >/dev/null || true
is "contested" "done_contested done_contested done_contested" "$(office "SELECT group_concat(state, ' ') FROM assignment WHERE id IN ('c1','c2','c3')")"
do_ 409 wrong_state assignments c1 cancel "$R"
do_ 409 "for somebody else to say: 'chen' called it off" assignments c1 ratify "$R"
as o1; do_ 409 "'o1' is one of its officers" assignments c1 ratify "$R"
refused_to "song zhao" assignments c1 ratify "$R"
as li; do_ 400 reason assignments c1 ratify '{}'
do_ 200 '"state":"done"' assignments c1 ratify "$R"
do_ 200 '"state":"cancelled"' assignments c2 refuse "$R"
is "which decides the questions" "decided terminal li;decided server li" "$(office "SELECT group_concat(t, ';') FROM (SELECT state||' '||decision||' '||decided_by AS t FROM conflict WHERE state='decided' ORDER BY record_id)")"
is "the visit of the refused one is outside" '["outside_assignment"]' "$(office "SELECT flags FROM visit WHERE id='w2'")"
is "each in the log" "chen:refused chen:refused o1:refused song:refused zhao:refused far:refused li:refused li:ok" "$(entries ratifyAssignment)"

# -- conflicts
q=$(office "SELECT id FROM conflict WHERE state='open'")
as chen; do_ 409 'for somebody else to say' conflicts "$q" decide '{"decision":"terminal","reason":"mine"}'
as li
do_ 400 '' conflicts "$q" decide '{"decision":"sideways","reason":"r"}'
do_ 400 reason conflicts "$q" decide '{"decision":"terminal"}'
do_ 400 '/value' conflicts "$q" decide '{"decision":"other","reason":"r"}'
do_ 400 '/value' conflicts "$q" decide '{"decision":"server","value":{"state":"done"},"reason":"r"}'
refused_to "song qian zhao" conflicts "$q" decide '{"decision":"terminal","reason":"r"}'
as li
answers 404 'not_found' POST "/v1/private-conflicts/$q/decide" -H 'If-Match: "x"' -H 'Content-Type: application/json' -d '{"decision":"terminal","reason":"r"}'
do_ 200 '"decision":"terminal"' conflicts "$q" decide '{"decision":"terminal","reason":"the shop says so"}'
is "decided" "done li" "$(office "SELECT a.state||' '||c.decided_by FROM assignment AS a, conflict AS c WHERE a.id='c3' AND c.id='$q'")"
sync a >/dev/null
on a "UPDATE visit SET summary='clean' WHERE id='v2'"; set_ visit v2 summary=dirty; sync a >/dev/null
q=$(office "SELECT id FROM conflict WHERE state='open'")
as chen
do_ 400 "not part of this conflict" conflicts "$q" decide '{"decision":"other","value":{"summary":"half","town":"001"},"reason":"r"}'
do_ 200 '"state":"decided"' conflicts "$q" decide '{"decision":"other","value":{"summary":"half clean"},"reason":"both are right"}'
is "the third value stands" "half clean" "$(office "SELECT summary FROM visit WHERE id='v2'")"

# -- conflicts about personal data
new subject_private s4 phone=13800000000
sync a >/dev/null
on a "UPDATE subject_private SET phone='13800000001' WHERE id='s4'"; set_ subject_private s4 phone=13800000002; sync a >/dev/null
open_() { api GET "/v1/private-conflicts?scope=$S" | jq -r '.items[] | select(.state == "open").id'; }
q=$(open_)
D='{"decision":"terminal","reason":"asked again"}'
refused_to "song zhao" private-conflicts "$q" decide "$D"
do_ 400 reason private-conflicts "$q" decide '{"decision":"terminal"}'
do_ 200 '"decided_by":"chen"' private-conflicts "$q" decide "$D"
is "the other number stands" 13800000001 "$(api GET "/v1/private-subjects/s4?scope=$S" | json phone)"
is "none is open" "" "$(open_)"
is "who decided and who may not is in the log, the number is not" "li:refused song:refused zhao:refused far:refused chen:refused chen:ok 0" \
	"$(entries decideConflictPrivate) $(hufud audit list --format json | grep -c 13800000001 || true)"

# -- visits
answers 200 '"verdict":"no_form"' GET "/v1/visits/w1/verdict?scope=$S"
as far; answers 404 'not_found' GET "/v1/visits/w1/verdict"
as chen
sync a >/dev/null
on a "UPDATE visit SET state='submitted' WHERE id IN ('w1','v4')"; sync a >/dev/null
do_ 409 wrong_state visits w1 publish
do_ 409 wrong_state visits v5 approve
refused_to "song zhao" visits w1 approve
do_ 400 'the body is missing' visits w1 return
do_ 200 '"state":"returned"' visits w1 return "$R"
do_ 200 '"state":"approved"' visits v4 approve
do_ 200 '"state":"published"' visits v4 publish
do_ 200 '"state":"corrected"' visits v4 correct "$R"
do_ 200 '"state":"withdrawn"' visits v4 withdraw "$R"
do_ 409 wrong_state visits v4 void "$R"
do_ 200 '"state":"void"' visits v2 void "$R"
is "in the log" "chen:ok" "$(entries withdrawVisit)"

# -- orders to correct, violations, alarms, recusals, exemptions
new rectification r1 visit=w1 subject=s1 content='clean the filter' state=issued
new rectification r2 visit=w3 subject=s3 content='show the licence' state=issued due=2099-02-02
do_ 400 '/served_on' rectifications r1 serve '{"served_on":"tomorrow"}'
refused_to "song zhao" rectifications r1 serve '{"served_on":"2026-01-12"}'
set_ rectification r1 term_days=10
do_ 200 '"state":"served"' rectifications r1 serve '{"served_on":"2026-01-12"}'
due() { api GET "/v1/deadlines?scope=$S&$1" | json items | python3 -c 'import json,sys; print(*[i["id"] + " " + i.get("deadline", "-") + " " + str(i["overdue"]).lower() for i in json.load(sys.stdin)], sep=";")'; }
is "ten working days after Monday 12 January" "r1 2026-01-26 true;r2 2099-02-02 false" "$(due on=2026-02-01)"
is "only the overdue" "r1 2026-01-26 true" "$(due 'overdue=true&on=2026-02-01')"
is "by pages" "r2 2099-02-02 false" "$(due "on=2026-02-01&limit=1&cursor=$(api GET "/v1/deadlines?scope=$S&on=2026-02-01&limit=1" | json next)")"
answers 400 cursor GET "/v1/deadlines?scope=$S&cursor=x"
answers 400 '"pointer":"on"' GET "/v1/deadlines?scope=$S&on=soon"
do_ 400 'is not after the deadline' rectifications r1 extend '{"extended_to":"2026-01-26","reason":"r"}'
refused_to "song zhao" rectifications r1 extend '{"extended_to":"2026-02-10","reason":"r"}'
do_ 200 '"extended_to":"2026-02-10"' rectifications r1 extend '{"extended_to":"2026-02-10","reason":"a part is ordered"}'
is "not overdue any more" "" "$(due 'overdue=true&on=2026-02-01')"
do_ 200 '"state":"proof_in"' rectifications r1 prove '{"proof":["photo"]}'
do_ 409 wrong_state rectifications r1 close
do_ 200 '"state":"case"' rectifications r1 case '{"reason":"the filter is not clean","case_no":"2026-17"}'
do_ 409 wrong_state rectifications r1 extend '{"extended_to":"2027-02-10","reason":"r"}'
do_ 200 '"state":"void"' rectifications r2 void "$R"
new violation x1 subject=s1 severity=high found_on=2026-01-10 state=open
do_ 200 '"state":"corrected"' violations x1 correct
refused_to "song zhao" violations x1 reopen "$R"
do_ 200 '"state":"open"' violations x1 reopen "$R"
do_ 400 'the body is missing' violations x1 void
alarm=$(office "SELECT id FROM alarm WHERE record_id='w2'")
do_ 409 wrong_state alarms "$alarm" close
do_ 400 explanation alarms "$alarm" explain '{}'
do_ 200 '"state":"explained"' alarms "$alarm" explain '{"explanation":"the firm was told"}'
refused_to "zhao" alarms "$alarm" close
do_ 403 denied alarms "$alarm" reopen
as song; do_ 200 '"state":"open"' alarms "$alarm" reopen
as chen; do_ 200 explained alarms "$alarm" explain '{"explanation":"by letter"}'
as song; do_ 200 '"state":"closed"' alarms "$alarm" close
as chen
new recusal k1 officer=o3 subject=s5 reason='his brother' asked_for=o3 state=asked
refused_to "song zhao" recusals k1 grant
do_ 200 '"decided_by":"chen"' recusals k1 grant
do_ 409 wrong_state recusals k1 grant
as li; do_ 200 '"decided_by":"li"' recusals k1 refuse
as chen
new exemption e1 subject=s6 reason='white list' valid_to=2027-12-31 state=active
refused_to "song zhao" exemptions e1 end
do_ 200 '"state":"ended"' exemptions e1 end
do_ 409 wrong_state exemptions e1 end

# -- what each deed refuses: to whom it is not for, in the wrong state, without its reason
do_ 200 '"state":"void"' violations x1 void "$R"
while read -r kinds id verb body; do
	refused_to "song zhao" "$kinds" "$id" "$verb" "$body"
	do_ 409 wrong_state "$kinds" "$id" "$verb" "$body"
	[ -z "$body" ] || do_ 400 '' "$kinds" "$id" "$verb" '{}'
done <<E
assignments a2 review
assignments a2 close
assignments a2 void $R
visits v4 withdraw $R
visits v4 publish
visits v4 void $R
rectifications r2 serve {"served_on":"2026-01-12"}
rectifications r2 prove {"proof":["photo"]}
rectifications r2 void $R
rectifications r1 case $R
violations x1 void $R
E
refused_to "song zhao" rectifications r1 close
is "nothing of it changed anything" "void withdrawn void case void" "$(office "SELECT (SELECT state FROM assignment WHERE id='a2')||' '||(SELECT state FROM visit WHERE id='v4')||' '||
	(SELECT state FROM rectification WHERE id='r2')||' '||(SELECT state FROM rectification WHERE id='r1')||' '||(SELECT state FROM violation WHERE id='x1')")"

# -- quarantine
on a "INSERT INTO violation(id,visit,subject,severity,state) VALUES('x9','w1','s1','low','open')"
hufud terminal revoke "$(office "SELECT terminal FROM enrolment")" --reason lost --scope $S >/dev/null
sync a >/dev/null 2>&1 || true
answers 200 '"code":"revoked"' GET "/v1/quarantine?scope=$S"
is "as the command says" "$(hufud quarantine list --scope $S --json | json quarantine)" "$(api GET "/v1/quarantine?scope=$S" | json items)"
as far; answers 403 denied GET "/v1/quarantine?scope=$S"
WHO=; answers 401 unauthorized GET "/v1/quarantine?scope=$S"

# -- credit: s3 has a high violation of 202 days before 2026-07-31, 1000-40; s4 none
new violation y3 subject=s3 severity=high found_on=2026-01-10 state=open
rated() { api GET "/v1/subjects/$1/rating?scope=$S&$2" | python3 -c '
import json, sys
r = json.load(sys.stdin); n = r.get("rating", {}); print(n.get("valid_from"), n.get("score"), n.get("grade"), len(r["history"]), r.get("explanation", {}).get("score"))'; }
ALL='{"A":9}'
as zhao
post 400 '/as_of' /v1/ratings/run '{"as_of":"summer"}'
post 404 "no scheme 'other'" "/v1/ratings/run?scope=$S" '{"as_of":"2026-07-31","scheme":"other"}'
post 200 '"written":9,' "/v1/ratings/run?scope=$S" '{"as_of":"2026-01-01","dry_run":true}'
is "a dry run records no scheme" 0 "$(office "SELECT count(*) FROM scheme")"
post 200 '"written":9,' "/v1/ratings/run?scope=$S" '{"as_of":"2026-01-01"}'
is "the first run records the scheme that ships, as the command does" "default 1 active" "$(office "SELECT code||' '||version||' '||state FROM scheme")"
is "a dry run counts" "9 9 True {'A': 9}" "$(post 200 subjects "/v1/ratings/run?scope=$S" '{"as_of":"2026-07-31","dry_run":true}' && python3 -c '
import json, sys
r = json.load(open(sys.argv[1])); print(r["subjects"], sum(r["before"].values()), r["dry_run"], {k: v for k, v in r["grades"].items() if v})' "$T/body")"
is "and writes nothing" 9 "$(office "SELECT count(*) FROM log WHERE kind='rating'")"
post 200 '"written":1,' "/v1/ratings/run?scope=$S" '{"as_of":"2026-07-31"}'
post 200 '"written":0,' "/v1/ratings/run?scope=$S" '{"as_of":"2026-07-31"}'
is "the sum" "2026-07-31 960 A 2 960" "$(rated s3 'as-of=2026-07-31&explain=true')"
is "in spring it was another" "2026-01-01 1000 A 2 None" "$(rated s3 as-of=2026-03-31)"
is "as it was known before" "None None None 0 None" "$(rated s3 'as-of=2026-07-31&known-at=1')"
answers 200 '"differing":0' GET "/v1/ratings-check?scope=$S"
for a in song qian; do as $a; post 403 '/problems/denied' "/v1/ratings/run?scope=$S" '{}'; done
as far; post 403 'no rights in scope' "/v1/ratings/run?scope=$S" '{}'
answers 404 not_found GET "/v1/subjects/s3/rating"
as qian; answers 200 '"score"' GET "/v1/subjects/s3/rating" # who may list ratings reads a subject's
WHO=; answers 401 unauthorized GET "/v1/subjects/s3/rating"
is "who read it is in the log" "zhao:ok zhao:ok zhao:ok far:refused qian:ok" "$(entries getSubjectRating)"
is "who made them too" "zhao:refused zhao:refused zhao:ok zhao:ok zhao:ok zhao:ok zhao:ok song:refused qian:refused far:refused" "$(entries runRatings)"

# -- draws
{ echo id,certificate; for i in 1 2 3; do echo "o$i,ZJ-$i"; done; } >"$T/certificates.csv"
hufud import officer "$T/certificates.csv" --scope $S >/dev/null
as chen
post 400 '' /v1/draws '{"count":3,"quota":{"A":2},'"$ANNOUNCED_JSON"'}'
post 400 '/quota' /v1/draws '{"quota":{"A":"many"},'"$ANNOUNCED_JSON"'}'
post 400 "no town '999'\|in town '999'" /v1/draws '{"count":1,"towns":["999"],'"$ANNOUNCED_JSON"'}'
post 400 'twice' /v1/draws '{"count":1,"exclude":[{"id":"s1","reason":"a"},{"id":"s1","reason":"b"}],'"$ANNOUNCED_JSON"'}'
post 400 due /v1/draws '{"count":1,"seed_source":"x","seed_at":"2099-01-01"}'
post 400 'nobody could tell where the seed' /v1/draws '{"count":1,"due":"2099-01-31"}'
post 400 "say when 'x' will be known" /v1/draws '{"count":1,"due":"2099-01-31","seed_source":"x"}'
for a in song zhao qian; do as $a; post 403 '/problems/denied' "/v1/draws?scope=$S" '{"count":3}'; done
as far; post 403 'no rights in scope' "/v1/draws?scope=$S" '{"count":3,'"$ANNOUNCED_JSON"'}'
as chen
k=$(key)
commit() { answers 201 '"state":"committed"' POST /v1/draws -H "Idempotency-Key: $k" -H 'Content-Type: application/json' \
	-d '{"name":"winter","quota":{"A":3},"exclude":[{"id":"s9","reason":"white list"}],"due":"2099-01-31","seed_source":"lottery","seed_at":"'"${ANNOUNCED[5]}"'"}'; }
commit; draw=$(json id <"$T/body"); commit
is "committed once" "1 $draw" "$(office "SELECT count(*), max(id) FROM draw" | tr '|' ' ')"
post 409 'reason' /v1/draws '{"name":"winter","quota":{"A":3},"exclude":[{"id":"s9","reason":"white list"}],'"$ANNOUNCED_JSON"'}'
as li
do_ 409 'has no seed yet' draws "$draw" run
do_ 400 seed draws "$draw" reveal '{}'
refused_to "song zhao qian" draws "$draw" reveal '{"seed":"07-11-19"}'
as li
do_ 200 '"state":"revealed"' draws "$draw" reveal '{"seed":"07-11-19"}'
do_ 409 'it is another' draws "$draw" reveal '{"seed":"07-11-20"}'
refused_to "song zhao qian" draws "$draw" run
as li
do_ 200 '"assigned":3' draws "$draw" run
do_ 200 '"assigned":0' draws "$draw" run
is "three assignments for two each" "3 2 2099-01-31" "$(office "SELECT count(*), max(json_array_length(officers)), max(due) FROM assignment WHERE draw='$draw'" | tr '|' ' ')"
WHO=; answers 200 '"commitment"' GET "/v1/draws/$draw/paper"; cp "$T/body" "$T/public.json"
holds "anybody repeats it" python3 docs/verify_draw.py "$T/public.json"
is "without grades of subjects" "True" "$(hufud draw verify "$T/public.json" --json | json public)"
answers 401 unauthorized GET "/v1/draws/$draw/paper?full=true"
as far; answers 403 denied GET "/v1/draws/$draw/paper?full=true"
answers 404 not_found GET "/v1/draws/nothing/paper"
as song; answers 200 '"membership"' GET "/v1/draws/$draw/paper?full=true"; cp "$T/body" "$T/full.json"
holds "the office's says the same" python3 docs/verify_draw.py "$T/full.json"
answers 200 '"holds":true' GET "/v1/draws/$draw/verify"
is "of this draw" "$draw 3 8" "$(json id <"$T/body") $(json subjects <"$T/body") $(json frame <"$T/body")"
drawn=$(office "SELECT subject FROM assignment WHERE draw='$draw' ORDER BY subject LIMIT 1")
as li
do_ 403 'stays drawn\|in business' draws "$draw" replace "{\"subject\":\"$drawn\",\"reason\":\"r\"}"
set_ subject "$drawn" state=deregistered
do_ 400 reason draws "$draw" replace "{\"subject\":\"$drawn\"}"
refused_to "song zhao qian" draws "$draw" replace "{\"subject\":\"$drawn\",\"reason\":\"gone\"}"
as li
do_ 200 "\"out\":\"$drawn\"" draws "$draw" replace "{\"subject\":\"$drawn\",\"reason\":\"gone\"}"
answers 200 '"replaced":1' GET "/v1/draws/$draw/verify?scope=$S"
answers 200 '"alike":\[\]' GET "/v1/draw-report?scope=$S"
as far; answers 403 denied GET "/v1/draw-report?scope=$S"
is "in the log" "li:refused li:ok li:ok" "$(entries runDraw | sed 's/\(song\|zhao\|qian\|far\):refused //g')"

# -- terminals
as chen
post 404 "officer" /v1/terminal-codes '{"officer":"o9"}'
post 400 '/officer' /v1/terminal-codes '{}'
for a in song zhao; do as $a; post 403 '/problems/denied' "/v1/terminal-codes?scope=$S" '{"officer":"o2"}'; done
as far; post 403 'no rights in scope' "/v1/terminal-codes?scope=$S" '{"officer":"o2"}'
as chen
k=$(key)
again() { answers "$1" "$2" POST /v1/terminal-codes -H "Idempotency-Key: $k" -H 'Content-Type: application/json' -d '{"officer":"o2"}'; }
again 201 '"expires"'; code=$(json code <"$T/body")
again 409 'told only once'
is "it is not in the database" 0 "$(sqlite3 "$HUFU_DATA/hufu.db" .dump | grep -c -- "$code" || true)"
holds "an officer enrols with it" hufu enroll "$URL" --code "$code" --replica "$T/b.db"
is "as the command lists them" "$(hufud terminal list --scope $S --json | python3 -c '
import json, sys
print(sorted((t["enrolment"], t["officer"], t["state"]) for t in json.load(sys.stdin)["terminals"]))')" "$(api GET "/v1/terminals?scope=$S" | python3 -c '
import json, sys
print(sorted((t["id"], t["officer"], t["state"]) for t in json.load(sys.stdin)["items"]))')"
e=$(office "SELECT id FROM enrolment WHERE officer='o2'")
do_ 400 'the body is missing' enrolments "$e" revoke
refused_to "song zhao" enrolments "$e" revoke "$R"
do_ 200 '"state":"revoked"' enrolments "$e" revoke "$R"
do_ 409 wrong_state enrolments "$e" revoke "$R"
is "in the log" "chen:refused song:refused zhao:refused far:refused chen:ok chen:refused" "$(entries revokeEnrolment)"

# -- the catalog
form() { python3 -c '
import json, sys
f = json.load(open("fixtures/forms/fire-safety.json")); exec(sys.argv[1]); f.pop("state", None); print(json.dumps(f))' "${1:-pass}"; }
as chen; post 403 denied /v1/forms "$(form)"
as qian; post 403 'no rights in scope catalog' /v1/forms "$(form)"
as root
post 201 '"state":"draft"' /v1/forms "$(form)"; f=$(json id <"$T/body")
post 200 "$f" /v1/forms "$(form)"
post 409 'other points' /v1/forms "$(form 'f["points"].pop()')"
is "the command finds it there" "$f unchanged" "$(form >"$T/f.json"; hufud form load "$T/f.json" --json --as root | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["id"], r["outcome"])')"
at() { answers "$1" "$2" POST "/v1/forms/$f/$3" -H "If-Match: \"$(etag forms "$f" catalog)\"" -H 'Content-Type: application/json' -d "${4:-}"; }
at 409 wrong_state retire
at 200 '"state":"published"' publish
at 400 'the body is missing' withdraw
at 200 '"state":"withdrawn"' withdraw "$R"
as far; answers 403 denied POST "/v1/forms/$f/publish" -H 'If-Match: "x"' -d ''
as root
scheme() { python3 -c '
import json, sys
s = json.load(open("schema/schemes/default.json")); s["code"] = "kitchens"; exec(sys.argv[1]); print(json.dumps(s))' "${1:-pass}"; }
as chen; post 403 denied /v1/schemes "$(scheme)"
as root
post 201 '"state":"active"' /v1/schemes "$(scheme)"
post 200 '"code":"kitchens"' /v1/schemes "$(scheme)"
post 409 'give it a new version' /v1/schemes "$(scheme 's["definition"]["deductions"]["high"] = 41')"
post 409 'would overlap' /v1/schemes "$(scheme 's["version"] = 2')"
kind() { python3 -c '
import json, sys
k = json.load(open("schema/kinds/exemption.json")); k["fields"].append({"name": "'"$1"'", "type": "text", "label": {"zh": "x", "en": "x"}}); print(json.dumps(k))'; }
as qian; post 403 'all scopes' /v1/kinds "$(kind note)"
as root
post 200 '"changed":true' /v1/kinds "$(kind note)"
post 200 '"changed":false' /v1/kinds "$(kind note)"
post 400 '' /v1/kinds '{"kind":"exemption","fields":[]}'
answers 200 '"note"' GET /v1/openapi.json

# -- files
as chen
answers 200 'subject 1' GET "/v1/exports/subjects?scope=$S"
hufud export subject --scope $S --out "$T/subjects.out" >/dev/null
holds "the same bytes as the command's" cmp "$T/body" "$T/subjects.out"
is "with what its manifest says" "9 2 $(sha256sum <"$T/body" | cut -d' ' -f1)" "$(curl -s -D - -o /dev/null -u "$WHO" "$URL/v1/exports/subjects?scope=$S" | tr -d '\r' | awk '/^Hufu-Rows/ { r = $2 } /^Hufu-Class/ { c = $2 } /^Hufu-Sha256/ { h = $2 } END { print r, c, h }')"
answers 200 '"id":"s1"' GET "/v1/exports/subject?scope=$S&format=jsonl"
answers 400 format GET "/v1/exports/subject?scope=$S&format=pdf"
answers 404 "no kind 'dragons'" GET "/v1/exports/dragons?scope=$S"
as song; answers 403 denied GET "/v1/exports/subject_private?scope=$S&private=true"
as far; answers 403 'no rights in scope' GET "/v1/exports/subject?scope=$S"
as li
import_() { answers "$1" "$2" POST "/v1/imports/$3" -H 'Content-Type: text/csv' --data-binary "$4"; }
import_ 200 '"new":2,"changed":0,"same":0,"refused":1' "subject?scope=$S" $'id,name,town,state\nn1,new one,001,in_business\nn2,new two,001,in_business\nn3,third,001,asleep\n'
is "the refused row comes back" "n3,third,001,asleep" "$(json rejects <"$T/body" | grep -o 'n3,.*' | tr -d '\r')"
import_ 200 '"same":2' "subject?scope=$S" $'id,name,town,state\nn1,new one,001,in_business\nn2,new two,001,in_business\n'
import_ 404 "no kind" "dragons?scope=$S" $'id\nx\n'
answers 415 'text/csv' POST "/v1/imports/subject?scope=$S" -H 'Content-Type: application/json' -d '{}'
as song; import_ 403 denied "subject?scope=$S" $'id\nx\n'
as far; import_ 403 'no rights in scope' "subject?scope=$S" $'id\nx\n'
as zhao; import_ 200 '"refused":1' "subject?scope=$S" $'id,name,town\nn9,not mine to make,001\n'
is "nothing is left lying" 0 "$(ls -d "$HUFU_DATA"/work-* 2>/dev/null | wc -l)"
is "in the log" "li:ok li:ok li:refused li:refused song:refused far:refused zhao:ok" "$(entries importRecords)"
{ echo id,phone; for i in $(seq 3000); do echo "s$((i % 9 + 1)),13811$(printf %06d "$i")"; done; } >"$T/private.csv"
as o1; (api POST "/v1/imports/subject_private?scope=$S" -H 'Content-Type: text/csv' --data-binary "@$T/private.csv" >/dev/null 2>&1 || true) &
for i in $(seq 20); do
	is "while it is taken in, no plain number is in a file" "" "$(grep -l -s -r 13811002999 "$HUFU_DATA" || true)"
	sleep 0.05
done
kill -KILL "$SERVER"; wait "$SERVER" 2>/dev/null || true; wait %+ 2>/dev/null || true
is "nor when it is killed meanwhile" "" "$(grep -l -s -r 138110 "$HUFU_DATA" || true)"
mkdir "$HUFU_DATA/work-old"; echo 13800000000 >"$HUFU_DATA/work-old/file"
server_start --limit-factor 0
is "what was left lying goes at the start" 0 "$(ls -d "$HUFU_DATA"/work-* 2>/dev/null | wc -l)"

# -- what came of it is read, with how it came about
while read -r who kinds table scope; do
	as "$who"; id=$(office "SELECT id FROM $table LIMIT 1")
	answers 200 "\"$id\"" GET "/v1/$kinds/$id?scope=$scope"
	answers 200 '"items":\[{' GET "/v1/$kinds/$id/history?scope=$scope"
done <<E
song alarms alarm $S
song conflicts conflict $S
chen private-conflicts conflict_private $S
song draws draw $S
song enrolments enrolment $S
song ratings rating $S
root forms form catalog
root schemes scheme catalog
E
holds "everything holds" hufud check
passed

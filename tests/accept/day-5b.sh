#!/usr/bin/env bash
# What nobody may do on the way to a grade or a draw, each hole as one line: the command, and that it is refused or told.
. "$(dirname "$0")/lib.sh"
district
for who in chen wang; do
	hufud account add $who --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
done
hufud account add ana --role analyst --scope $S,catalog --password-file <(echo secret12345) >/dev/null
hufud account add lin --role coordinator --scope catalog --password-file <(echo secret12345) >/dev/null
hufud account add eye --role auditor --scope $S --password-file <(echo secret12345) >/dev/null
one() { sqlite3 "file:$HUFU_DATA/hufu.db?mode=ro" "$1"; }

# -- a version of a scheme or of a ratio rule changes in nothing but its last day
hufud rate --scope $S --as ana >/dev/null
scheme=$(one "SELECT id FROM scheme")
# -- a trial is a trial, and needs no right to record
printf '{"code":"trial","version":1,"definition":%s}' "$(one "SELECT definition FROM scheme")" >"$T/trial.json"
hufud account add yan --role analyst --scope $S --password-file <(echo secret12345) >/dev/null
is "a scheme is tried" "trial 9 9" "$(hufud rate --scope $S --scheme-file "$T/trial.json" --dry-run --json --as yan | python3 -c '
import json, sys
r = json.load(sys.stdin); print(r["scheme"], r["subjects"], r["written"])')"
is "and not recorded" 1 "$(one "SELECT count(*) FROM scheme")"
# -- nor does a day to come decide today's grades
fails 1 "2040-01-01 is yet to come" hufud rate --scope $S --as-of 2040-01-01 --as ana
holds "what it would bring may be asked" hufud rate --scope $S --as-of 2040-01-01 --dry-run --as ana
is "and nothing is written" 0 "$(one "SELECT count(*) FROM rating WHERE valid_from > date('now')")"
for change in definition='{"start":1}' definition=@null state=draft state=retired code=x version=9 valid_from=2020-01-01 name=x; do
	fails 1 "scheme '$scheme'" hufud set scheme "$scheme" "$change" --scope catalog --as ana
done
fails 1 "field 'definition' no longer changes once it is 'active': give it a new version" \
	hufud set scheme "$scheme" definition='{"start":1}' --scope catalog --as ana
printf 'id,definition\n%s,"{""start"":1}"\n' "$scheme" >"$T/scheme.csv"
fails 3 "refused" hufud import scheme "$T/scheme.csv" --scope catalog --as ana
printf 'code,version,definition\ndefault,2,"{""start"":1}"\n' >"$T/scheme.csv"
fails 3 "refused" hufud import scheme "$T/scheme.csv" --scope catalog --as ana
fails 1 "would hold on days of '$scheme', which holds from 2015-01-01 to ever" \
	hufud set scheme x9 --new code=default version=9 valid_from=2026-01-01 definition='{"start":1}' state=active --scope catalog --as ana
holds "its last day is set" hufud set scheme "$scheme" valid_to=2027-12-31 --scope catalog --as ana
fails 1 "would hold on days" hufud set scheme x9 --new code=default version=9 valid_from=2027-12-31 definition='{"start":1}' state=active --scope catalog --as ana
holds "the next begins after it" hufud set scheme x9 --new code=default version=9 valid_from=2028-01-01 definition='{"start":1}' state=active --scope catalog --as ana
fails 1 "would hold on days of 'x9'" hufud set scheme "$scheme" valid_to=@null --scope catalog --as ana
hufud set ratio_rule r1 --new code=mine version=1 ratios=A=5% valid_from=2026-01-01 state=active --scope catalog --as lin >/dev/null
fails 1 "field 'ratios' no longer changes once it is 'active': give it a new version" \
	hufud set ratio_rule r1 ratios=A=50% --scope catalog --as lin
fails 1 "would hold on days of 'r1'" hufud set ratio_rule r2 --new code=mine version=2 ratios=A=50% state=active --scope catalog --as lin

{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state; for i in 1 2 3 4; do echo "o$i,officer $i,active,ZJ-$i,2015-01-01,2099-12-31,valid"; done; } >"$T/officers.csv"
hufud import officer "$T/officers.csv" --scope $S >/dev/null
# -- nobody draws until it pleases
commit() { hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 3 --period 0 "$@"; }
draw=$(commit --as chen --json | json id)
for change in state=void state=verified frame_size=9 seed=x quota=1 committed_at=1 revealed_at=1 name=x; do
	fails 1 "made and changed by 'hufud draw'" hufud set draw "$draw" "$change" --scope $S --as chen
done
fails 1 "made and changed by 'hufud draw'" hufud set draw d9 --new state=committed --scope $S --as chen
printf 'id,state\n%s,void\n' "$draw" >"$T/draw.csv"
fails 1 "made and changed by 'hufud draw'" hufud import draw "$T/draw.csv" --scope $S --as chen
fails 1 "second one needs a reason" commit --as chen
fails 2 "say why" hufud draw void "$draw" --as chen
holds "before the seed is known who committed may take it back" hufud draw void "$draw" --reason "a slip" --as chen
fails 1 "void already" hufud draw void "$draw" --reason again --as chen
fails 1 "second one needs a reason" commit --as chen
draw=$(commit --as chen --reason "once more" --json | json id)
is "what is void stays a commitment" 1 "$(one "SELECT count(*) FROM draw WHERE id='$draw' AND replaces IS NOT NULL AND reason='once more'")"
hufud draw reveal "$draw" --seed "lottery one" --as chen >/dev/null
fails 1 "'void' is for a second person to say, and 'committed_by' names 'chen'" hufud draw void "$draw" --reason "not him" --as chen
fails 1 "'void' is for a second person to say" commit --as chen --reason "not him"
is "and no second one is there" 2 "$(one "SELECT count(*) FROM draw")"
fails 1 "cannot" hufud draw void "$draw" --reason "not him" --as eye
hufud draw run "$draw" --as wang >/dev/null
is "it stands" drawn "$(one "SELECT state FROM draw WHERE id='$draw'")"
fails 1 "'drawn_by' names 'wang'" hufud draw void "$draw" --reason "not him" --as wang
begun=$(one "SELECT min(id) FROM assignment WHERE draw='$draw'")
holds "a second person may" hufud draw void "$draw" --reason "a town was left out"
is "what nobody has begun is withdrawn" "withdrawn withdrawn withdrawn" "$(one "SELECT state FROM assignment WHERE draw='$draw'" | paste -sd' ')"
is "and says why" "draw '$draw' became void" "$(one "SELECT reason FROM assignment WHERE id='$begun'")"
is "the report says that the frame was committed twice" 2 "$(hufud draw report --scope $S | grep -c '^  frame .*, void')"
holds "verified as what it is" sh -c "hufud draw verify '$draw' | grep -q ', void'"

# -- nobody answers in another's name
hufud import visit <(printf 'id,subject,visited_on\nt1,s1,2026-01-10\n') --scope $S >/dev/null
fails 1 "'author' can only be 'chen', who writes it" \
	hufud set answer an1 --new visit=t1 point=p author=o1 value=pass settles=true --scope $S --as chen
fails 1 "'author' can only be 'chen'" hufud set answer an1 --new visit=t1 point=p value=pass settles=true --scope $S --as chen
printf 'id,visit,point,author,value\nan1,t1,p,o1,pass\n' >"$T/answer.csv"
fails 3 "refused" hufud import answer "$T/answer.csv" --scope $S --as chen

# -- who asks for a recusal does not grant it, whoever he says that asked
fails 1 "'asked_by' can only be 'chen', who writes it" \
	hufud set recusal q1 --new officer=o1 subject=s1 reason=kin asked_by=s1 state=asked --scope $S --as chen
hufud set recusal q1 --new officer=o1 subject=s1 reason=kin asked_for=s1 state=asked --scope $S --as chen >/dev/null
is "it says who asked, and for whom" "chen|s1" "$(one "SELECT asked_by, asked_for FROM recusal WHERE id='q1'")"
fails 1 "state" hufud set recusal q9 --new officer=o1 subject=s2 reason=kin --scope $S --as chen
fails 1 "second person" hufud set recusal q9 --new officer=o1 subject=s2 reason=kin state=granted --scope $S --as chen
fails 1 "'asked_by' says who made it 'asked', and changes only then" hufud set recusal q1 asked_by=wang --scope $S --as wang
fails 1 "'decided_by' says who made it 'granted', and changes only then" hufud set recusal q1 decided_by=wang --scope $S --as wang
fails 1 "'decided_by' can only be 'wang', who writes it" hufud set recusal q1 state=granted decided_by=zhao --scope $S --as wang
fails 1 "'granted' is for a second person to say, and 'asked_by' names 'chen'" hufud set recusal q1 state=granted --scope $S --as chen
holds "another grants it" hufud set recusal q1 state=granted --scope $S --as wang
is "who did stands there" wang "$(one "SELECT decided_by FROM recusal WHERE id='q1'")"
hufud account add zhao --role coordinator --scope $S >/dev/null
holds "a third refuses it after all" hufud set recusal q1 state=refused --scope $S --as zhao
is "and that one did" zhao "$(one "SELECT decided_by FROM recusal WHERE id='q1'")"

# -- who was gone for a draw and is back is told
draw=$(hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 1 --period 0 --town 001 --as chen --json | json id)
hufud draw reveal "$draw" --seed "lottery two" --as chen >/dev/null
hufud draw run "$draw" --as chen >/dev/null
gone=$(one "SELECT min(subject) FROM assignment WHERE draw='$draw'")
fails 1 "it stays drawn" hufud draw replace "$draw" "$gone" --reason "a friend" --as chen
hufud set subject "$gone" state=deregistered --scope $S --as chen >/dev/null
hufud draw replace "$draw" "$gone" --reason gone --as chen >/dev/null
hufud set subject "$gone" state=in_business --scope $S --as chen >/dev/null
is "the alarm names who" "'chen' made subject '$gone' in_business again, which gave way to another in draw '$draw'" \
	"$(one "SELECT text FROM alarm WHERE rule='came_back'")"

# -- an alarm is the server's word, and closed by who is not named in it
hufud set visit t1 state=void reason="another firm" --scope $S --as chen >/dev/null
alarm=$(one "SELECT id FROM alarm WHERE record_id='t1'")
is "it names who did it" '["chen"]' "$(one "SELECT named FROM alarm WHERE id='$alarm'")"
for change in text=nothing record_id=zz rule=x level=notice named=wang opened_at=1; do
	fails 1 "field '${change%%=*}' of 'alarm': it is set by server" hufud set alarm "$alarm" "$change" --scope $S --as chen
done
fails 1 "cannot write 'alarm'" hufud set alarm al9 --new rule=x record_kind=visit record_id=t1 state=open --scope $S --as chen
printf 'id,rule,record_kind,record_id,state\nal9,x,visit,t1,open\n' >"$T/alarm.csv"
fails 3 "refused" hufud import alarm "$T/alarm.csv" --scope $S --as chen
holds "who is named explains" hufud set alarm "$alarm" state=explained explanation="it was" --scope $S --as chen
fails 1 "'closed' is for a second person to say, and 'named' names 'chen'" hufud set alarm "$alarm" state=closed --scope $S --as chen
holds "another closes it" hufud set alarm "$alarm" state=closed --scope $S --as eye
fails 1 "no longer changes once it is 'closed'" hufud set alarm "$alarm" explanation="no matter" --scope $S --as chen
passed

#!/usr/bin/env bash
# One person, two names: an officer's record says which account is the same person, so that nobody is his own second, and inspectors leave others' visits alone.
. "$(dirname "$0")/lib.sh"
district
echo "long enough a word" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
for who in chen li; do hufud account add $who --role coordinator --scope $S --password-file "$T/pw" >/dev/null; done
for who in he insp; do hufud account add $who --role inspector --scope $S --password-file "$T/pw" >/dev/null; done
server_start --limit-factor 0
as() { WHO="$1:long enough a word"; }
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }
make_() { answers "$1" "$2" POST "/v1/$3?scope=$S" -H "$J" -H "$(key)" -d "$4"; }
put() { answers "$1" "$2" PATCH "/v1/$3" -H 'If-Match: *' -H "$M" -d "$4"; }
move() { answers "$1" "$2" POST "/v1/$3" -H 'If-Match: *' -d ''; }

# -- who is who is for an administrator to say
as chen
put 409 "field 'account'" officers/o3 '{"account":"li"}'
as admin
put 200 '"account":"li"' officers/o3 '{"account":"li"}'
put 200 '"account":"he"' officers/o1 '{"account":"he"}'
as chen
put 409 "field 'account'" officers/o3 '{"account":null}'
put 200 '"account":"li"' officers/o3 '{"name":"another name"}'

# -- a recusal: not by the officer's own account
make_ 201 '"k1"' recusals '{"id":"k1","officer":"o3","subject":"s1","reason":"kin","state":"asked"}'
as li
move 409 "names 'o3'" recusals/k1/refuse
move 409 "second person" recusals/k1/grant
make_ 201 '"asked_by":"li"' recusals '{"id":"k2","officer":"o2","subject":"s2","reason":"kin","state":"asked"}'
move 409 "names 'li'" recusals/k2/grant
as admin
move 200 '"decided_by":"admin"' recusals/k1/refuse

# -- what the officer asked for on his tablet his account does not grant
tablet three o3
on three "INSERT INTO recusal(id, officer, subject, reason, asked_by, state) VALUES ('k3', 'o2', 's5', 'kin', 'o3', 'asked')"
holds "sent" hufu sync --replica "$T/three.db"
as li
move 409 "second person to say, and 'asked_by' names 'o3'" recusals/k3/grant
as chen
move 200 '"decided_by":"chen"' recusals/k3/grant

# -- visits: an inspector's account is one of the team, or lets it be
as chen
make_ 201 '"v1"' visits '{"id":"v1","subject":"s1","officers":["o1","o2"],"visited_on":"2026-11-02","state":"open"}'
make_ 201 '"v2"' visits '{"id":"v2","subject":"s2","officers":["o2","o3"],"visited_on":"2026-11-02","state":"open"}'
for who in insp he; do
	as $who
	put 409 "'officers' does not name" visits/v2 '{"summary":"was not there"}'
	answers 409 "'officers' does not name" POST /v1/visits/v2/void -H 'If-Match: *' -H "$J" -d '{"reason":"x"}'
	fails 1 "'officers' does not name" hufud set visit v2 summary=x --scope $S --as $who
done
as insp
put 409 "'officers' does not name" visits/v1 '{"summary":"was not there"}'
as he
put 200 '"summary":"was there"' visits/v1 '{"summary":"was there"}'
put 409 "'officers' does not name" visits/v2 '{"officers":["o1","o2","o3"]}'
answers 200 '"state":"void"' POST /v1/visits/v1/void -H 'If-Match: *' -H "$J" -d '{"reason":"entered twice"}'
as chen
put 200 '"summary":"read again"' visits/v2 '{"summary":"read again"}'
holds "the folder is whole" hufud check
passed

#!/usr/bin/env bash
# Four eyes: a deed by a token is its account's and its maker's, so that nobody is the second person to himself.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
for a in chen:coordinator li:coordinator boss:coordinator,administrator; do
	hufud account add "${a%%:*}" --role "${a##*:}" --scope $S --password-file "$T/pw" >/dev/null
done
server_start --limit-factor 0
tablet a o1
J='Content-Type: application/json'
token() { hufud token make "$1" --label "$2" --as "$3" 2>/dev/null | grep -o 'hufu_[A-Za-z0-9_-]*' | head -1; }
OWN=$(token li own li) GIVEN=$(token li given boss)
as() { unset BEARER; WHO="$1:correct horse"; }
by() { BEARER=$1; WHO=; }
# does STATUS "text" PATH BODY
does() { answers "$1" "$2" POST "$3" ${BEARER:+-H "Authorization: Bearer $BEARER"} -H "If-Match: *" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" ${4:+-H "$J" -d "$4"}; }
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }

# -- asked for by a token of li that boss made: boss does not grant it, and li neither
ask() { does 201 '"state":"asked"' "/v1/recusals?scope=$S" "{\"id\":\"$1\",\"officer\":\"o1\",\"subject\":\"s1\",\"reason\":\"kin\",\"state\":\"asked\"}"; }
by "$GIVEN"; ask k1
as boss; does 409 "second person to say, and 'asked_by' names 'li'" /v1/recusals/k1/grant
as li; does 409 "second person to say" /v1/recusals/k1/grant
by "$OWN"; does 409 "second person to say" /v1/recusals/k1/grant
as chen; does 200 '"decided_by":"chen"' /v1/recusals/k1/grant
# -- nor is the second deed for that token, and for li's own it is
as chen; ask k2
by "$GIVEN"; does 409 "this token of 'li' was made by 'boss'" /v1/recusals/k2/grant
by "$OWN"; does 200 '"decided_by":"li"' /v1/recusals/k2/grant

# -- a check that was called off by the token, and took place: whether it counts
new() { hufud set assignment "$1" --new subject="$2" officers='o1;o2' due=2099-12-31 state=issued --scope $S >/dev/null; }
new c1 s1; new c2 s2; new c3 s3
sync a >/dev/null
by "$GIVEN"
for i in 1 2 3; do
	on a "UPDATE assignment SET state='done' WHERE id='c$i'"
	does 200 '"state":"cancelled"' "/v1/assignments/c$i/cancel" '{"reason":"called off"}'
done
sync a >/dev/null || true
is "contested" "done_contested done_contested done_contested" "$(office "SELECT group_concat(state, ' ') FROM assignment WHERE id IN ('c1','c2','c3')")"
as boss; does 409 "for somebody else to say: 'boss' called it off or did it" /v1/assignments/c1/ratify '{"reason":"it was done"}'
q=$(office "SELECT id FROM conflict WHERE record_id='c2'")
does 409 "for somebody else to say" "/v1/conflicts/$q/decide" '{"decision":"terminal","reason":"mine"}'
by "$GIVEN"; does 409 "this token of 'li' was made by 'boss'" /v1/assignments/c1/ratify '{"reason":"it was done"}'
as chen; does 200 '"state":"done"' /v1/assignments/c1/ratify '{"reason":"it was done"}'
does 200 '"decision":"terminal"' "/v1/conflicts/$q/decide" '{"decision":"terminal","reason":"the shop says so"}'
# -- a token that only reads does nothing in anybody's name
reads() { hufud token make "$1" --label reads --read-only --as boss >/dev/null 2>&1; }
holds "a token that reads" reads chen
as chen; ask k3
as boss; does 200 '"decided_by":"boss"' /v1/recusals/k3/grant
server_stop
holds "everything holds" hufud check
passed

#!/usr/bin/env bash
# The audit log says with what somebody came, and has who took a whole scope at once.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
for who in "chen coordinator $S" "ana analyst $S" "song auditor *" "cadm administrator,coordinator $S"; do
	set -f; set -- $who; set +f
	hufud account add "$1" --role "$2" --scope "$3" --password-file "$T/pw" >/dev/null
done
server_start --limit-factor 0
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }
as() { WHO="$1:correct horse"; }
# told MEMBER [OPTION...]: of the newest entry
told() { hufud audit list --format json "${@:2}" | grep -v '"operation":"audit list"' | tail -n 1 | json "$1"; }
# bearer TOKEN METHOD PATH [curl arguments]: the status
bearer() { curl -s -o "$T/body" -w '%{http_code}' -H "Authorization: Bearer $1" -X "$2" "$URL$3" "${@:4}"; }

# -- with what
as chen
answers 200 '"phone":"1"' PATCH /v1/subjects/s1 -H "$M" -H 'If-Match: *' -d '{"phone":"1"}'
is "a password" "by password" "$(told detail --who chen | cut -d';' -f1)"
curl -s -D "$T/head" -o /dev/null -X POST "$URL/v1/session" -H "$J" -d '{"account":"chen","password":"correct horse"}'
session=$(told detail --operation login | sed 's/.*; //')
is "a log-in names its session, and not by what could be used" 20 "${#session}"
cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: *\(__Host-hufu=[^;]*\).*/\1/p' "$T/head" | tr -d '\r')
is "the session" 200 "$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$URL/v1/subjects/s1" -H "Cookie: $cookie" -H "Origin: $URL" -H "$M" -H 'If-Match: *' -d '{"phone":"2"}')"
is "by which it was done, by the name that its log-in has" "by $session" "$(told detail --who chen | cut -d';' -f1)"
answers 201 '"token"' POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"own"}'
own=$(json token <"$T/body") own_id=$(json id <"$T/body")
as cadm
answers 201 '"token"' POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"given","account":"chen"}'
given=$(json token <"$T/body") given_id=$(json id <"$T/body")
is "a token" 200 "$(bearer "$own" PATCH /v1/subjects/s1 -H "$M" -H 'If-Match: *' -d '{"phone":"3"}')"
is "by its id" "by token:$own_id" "$(told detail --who chen | cut -d';' -f1)"
is "one that somebody else made" 200 "$(bearer "$given" PATCH /v1/subjects/s1 -H "$M" -H 'If-Match: *' -d '{"phone":"4"}')"
is "says who that was" "by token:$given_id, made by cadm" "$(told detail --who chen | cut -d';' -f1)"
holds "the chain holds" hufud audit verify

# -- four eyes: whoever makes tokens for two is not two
as cadm
answers 201 '"state":"asked"' POST "/v1/recusals?scope=$S" -H "$J" -H "$(key)" -d '{"subject":"s1","officer":"o1","reason":"kin","state":"asked"}'
recusal=$(json id <"$T/body")
is "with a token that the asker made nobody grants" 409 "$(bearer "$given" POST "/v1/recusals/$recusal/grant" -H 'If-Match: *' -d '')"
is "and is told why" 1 "$(grep -c "made by 'cadm'" "$T/body")"
is "with one's own it is granted" 200 "$(bearer "$own" POST "/v1/recusals/$recusal/grant" -H 'If-Match: *' -d '')"

# -- who takes a scope as a whole
as chen
answers 201 '"id"' POST "/v1/draws?scope=$S" -H "$J" -H "$(key)" -d '{"count":2,'"$ANNOUNCED_JSON"'}'
draw=$(json id <"$T/body")
before=$(hufud audit head --json | json seq)
WHO=; answers 200 '"format"' GET "/v1/draws/$draw/paper"
is "what is public leaves no entry" "$before" "$(hufud audit head --json | json seq)"
as ana
answers 200 '"recusals"' GET "/v1/draws/$draw/paper?full=true"
is "the full paper, which tells grades" "ana getDrawPaper $S draw $draw" "$(for m in who operation scope kind id; do printf '%s ' "$(told $m)"; done | sed 's/ $//')"
is "is told of as that" 1 "$(told detail | grep -c 'the full paper')"
as song
WHO="song:correct horse" answers 200 "refs/heads/$S" GET /mirror.git/info/refs
is "a fetch of the mirror" "song getMirrorRefs ok" "$(told who) $(told operation) $(told outcome)"
is "how far it was" "by password; from 127.0.0.1; positions 330106=N catalog=N" "$(told detail | sed "s/=[0-9]*/=N/g")"
tablet a o1
is "a clone of a tablet" "o1 getSnapshot sync $S" "$(told who --operation getSnapshot) $(told operation --operation getSnapshot) $(told via --operation getSnapshot) $(told scope --scope $S --operation getSnapshot)"
is "by which terminal, up to which main commit" 1 "$(told detail --scope $S --operation getSnapshot | grep -c '^by terminal:[0-9a-f]*; from 127.0.0.1; main commit [0-9a-f]\{40\}$')"

# -- what an entry is found by
entries_of() { hufud audit list --format json "$@" | grep -v '"operation":"audit list"'; }
hufud rate --scope $S >/dev/null
as ana
answers 200 '"subject":"s3"' GET "/v1/ratings?scope=$S&limit=500"
is "who read of this subject? the lists that it was in" "ana listRatings" "$(entries_of --about s3 --kind rating --who ana | tail -n 1 | python3 -c 'import json, sys; e = json.loads(sys.stdin.readline()); print(e["who"], e["operation"])')"
is "and no list that it was not in" 0 "$(entries_of --about s9999 | wc -l)"
is "what a token did" "changeSubject" "$(entries_of --credential "token:$given_id" --outcome ok | tail -n 1 | json operation)"
is "and what it was refused" "grantRecusal recusal $recusal" "$(entries_of --credential "token:$given_id" --outcome refused | tail -n 1 | python3 -c 'import json, sys; e = json.loads(sys.stdin.readline()); print(e["operation"], e["kind"], e["id"])')"
as song
answers 200 listRatings GET "/v1/audit?about=s3&kind=rating&outcome=ok"
request=$(told request_id --who ana --operation listRatings)
answers 200 listRatings GET "/v1/audit?request=$request"
answers 200 '"items":\[\]' GET "/v1/audit?request=none"
as ana
answers 403 denied PATCH /v1/subjects/s4 -H "$M" -H 'If-Match: *' -d '{"phone":"1"}'
is "what was refused names what it was about" "$S subject s4" "$(told scope --who ana --outcome refused) $(told kind --who ana --outcome refused) $(told id --who ana --outcome refused)"

# -- who proves nothing is told of, and fills no disk
nobodys() { hufud audit list --who nobody --format json | wc -l; }
basic() { curl -s -o /dev/null -w '%{http_code}' -u "$1" "$URL$2"; }
before=$(nobodys)
is "a wrong password" 401 "$(basic chen:wrong1 /v1/me)"
is "of whom, asking for what" "nobody getMe refused account chen" "$(for m in who operation outcome kind id; do printf '%s ' "$(told $m)"; done | sed 's/ $//')"
is "from where" "from 127.0.0.1: a wrong password" "$(told detail)"
for i in $(seq 16); do bearer "hufu_$i" GET /v1/me >/dev/null; done
entries=$(($(nobodys) - before))
is "sixteen more within the minute, or two, make no sixteen entries: $entries" yes "$([ $entries -le 3 ] && echo yes)"
server_stop
is "none is forgotten" 17 "$(hufud audit list --who nobody --format json | python3 -c '
import json, re, sys
n = 0
for line in sys.stdin:
	more = re.search(r"(\d+) more that proved nobody", json.loads(line)["detail"])
	n += int(more.group(1)) if more else 1
print(n)')"
holds "the chain holds" hufud audit verify
holds "and the folder is sound" hufud check
passed

#!/usr/bin/env bash
# Limits in an office with one address: who is right costs nobody anything, nor does a program with an old password or token.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
for a in chen li zhu; do hufud account add $a --role coordinator --scope $S --password-file "$T/pw" >/dev/null; done
server_start --behind-proxy
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
OFFICE=198.51.100.7
from() { curl -s -D "$T/head" -o "$T/body" -w '%{http_code}' -H "X-Forwarded-For: $1" "${@:2}"; }
login() { from $OFFICE -X POST "$URL/v1/session" -H "$J" -d "{\"account\":\"$1\",\"password\":\"$2\"}"; }
times() { local n=$1; shift; for _ in $(seq "$n"); do "$@"; echo; done | sort | uniq -c | awk '{print $2 "x" $1}' | paste -sd' '; }

# -- right ones
is "a morning's log-ins" 201x14 "$(times 14 login chen "correct horse")"
is "an administrator's as well" 201 "$(login admin "correct horse")"
for _ in $(seq 300); do last=$(login chen "correct horse"); [ "$last" = 201 ] || break; done
is "one account has an end of its own" 429 "$last"
is "and costs no colleague anything" 201 "$(login li "correct horse")"

# -- a program with a password of yesterday, as Basic and as a session
is "the old password is wrong each time" 401x15 "$(times 15 login zhu "yesterday's")"
is "by Basic too" 401x15 "$(times 15 from $OFFICE -u "zhu:yesterday's" "$URL/v1/me")"
is "the person gets in with the new one" 201 "$(login zhu "correct horse")"
hufud account add wu --role coordinator --scope $S --password-file "$T/pw" >/dev/null
is "a colleague whom nobody has seen today, too" 201 "$(login wu "correct horse")"

# -- what was wrong is right once it is set
echo "yesterday's" >"$T/new"
hufud account set-password zhu --password-file "$T/new" >/dev/null
is "a password that was wrong and is set now is right" 201 "$(login zhu "yesterday's")"
hufud account disable wu >/dev/null
is "one that is disabled is let in no more" 401x2 "$(times 2 login wu "correct horse")"
hufud account enable wu >/dev/null
is "and at once when it is enabled" 201 "$(login wu "correct horse")"

# -- a program whose token has ended
is "it is told each time" 401x20 "$(times 20 from $OFFICE -H "Authorization: Bearer hufu_$(printf 'a%.0s' $(seq 43))" "$URL/v1/me")"
is "and keeps nobody out" 201 "$(login wu "correct horse")"

# -- somebody guesses in the office: the misused account is disabled from there
for i in $(seq 60); do last=$(login "li" "guess$i"); [ "$last" = 401 ] || break; done
is "who guesses waits" 429 "$last"
is "an administrator who is at work disables it" 200 "$(from $OFFICE -u "admin:correct horse" -X PATCH "$URL/v1/accounts/li" -H 'If-Match: *' -H "$M" -d '{"state":"disabled"}')"
is "and enables it, time and again" 200x12 "$(times 12 from $OFFICE -u "admin:correct horse" -X PATCH "$URL/v1/accounts/li" -H 'If-Match: *' -H "$M" -d '{"state":"active"}')"
passed

#!/usr/bin/env bash
# Limits: who is right does not suffer from being one of many at the same moment.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
for i in $(seq 12); do hufud account add "p$i" --role analyst --scope $S --password-file "$T/pw" >/dev/null; done
server_start --behind-proxy
J='Content-Type: application/json'

# -- the office opens: twelve people log in at the same moment
for i in $(seq 12); do
	curl -s -o /dev/null -w '%{http_code}\n' -H "X-Forwarded-For: 192.0.2.$i" -X POST "$URL/v1/session" -H "$J" \
		-d "{\"account\":\"p$i\",\"password\":\"correct horse\"}" >"$T/in$i" &
	in[i]=$!
done
for i in $(seq 12); do wait "${in[i]}"; done
is "all twelve are let in" "12 201" "$(cat "$T"/in* | sort | uniq -c | xargs)"
server_stop
passed

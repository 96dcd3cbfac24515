#!/usr/bin/env bash
# Limits: a thousand wrong logins are let be after a few, others do not feel it, and nobody learns who there is.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
for a in chen li zhu r1 r2 r3 r4; do hufud account add $a --role coordinator --scope $S --password-file "$T/pw" >/dev/null; done
hufud account add ghost --role analyst --scope $S >/dev/null
J='Content-Type: application/json'
fails 2 "number from 0" hufud serve --limit-factor -1
fails 2 "number from 0" hufud serve --limit-factor many
server_start --behind-proxy
# from ADDRESS [curl arguments]: status, as HAProxy would send it
from() { curl -s -D "$T/head" -o "$T/body" -w '%{http_code}' -H "X-Forwarded-For: $1" "${@:2}"; }
login() { from "$1" -X POST "$URL/v1/session" -H "$J" -d "{\"account\":\"$2\",\"password\":\"$3\"}"; }
header() { sed -n "s/^$1: *//Ip" "$T/head" | tr -d '\r'; }
told() { python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); p.pop("request"); print(json.dumps(p, sort_keys=True))' "$T/body"; }

# -- uniform: unknown, wrong, without a password, disabled
hufud account disable li >/dev/null
for who in chen:wrong nobody:wrong ghost:wrong li:"correct horse"; do
	is "'${who%%:*}' is 401" 401 "$(login 198.51.100.1 "${who%%:*}" "${who#*:}")"
	[ -n "${first:-}" ] || first=$(told)
	is "'${who%%:*}' is told what a wrong password is told" "$first" "$(told)"
	is "with the same headers" "${heads:=$(sed 's/\r//; /^[Xx]-[Rr]equest\|^[Dd]ate/d' "$T/head" | sed 's/[0-9a-f]\{16,\}/ID/g' | cut -d: -f1 | sort | tr '\n' ' ')}" \
		"$(sed 's/\r//; /^[Xx]-[Rr]equest\|^[Dd]ate/d' "$T/head" | sed 's/[0-9a-f]\{16,\}/ID/g' | cut -d: -f1 | sort | tr '\n' ' ')"
done
hufud account enable li >/dev/null

# -- a thousand wrong logins, while another works
python3 - "$PORT" "$T/p99" >"$T/flood" <<'PY'
import base64, http.client, json, sys, threading, time
port = int(sys.argv[1])
def call(method, path, headers, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.monotonic()
    c.request(method, path, body, headers)
    r = c.getresponse(); r.read(); c.close()
    return r.status, r.getheader("Retry-After"), time.monotonic() - start
me = {"Authorization": "Basic " + base64.b64encode(b"chen:correct horse").decode(), "X-Forwarded-For": "198.51.100.9"}
def p99(n):
    took = []
    for _ in range(n):
        status, _, t = call("GET", "/v1/subjects?limit=5", me)
        assert status == 200, status
        took.append(t)
    return sorted(took)[int(len(took) * 0.99)]
quiet = p99(150)
seen, lacking = {}, 0
def flood(part):
    global lacking
    for i in range(250):
        s, retry, _ = call("POST", "/v1/session", {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"},
                           json.dumps({"account": "name%d" % (i % 7), "password": "guess%d.%d" % (part, i)}))
        seen[s] = seen.get(s, 0) + 1
        lacking += s == 429 and not (retry and int(retry) > 0)
began = time.monotonic()
threads = [threading.Thread(target=flood, args=(i,)) for i in range(4)]
for t in threads: t.start()
loud = p99(150)
for t in threads: t.join()
print(json.dumps({"statuses": sorted(seen), "checked": seen.get(401, 0), "most": int(15 + (time.monotonic() - began) / 6), "lacking": lacking, "sum": sum(seen.values())}))
print("p99 of another account: %.1f ms quiet, %.1f ms beside 1,000 wrong logins" % (quiet * 1000, loud * 1000), file=open(sys.argv[2], "w"))
PY
is "a thousand are answered, with 401 and then 429" "[401, 429] 1000" "$(json statuses <"$T/flood") $(json sum <"$T/flood")"
is "every 429 says when to come back" 0 "$(json lacking <"$T/flood")"
is "few of them cost a check of a password" True "$([ "$(json checked <"$T/flood")" -le "$(json most <"$T/flood")" ] && echo True)"
# What came back meanwhile is guessed away again.
empty() { for i in $(seq 40); do [ "$(login 203.0.113.7 "n$RANDOM" x)" != 429 ] || return 0; done; }
for r in r1 r2 r3 r4; do empty; last=$(login 203.0.113.7 $r "correct horse"); [ "$last" = 201 ] || break; done
is "the address waits, even with the right password" 429 "$last"
is "another does not" 201 "$(login 203.0.113.8 li "correct horse")"
basic() { for i in $(seq 40); do last=$(from 203.0.113.7 -u "li:guess$RANDOM$i" "$URL$1"); [ "$last" = 401 ] || break; done; echo "$last"; }
is "with Basic it waits as well" 429 "$(basic /v1/me)"
is "before a password is looked at" "too many" "$(json detail <"$T/body" | cut -c1-8)"
is "and says for how long" True "$([ "$(header Retry-After)" -gt 0 ] && echo True)"
is "whom the server remembers it lets in" 200 "$(from 203.0.113.7 -u "chen:correct horse" "$URL/v1/me")"
is "the mirror is no way around" 429 "$(basic /mirror.git/info/refs)"
for i in $(seq 40); do last=$(from 203.0.113.20 -u "li:guess$i" "$URL/mirror.git/info/refs"); [ "$last" = 401 ] || break; done
is "nor a beginning" 429 "$last"
is "git's first question, without a password, costs nothing" 401 "$(from 203.0.113.21 "$URL/mirror.git/info/refs")"

# -- a name that is guessed at from a few addresses waits there, from very many everywhere but where it was right before
is "zhu logs in from the own desk" 201 "$(login 192.0.2.200 zhu "correct horse")"
for i in $(seq 7); do last=$(login 192.0.2.1 zhu "wrong1-$i"); done
is "an address that guesses a name waits for it" 429 "$last"
for i in $(seq 2 15); do login "192.0.2.$i" zhu "wrong$i" >/dev/null; done
is "elsewhere the name does not wait for what a few did" 201 "$(login 192.0.2.99 zhu "correct horse")"
for i in $(seq 16 30); do last=$(login "192.0.2.$i" zhu "wrong$i"); done
is "when very many guess it waits" 429 "$last"
is "also where nobody was wrong yet" 429 "$(login 192.0.2.210 zhu "correct horse but other")"
is "its neighbour does not" 201 "$(login 192.0.2.98 chen "correct horse")"
hufud account set-password zhu --password-file "$T/pw" >/dev/null # what the server remembers is no longer so
is "nor does its own person at the own desk" 201 "$(login 192.0.2.200 zhu "correct horse")"
for i in $(seq 24); do last=$(login "192.0.2.1$i" unheardof "wrong$i"); done
is "a name that nobody has waits as well" 429 "$last"
# an address of IPv6 is what everybody has many of
for i in $(seq 7); do last=$(login "2001:db8:1:2::$i" zhao "wrong$i"); done
is "one network of IPv6 is one who guesses" 429 "$last"
is "another network is another" 401 "$(login "2001:db8:1:3::1" zhao "wrong8")"

# many ADDRESS URL [curl arguments]: the last status of 400 that says to wait, and whether it says for how long
many() {
	curl -s -o /dev/null -w '%{http_code} %header{retry-after}\n' -H "X-Forwarded-For: $1" "${@:3}" "$2?x=[1-400]" |
		awk '$1 == 429 { last = $1 " " ($2 > 0 ? "with" : "without") " a time" } END { print last ? last : "never" }'
}
# -- paths that there are not take from the address as well
is "who asks for anything waits" "429 with a time" "$(many 203.0.113.60 "$URL/v1/nothing/at/all")"
is "another is told that it is not there" 404 "$(from 203.0.113.61 "$URL/v1/nothing/at/all")"
is "stock git, which asks for each object alone first, does not wait" 404 "$(from 203.0.113.60 "$URL/mirror.git/objects/4b/66fddf57b64ec17b2578")"

# -- tokens are guessed no faster
is "a guesser of tokens waits" "429 with a time" "$(many 203.0.113.30 "$URL/v1/me" -H "Authorization: Bearer hufu_$(printf 'A%.0s' $(seq 40))100")"
is "and who knows a password does not" 201 "$(login 203.0.113.30 li "correct horse")"
is "and tells no wrong one from an expired one" "$(from 203.0.113.31 -H "Authorization: Bearer x" "$URL/v1/me" >/dev/null; told)" \
	"$(from 203.0.113.32 -H "Authorization: Bearer hufu_$(printf 'A%.0s' $(seq 43))" "$URL/v1/me" >/dev/null; told)"

# -- who the client is: the last address of the proxy's header, and only behind one
for i in $(seq 15); do last=$(login "192.0.2.$((100 + i)), 203.0.113.50" nobody$i x); done
is "what the client claims of itself is not read" 429 "$last"
is "no address is a mistake of the proxy" 400 "$(from "somebody" "$URL/v1/openapi.json")"
# -- terminals: a bucket for each and its address
codes() { python3 - "$PORT" "$@" <<'PY'
import base64, hashlib, http.client, sys
port, n, terminal, address = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
seen = {}
digest = "sha-256=:" + base64.b64encode(hashlib.sha256(b"x").digest()).decode() + ":"
for _ in range(n):
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("POST", "/v1/sync", b"x", {"Hufu-Terminal": terminal, "Hufu-Signature": "x", "X-Forwarded-For": address,
              "Content-Digest": digest, "Content-Type": "application/x-hufu-sync"})
    r = c.getresponse(); r.read(); c.close()
    seen[r.status] = seen.get(r.status, 0) + 1
print(*sorted(seen))
PY
}
is "a terminal that does not stop waits" 1 "$(codes 1300 t1 203.0.113.40 | grep -c 429)"
is "another of its address does not" 0 "$(codes 3 t2 203.0.113.40 | grep -c 429 || true)"
is "nor the same name elsewhere" 0 "$(codes 3 t1 203.0.113.41 | grep -c 429 || true)"

# -- an account has a bucket for all its ways in
python3 - "$PORT" >"$T/account" <<'PY'
import base64, http.client, sys
port, seen = int(sys.argv[1]), {}
for i in range(900):
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("GET", "/v1/me", headers={"Authorization": "Basic " + base64.b64encode(b"chen:correct horse").decode(),
              "X-Forwarded-For": "203.0.113.%d" % (100 + i % 100)})
    r = c.getresponse(); r.read(); c.close()
    seen[r.status] = seen.get(r.status, 0) + 1
print(*sorted(seen))
PY
is "an account is let be, from whatever address" "200 429" "$(cat "$T/account")"
server_stop
holds "the audit log is whole, and did not grow with what was turned away" sh -c "hufud audit verify && [ \$(hufud audit list --format json | wc -l) -lt 200 ]"

# -- without the option the header is nothing
server_start
for i in $(seq 15); do last=$(login "192.0.2.$i" nobody "x$i"); done
is "claiming another address each time helps nobody" 429 "$last"
server_stop
server_start --limit-factor 0
for i in $(seq 15); do last=$(login 192.0.2.1 "n$i" x); done
is "--limit-factor 0 takes them away" 401 "$last"
server_stop

# -- the proxy's configuration
if command -v haproxy >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k" -out "$T/c" -days 1 -subj /CN=hufu.test >/dev/null 2>&1
	cat "$T/k" "$T/c" >"$T/hufu.pem"
	sed "s|/etc/haproxy/hufu.pem|$T/hufu.pem|" docs/haproxy.cfg >"$T/haproxy.cfg"
	holds "haproxy takes docs/haproxy.cfg" haproxy -c -q -f "$T/haproxy.cfg"
else
	skipped "haproxy is not installed: docs/haproxy.cfg was not held"
fi
echo "$(passed), $(cat "$T/p99")"

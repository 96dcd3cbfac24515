#!/usr/bin/env bash
# Limits: nobody's body is read before he proves himself where that is asked; where it is not, slow ones hold a few workers, and the service goes on.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
server_start --behind-proxy
# without a word of the body: it may be as long as it likes
is "who proves nothing is told so at once, and sends no body" 401 "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -X POST "$URL/v1/imports/subject?scope=$S" \
	-H 'Content-Type: text/csv' -H 'Content-Length: 9000000' -H 'Expect:' --data-binary 'id,name')"
is "who may not is told that" 403 "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -u "chen:correct horse" -X POST "$URL/v1/kinds" \
	-H 'Content-Type: application/json' -H 'Content-Length: 60000' -H 'Expect:' --data-binary '{')"
# a tablet proves itself by the head, whose signature covers the digest of what follows
for path in sync bundle; do
	is "nor is a $path of nobody waited for" 403 "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -X POST "$URL/v1/$path" -H 'Hufu-Terminal: t1' -H 'Hufu-Signature: x' \
		-H "Content-Digest: sha-256=:$(printf x | openssl dgst -sha256 -binary | base64):" -H 'Content-Length: 4000000' -H 'Expect:' --data-binary x)"
done
# a rescue proves itself by its body: of three that come at once two are waited for
is "the third is told to come back" "1 503" "$(python3 - "$PORT" <<'PY'
import select, socket, sys
come = []
for i in range(3):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(("POST /v1/rescue HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.6.6.%d\r\nContent-Type: application/x-hufu-bundle\r\n"
               "Content-Digest: sha-256=:%s=:\r\nContent-Length: 9000000\r\n\r\n" % (i, "A" * 43)).encode() + b"x" * 1000)
    come.append(s)
told = select.select(come, [], [], 60)[0]
print(len(told), *(s.recv(100).split()[1].decode() for s in told))
PY
)"
python3 - "$PORT" >"$T/slow" <<'PY'
import base64, http.client, json, select, socket, sys, threading, time
port = int(sys.argv[1])
slow, answers, done = [], [], threading.Event()
for i in range(40):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(("POST /v1/session HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.7.7.%d\r\n"
               "Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n" % i).encode())
    slow.append(s)
def trickle():
    while not done.is_set():
        for s in list(slow):
            try:
                if select.select([s], [], [], 0)[0]:
                    answers.append(int(s.recv(400).split()[1]))
                    slow.remove(s)
                    s.close()
                else:
                    s.sendall(b" ")
            except (OSError, IndexError):
                slow.remove(s)
        time.sleep(0.5)
thread = threading.Thread(target=trickle)
thread.start()
# Beside them, well before the first of them is cut off after a minute.
def ask(method, path, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=45)
    c.request(method, path, body, {"Authorization": "Basic " + base64.b64encode(b"chen:correct horse").decode(), "X-Forwarded-For": "10.8.8.8",
              "Content-Type": "application/json", "Idempotency-Key": "key-%s" % time.monotonic_ns()})
    r = c.getresponse(); r.read(); c.close()
    return r.status
try:
    others = [ask("GET", "/healthz"), ask("GET", "/v1/subjects?limit=1"), ask("POST", "/v1/subjects?scope=330106", json.dumps({"name": "x", "town": "001"}))]
except OSError as e:
    others = [type(e).__name__]
until = time.monotonic() + 40
while len(slow) > 10 and time.monotonic() < until:
    time.sleep(0.2)
still = len(slow)
done.set(); thread.join()
print(json.dumps({"others": others, "few": still <= 10, "told": sorted(set(answers))}))
PY
is "others read and write meanwhile" "[200, 200, 201]" "$(json others <"$T/slow")"
is "few of the slow ones are waited for" True "$(json few <"$T/slow")"
is "the rest is told to come back" "[503]" "$(json told <"$T/slow")"
passed

#!/usr/bin/env bash
# HTTP refuses what is malformed, too large, unsigned or not loopback, and says why.
. "$(dirname "$0")/lib.sh"
district
server_start
is "it is healthy" ok "$(curl -s "$URL/healthz" | json status)"
is "an unknown path is a problem document" "404 application/problem+json" "$(curl -s -o "$T/out" -w '%{http_code} %{content_type}' "$URL/nothing")"
is "with type, title and status" 404 "$(json status <"$T/out")"
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
is "a wrong method is named" 405 "$(code -X DELETE "$URL/healthz")"
is "a sync without a digest is refused" 400 "$(code -X POST --data-binary x "$URL/v1/sync")"
# (the length alone is refused: a client that is still sending might not hear of it)
is "a body over the limit is refused" 413 "$(code -X POST -H 'Content-Digest: sha-256=:x:' -H 'Expect:' -H 'Content-Length: 5000000' --data-binary x "$URL/v1/sync")"
digest=$(printf x | openssl dgst -sha256 -binary | base64)
is "an unknown terminal is refused" 403 "$(code -X POST -H "Content-Digest: sha-256=:$digest:" -H 'Hufu-Terminal: nobody' -H 'Hufu-Signature: x' --data-binary x "$URL/v1/sync")"
is "a snapshot is not public" 403 "$(code "$URL/v1/snapshot/$S")"
# raw requests: first line of each answer
raw() { python3 - "$PORT" "$1" <<'PY'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5); s.settimeout(8)
s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
data = b""
try:
    while True:
        piece = s.recv(65536)
        if not piece: break
        data += piece
except (socket.timeout, ConnectionError): data += b"[timeout]"
print(data.count(b"HTTP/1.1 "), data.split(b" ")[1].decode() if data.startswith(b"HTTP") else data[:20])
PY
}
H='HTTP/1.1\r\nHost: x\r\n'
is "length and chunks together" "1 400" "$(raw "POST /v1/sync ${H}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz ${H}\r\n")"
is "two lengths" "1 400" "$(raw "POST /v1/sync ${H}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")"
is "a length that is none" "1 400" "$(raw "POST /v1/sync ${H}Content-Length: +3\r\n\r\nabc")"
is "no length" "1 411" "$(raw "POST /v1/sync ${H}\r\n")"
is "an encoded NUL" "1 400" "$(raw "GET /healthz%00x ${H}\r\n")"
is "an encoded line break" "1 400" "$(raw "GET /healthz%0d%0ax ${H}\r\n")"
is "a backslash" "1 400" "$(raw "GET /a%5cb ${H}\r\n")"
is "sixty headers and more" "1 431" "$(raw "GET /healthz ${H}$(for i in $(seq 62); do printf 'A%d: b\\r\\n' "$i"; done)\r\n")"
is "a path of 3,000 letters" "1 414" "$(raw "GET /$(printf 'a%.0s' $(seq 3000)) ${H}\r\n")"
is "still healthy after all that" ok "$(curl -s "$URL/healthz" | json status)"
bomb=$(python3 - "$T/bomb" <<'PY'
import sys, zlib, hashlib, base64
b = zlib.compress(b"[" * 200 + b" " * 60000000, 9)
open(sys.argv[1], "wb").write(b); print(base64.b64encode(hashlib.sha256(b).digest()).decode())
PY
)
is "a bomb from a stranger is not even opened" 403 "$(code -X POST -H "Content-Digest: sha-256=:$bomb:" -H 'Hufu-Terminal: nobody' -H 'Hufu-Signature: x' --data-binary @"$T/bomb" "$URL/v1/sync")"
fails 1 "loopback" hufud serve --listen 0.0.0.0:0
fails 2 "https\|loopback" hufu enroll http://192.0.2.1:80 --code x --replica "$T/x.db" --pin-file /dev/null
holds "the program links nothing that is not safe in CivetWeb" sh tests/lint/civetweb.sh build/hufud
# whom a request comes from
logged() { grep -c "remote=$1 method=GET path=/$2 " "$T/serve.log"; }
curl -s -o /dev/null -H 'X-Forwarded-For: 192.0.2.7' "$URL/claimed"
server_stop
is "a forwarded address is nothing without a proxy" 1 "$(logged 127.0.0.1 claimed)"
server_start --behind-proxy
curl -s -o /dev/null -H 'X-Forwarded-For: 10.0.0.1, 192.0.2.7' "$URL/asked"
curl -s -o /dev/null "$URL/itself"
is "a proxy that names nobody sensible" 400 "$(code -H 'X-Forwarded-For: 192.0.2.7, x' "$URL/healthz")"
server_stop
is "behind a proxy the client is the last that it names" 1 "$(logged 192.0.2.7 asked)"
is "or the proxy itself" 1 "$(logged 127.0.0.1 itself)"
passed

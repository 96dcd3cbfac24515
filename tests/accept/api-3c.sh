#!/bin/bash
# Changes since a position, and as server-sent events: three readers see exactly
# what the log says, also when they come back; rights; the limit; a slow reader.
. tests/accept/lib.sh
district
echo correct-horse-1 >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add wu --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add lou --role coordinator --scope 330108 --password-file "$T/pw" >/dev/null
server_streams() {
	hufud serve --data "$HUFU_DATA" --listen 127.0.0.1:0 --streams "$1" --limit-factor 0 \
		>"$T/serve.out" 2>>"$T/serve.log" &
	SERVER=$!
	PORT=
	for _ in $(seq 100); do
		PORT=$(sed -n 's/.*on port \([0-9]*\).*/\1/p' "$T/serve.out")
		[ -z "$PORT" ] || break
		sleep 0.1
	done
	URL=http://127.0.0.1:$PORT
}
WHO=chen:correct-horse-1
server_streams 7
tablet li o1
READERS=
# reader NAME SCOPES [curl args]: a reader that writes what it hears to a file
reader() {
	curl -sN -u "$WHO" "$URL/v1/events?scope=$2" "${@:3}" >>"$T/$1.ev" 2>/dev/null &
	eval "PID_$1=$!"
	READERS="$READERS $!"
}
gone() { local pid=PID_$1; kill "${!pid}" 2>/dev/null || true; wait "${!pid}" 2>/dev/null || true; }
# The positions of a scope in what a reader heard, one a line.
heard() { sed -n 's/^data: //p' "$T/$1.ev" | python3 -c '
import json, sys
for line in sys.stdin:
    e = json.loads(line)
    if e["scope"] == sys.argv[1]: print(e["position"])' "$2"; }
# The same of the log, behind a position.
logged() { sqlite3 "$HUFU_DATA/hufu.db" \
	"SELECT position FROM log WHERE scope = '$1' AND position > $2 ORDER BY position"; }
# until "what" COMMAND...: within some seconds
until_so() {
	local what=$1; shift
	CHECKS=$((CHECKS + 1))
	for _ in $(seq 100); do
		! "$@" >"$T/out" 2>&1 || return 0
		sleep 0.1
	done
	echo "not so within 10 s: $what" >&2; sed 's/^/  /' "$T/out" >&2; tail -5 "$T/serve.log" >&2
	exit 1
}
has_all() { diff <(heard "$1" "$2") <(logged "$2" "$3"); }
begun() { grep -q '^id: ' "$T/$1.ev"; }
last_id() { sed -n 's/^id: //p' "$T/$1.ev" | tail -1; }
head_of() { sqlite3 "$HUFU_DATA/hufu.db" "SELECT max(position) FROM log WHERE scope = '$1'"; }

# -- changes, a page at a time
FROM=$(head_of $S)
hufud set subject s1 name=first >/dev/null
on li "INSERT INTO visit(id,subject,state,summary) VALUES ('v1','s2','open','seen')"
sync li >/dev/null
api GET "/v1/changes?since=$FROM" >"$T/page"
is "everything since a position" "$(logged $S "$FROM" | tr '\n' ' ')" \
	"$(python3 -c 'import json,sys; print("".join("%d " % i["position"] for i in json.load(sys.stdin)["items"]))' <"$T/page")"
is "who did what" "subject s1 chen set" "$(WHO=$WHO; hufud set subject s1 name=again --as chen >/dev/null
	api GET "/v1/changes?since=$((FROM + 1))&kinds=subject" | python3 -c '
import json, sys
i = json.load(sys.stdin)["items"][-1]; print(i["kind"], i["id"], i["author"], i["operation"])')"
is "a tablet's own" "o1 sync" "$(api GET "/v1/changes?since=$FROM&kinds=visit" | python3 -c '
import json, sys
i = json.load(sys.stdin)["items"][0]; print(i["author"], i["operation"])')"
is "with its record" again "$(api GET "/v1/changes?since=$((FROM + 1))&kinds=subject&include=record" |
	python3 -c 'import json,sys; print(json.load(sys.stdin)["items"][-1]["record"]["name"])')"
walked=$(since=0; more=True; while [ "$more" = True ]; do
	api GET "/v1/changes?since=$since&limit=4" >"$T/page"
	python3 -c 'import json,sys; [print(i["position"]) for i in json.load(sys.stdin)["items"]]' <"$T/page"
	since=$(json since <"$T/page"); more=$(json more <"$T/page")
done)
is "pages have everything once" "$(logged $S 0)" "$walked"
api GET "/v1/changes?since=99999" >/dev/null
is "a position that is not there, as after a restore" "410 /problems/begin_anew" "$(cat "$T/status") $(jq -r .type "$T/body")"
api GET "/v1/changes?scope=330108" >/dev/null
is "a scope of others" 403 "$(cat "$T/status")"
api GET "/v1/changes?kinds=nothing" >/dev/null
is "a kind that there is not" 400 "$(cat "$T/status")"

# -- three readers, while the office and a tablet write
FROM=$(head_of $S) CATALOG=$(head_of catalog)
reader a $S
reader b $S,catalog
reader c $S -H "Last-Event-ID: $S:0"
for r in a b c; do until_so "reader $r listens" begun $r; done
is "they are told when to come back" "retry: 3000" "$(head -1 "$T/a.ev")"
for i in 1 2 3 4 5; do
	hufud set subject s$i name="round $i" >/dev/null
	on li "UPDATE visit SET summary='round $i' WHERE id='v1'"
	sync li >/dev/null
done
echo 'code,name
Z-1,an item' >"$T/items.csv"
hufud import item "$T/items.csv" >/dev/null
until_so "a has all from now on" has_all a $S "$FROM"
until_so "b has the same" has_all b $S "$FROM"
until_so "and the catalog" has_all b catalog "$CATALOG"
until_so "c has all from the beginning" has_all c $S 0
is "an id has the epoch and every scope" "epoch:$(hufud epoch | grep -o "[0-9a-f]\{16\}" | head -1),$S:$(head_of $S),catalog:$(head_of catalog)" "$(last_id b)"

# -- one is cut, much is written, it comes back
gone a; gone b
for i in 6 7 8; do hufud set subject s$i name="meanwhile $i" >/dev/null; done
on li "UPDATE visit SET state='checking', summary='meanwhile' WHERE id='v1'"
sync li >/dev/null
reader a $S -H "Last-Event-ID: $(last_id a)"
reader b $S,catalog -H "Last-Event-ID: $(last_id b)"
hufud set subject s9 name="once more" >/dev/null
until_so "a goes on without a gap or a double" has_all a $S "$FROM"
until_so "b too" has_all b $S "$FROM"
until_so "c never left" has_all c $S 0

# -- only some kinds, and from a position in the query
until_so "c is served" begun c
gone c
curl -sN -m 3 -u "$WHO" "$URL/v1/events?scope=$S&kinds=visit&since=0" >"$T/k.ev" || true
is "only visits" visit "$(sed -n 's/^data: //p' "$T/k.ev" | python3 -c '
import json, sys; print(" ".join(sorted({json.loads(l)["kind"] for l in sys.stdin})))')"
refused() { is "$1" "$2" "$(curl -s -m 5 -o "$T/body" -w '%{http_code}' -u "$WHO" "$URL/v1/events?$3" "${@:4}")"; }
refused "no scope" 400 "kinds=visit"
refused "a scope of others" 403 "scope=$S,330108"
refused "an id of another scope" 400 "scope=$S" -H "Last-Event-ID: 330108:1"
refused "an id that the log does not reach" 410 "scope=$S" -H "Last-Event-ID: $S:999999"
refused "what is no id" 400 "scope=$S&since=x"
is "nobody" 401 "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$URL/v1/events?scope=$S")"

# -- the limit; other requests work
reader d $S; reader e $S
until_so "a third" begun d
until_so "a fourth" begun e
more() { curl -s -m 5 -o "$T/body" -D "$T/head" -w '%{http_code}' -u "$1:correct-horse-1" \
	"$URL/v1/events?scope=$S"; sed -n 's/^Retry-After: \([0-9]*\).*/ \1/p' "$T/head"; }
is "a fifth of one account is told to come back" "429 5" "$(more chen)"
(WHO=wu:correct-horse-1; for r in w x y; do reader $r $S; echo $!; done) >"$T/wu"
for r in w x y; do until_so "another account has its own" begun $r; done
is "beyond all of them everybody is" "503 5" "$(more wu)"
kill $(cat "$T/wu") 2>/dev/null || true
is "which other requests are not" 200 "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -u "$WHO" "$URL/v1/me")"
holds "nor a sync" sync li
gone d; gone e

# -- a reader that does not read stops nobody
{ echo id,name,address,town,state
  python3 -c 'for i in range(3000): print("z%d,long %d,%s,001,in_business" % (i, i, "x" * 900))'; } >"$T/long.csv"
python3 - "$PORT" "$WHO" "$S" "$T/slow.ready" <<'E' &
import base64, socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /v1/events?scope=%s&include=record HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
          % (sys.argv[3].encode(), base64.b64encode(sys.argv[2].encode())))
s.recv(200)
open(sys.argv[4], "w").close()
time.sleep(60)
E
SLOW=$!
until_so "the slow one listens" test -e "$T/slow.ready"
hufud import subject "$T/long.csv" --scope $S --source long >/dev/null
holds "a tablet syncs meanwhile" sync li
until_so "a hears all of it meanwhile" has_all a $S "$FROM"
emptied() { sqlite3 "$HUFU_DATA/hufu.db" 'PRAGMA wal_checkpoint(TRUNCATE)' | grep -x '0|0|0'; }
until_so "nobody who waits holds the database" emptied
kill $SLOW; wait $SLOW 2>/dev/null || true

# -- whose rights end
until_so "a heartbeat came" grep -q '^:$' "$T/b.ev"
gone b
hufud account disable chen >/dev/null
hufud set subject s1 name="not for chen" >/dev/null
ended() { ! kill -0 "$PID_a" 2>/dev/null; }
until_so "the stream ends with the account" ended
is "and did not tell him" "" "$(heard a $S | grep -x "$(head_of $S)" || true)"
hufud account enable chen >/dev/null
TOKEN=$(hufud token make chen --label feed 2>/dev/null | grep -o 'hufu_[A-Za-z0-9_-]*' | head -1)
curl -sN -H "Authorization: Bearer $TOKEN" "$URL/v1/events?scope=$S" >"$T/t.ev" 2>/dev/null &
PID_t=$!
until_so "a program listens by its token" begun t
hufud token revoke feed --account chen >/dev/null
hufud set subject s1 name="not for the token" >/dev/null
ended_t() { ! kill -0 "$PID_t" 2>/dev/null; }
until_so "until it is revoked" ended_t
is "and learns nothing more" "" "$(heard t $S)"
reader f $S
until_so "another listens" begun f
server_stop
ended_f() { ! kill -0 "$PID_f" 2>/dev/null; }
until_so "and ends with the server" ended_f
fails 2 "streams is a number" hufud serve --streams 0
passed

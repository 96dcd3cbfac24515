#!/usr/bin/env bash
# A clone goes on where it was cut, at any byte, and is checked before it is anything.
. "$(dirname "$0")/lib.sh"
N=${SUBJECTS:-6000}
python3 fixtures/generate/district.py --subjects $N --seed 5 --out "$T/csv"
hufud init >/dev/null
hufud import division fixtures/zhejiang/divisions.csv >/dev/null
hufud import agency "$T/csv/agencies.csv" >/dev/null
hufud import officer "$T/csv/officers.csv" --scope $S >/dev/null
hufud import subject "$T/csv/subjects.csv" --scope $S >/dev/null
OFFICER=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM officer ORDER BY id LIMIT 1")
server_start --limit-factor 0

# A wire between tablet and server (port in $T/wire.port): $T/cut has after how many bytes of a snapshot it breaks (0: nothing
# comes through; absent: it holds), $T/slow makes it slow, $T/bad at which byte of one it turns a bit. Bytes sent are counted in $T/sent.
cat >"$T/wire.py" <<'PY'
import socket, sys, threading, time
folder, target = sys.argv[1], int(sys.argv[2])
def setting(name):
    try: return int(open(f"{folder}/{name}").read())
    except (OSError, ValueError): return None
def read_head(s):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = s.recv(65536)
        if not piece: return head
        head += piece
    return head
def serve(a):
    head = read_head(a)
    if not head: return a.close()
    is_part = head.startswith(b"GET /v1/snapshot/" + sys.argv[3].encode())
    with open(f"{folder}/heads", "ab") as f: f.write(head)
    cut, bad = (setting("cut"), setting("bad")) if is_part else (None, None)
    b = socket.create_connection(("127.0.0.1", target))
    b.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) if b"Connection:" not in head else head)
    def up():
        try:
            while piece := a.recv(65536): b.sendall(piece)
        except OSError: pass
    threading.Thread(target=up, daemon=True).start()
    answer = read_head(b)
    top, _, rest = answer.partition(b"\r\n\r\n")
    if is_part:
        with open(f"{folder}/answers", "ab") as f: f.write(top + b"\r\n\r\n")
    sent = 0
    try:
        a.sendall(top + b"\r\n\r\n")
        piece = rest or b.recv(4096)
        while piece:
            if bad is not None and sent <= bad < sent + len(piece):
                piece = bytearray(piece); piece[bad - sent] ^= 16; piece = bytes(piece)
            if cut is not None: piece = piece[:max(cut - sent, 0)]
            if not piece: break
            a.sendall(piece); sent += len(piece)
            if setting("slow") and is_part: time.sleep(0.02)
            piece = b.recv(4096)
    except OSError: pass
    if is_part and b" 20" in top[:16]:
        with open(f"{folder}/sent", "a") as f: f.write(f"{sent}\n")
    for s in (a, b):
        try: s.shutdown(socket.SHUT_RDWR)
        except OSError: pass
        s.close()
l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
l.bind(("127.0.0.1", 0)); l.listen(64)
open(f"{folder}/wire.port", "w").write(str(l.getsockname()[1]))
while True: threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
PY
python3 "$T/wire.py" "$T" "$PORT" $S & WIRE=$!
trap 'ended=$?; set +e; kill $WIRE 2>/dev/null; (exit $ended); finish' EXIT
for _ in $(seq 100); do [ -s "$T/wire.port" ] && break; sleep 0.1; done
WIRED=http://127.0.0.1:$(cat "$T/wire.port")
# enrolled NAME: a tablet behind the wire, not cloned
enrolled() {
	echo 246810 >"$T/pin"
	hufu enroll "$WIRED" --code "$(hufud terminal code --officer "$OFFICER" --scope $S)" --pin-file "$T/pin" --replica "$T/$1.db" >/dev/null
}
clone() { hufu clone --replica "$T/$1.db"; }
records() { sqlite3 "$T/$1.db" "SELECT count(*) FROM subject"; }
part() { stat -c %s "$T/$1.db.$S.part" 2>/dev/null || echo 0; }
# sum of bytes sent of snapshots so far, then forget them
sent() { awk '{ n += $1 } END { print n + 0 }' "$T/sent"; rm -f "$T/sent"; }

# What it will be is said first, and one clone without a cut is the measure.
enrolled whole
clone whole >"$T/said"
all=$(hufu info --json --replica "$T/whole.db" | python3 -c 'import json, sys; print(sum(s["records"] for s in json.load(sys.stdin)["scopes"]))')
is "the size is said before" "to clone: $all records in 2 scopes" "$(head -n 1 "$T/said" | cut -d, -f1)"
is "and about how much disk it takes" yes "$(head -n 1 "$T/said" | grep -q 'MB to load, about .* MB on this disk' && echo yes)"
SIZE=$(sent)
is "all subjects are there" $N "$(records whole)"
is "the halves match" "$(server_root)" "$(root_of whole)"
holds "and verify" hufu verify --replica "$T/whole.db"

# Cut at many places, one after another: no try begins before what the last one had.
enrolled cut
tries=0
for at in 1 2 100 999 4096 4097 20000 65536 70001 $((SIZE / 2)); do
	echo "$at" >"$T/cut"
	before=$(part cut)
	[ $((before + at)) -lt "$SIZE" ] || continue
	fails 1 "cannot reach" clone cut
	is "what came is kept ($at)" $((before + at)) "$(part cut)"
	is "nothing of it is data yet" 0 "$(records cut 2>/dev/null || echo 0)"
	tries=$((tries + 1))
done
rm "$T/cut"
is "it was cut several times" yes "$([ $tries -ge 6 ] && echo yes)"
holds "then it goes on to its end" clone cut
is "nothing was sent twice" "$SIZE" "$(sent)"
is "a clone of pieces is the same" "$(server_root)" "$(root_of cut)"
is "no part is left" "" "$(ls "$T" | grep '\.part' || true)"

# Killed, as by a battery, on a slow wire: what had come is there, and at most 256 KiB come twice. (Here less is in flight.)
enrolled killed
echo 1 >"$T/slow"
for at in $((SIZE / 8)) $((SIZE / 3)) $((SIZE / 2)) $((SIZE * 3 / 4)); do
	hufu clone --replica "$T/killed.db" >/dev/null 2>&1 & pid=$!
	for _ in $(seq 600); do [ "$(part killed)" -ge $at ] && break; sleep 0.02; done
	is "it was in the middle of it ($at)" yes "$(kill -9 $pid 2>/dev/null && echo yes)"
	wait $pid 2>/dev/null || true
	is "what came is kept ($at)" yes "$([ "$(part killed)" -ge $at ] && echo yes)"
done
rm "$T/slow"
holds "after the kills it ends well" clone killed
is "hardly anything came twice" yes "$(sent | awk -v size="$SIZE" '{ print $1 - size <= size / 2 ? "yes" : $1 - size }')"
is "and is the same" "$(server_root)" "$(root_of killed)"
holds "and sound" hufu verify --replica "$T/killed.db"

# Killed while it is applied: as before, and the parts are there still.
enrolled applied
hufu clone --replica "$T/applied.db" >/dev/null 2>&1 & pid=$!
for _ in $(seq 400); do [ "$(part applied)" -ge "$SIZE" ] && break; sleep 0.01; done
kill -9 $pid 2>/dev/null || true; wait $pid 2>/dev/null || true
[ "$(records applied 2>/dev/null || echo 0)" = $N ] || holds "and again" clone applied
is "killed while it is applied: the same in the end" "$(server_root)" "$(root_of applied)"
sent >/dev/null

# A byte that is not what was sent: a clear error, nothing taken, and the next try is whole.
enrolled bad
for at in 0 7 $((SIZE / 3)) $((SIZE - 2)); do
	echo "$at" >"$T/bad"
	fails 1 "does not pass its check and was thrown away, clone again" clone bad
	is "nothing of it was taken ($at)" 0 "$(records bad 2>/dev/null || echo 0)"
	is "and nothing of it is kept ($at)" 0 "$(part bad)"
done
rm "$T/bad"
holds "the next one is sound" clone bad
is "and the same" "$(server_root)" "$(root_of bad)"

# The server restarts, and the office writes meanwhile: the snapshot is still the same, the sync brings the rest.
enrolled moved
sent >/dev/null
echo $((SIZE / 2)) >"$T/cut"; fails 1 "cannot reach" clone moved; rm "$T/cut"
server_stop; server_start --limit-factor 0
ONE=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM subject ORDER BY id LIMIT 1")
hufud set subject "$ONE" name=renamed --scope $S --as admin >/dev/null
holds "it goes on after a restart" clone moved
is "from where it was" "$SIZE" "$(sent)"
is "with what the office wrote meanwhile" renamed "$(sqlite3 "$T/moved.db" "SELECT name FROM subject WHERE id='$ONE'")"
is "the halves match" "$(server_root)" "$(root_of moved)"

# Another snapshot takes its place: who has a part of the one before still gets the rest of it.
enrolled former
echo $((SIZE / 2)) >"$T/cut"; fails 1 "cannot reach" clone former; rm "$T/cut"; sent >/dev/null
python3 - "$T/csv/subjects.csv" >"$T/changed.csv" <<'PY'
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig")))
at = rows[0].index("name")
w = csv.writer(sys.stdout)
w.writerow(rows[0])
for r in rows[1:1201]: w.writerow(r[:at] + [r[at] + " new"] + r[at + 1:])
PY
hufud import subject "$T/changed.csv" --scope $S >/dev/null
enrolled next
holds "a newer snapshot is made" clone next
is "another one" 2 "$(ls "$HUFU_DATA/snapshots" | grep -c "^$S-.*-.*\.snap")"
sent >/dev/null
holds "the one before goes on" clone former
is "only its rest was sent" $((SIZE - SIZE / 2)) "$(sent)"
is "and it is up to date" "$(server_root)" "$(root_of former)"

# One that the server has not any more: it begins anew, and ends well.
enrolled gone
echo 5000 >"$T/cut"; fails 1 "cannot reach" clone gone; rm "$T/cut"
rm -r "$HUFU_DATA/snapshots"/$S*; sent >/dev/null
hufud set subject "$ONE" name=again --scope $S --as admin >/dev/null
holds "a snapshot that is gone: anew" clone gone
is "the halves match" "$(server_root)" "$(root_of gone)"

# As curl sees it: nobody's business without a signature.
is "a stranger gets nothing" 403 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/snapshot/$S")"
is "not even its size" 403 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/snapshot")"
# A tablet's own request, once more by curl: header lines as the wire saw them.
signed() { python3 - "$T/heads" "$1" <<'PY'
import sys
heads = open(sys.argv[1], "rb").read().decode(errors="replace").split("\r\n\r\n")
head = [h for h in heads if h.startswith(f"GET {sys.argv[2]} ")][-1]
for line in head.split("\r\n")[1:]:
    if line.lower().startswith("hufu-"): print(line)
PY
}
signed /v1/snapshot/$S >"$T/signed"
get() { curl -s -D "$T/h" -o "$T/b" -H @"$T/signed" "$@" "$URL/v1/snapshot/$S"; awk 'NR == 1 { print $2 }' "$T/h"; }
header() { tr -d '\r' <"$T/h" | sed -n "s/^$1: //Ip"; }
is "with it, the whole" 200 "$(get)"
ETAG=$(header etag); WHOLE=$(header content-length); cp "$T/b" "$T/whole.snap"
is "a strong ETag" yes "$([[ $ETAG =~ ^\"[0-9a-f]{40}-[0-9a-f]{16}\"$ ]] && echo yes)"
is "the same bytes as ever" 200 "$(get)"; holds "byte for byte" cmp "$T/b" "$T/whole.snap"
is "a part" 206 "$(get -H 'Range: bytes=1000-1999' -H "If-Range: $ETAG")"
is "of a thousand bytes" "bytes 1000-1999/$WHOLE" "$(header content-range)"
holds "these" cmp "$T/b" <(tail -c +1001 "$T/whole.snap" | head -c 1000)
is "the last one" 206 "$(get -H "Range: bytes=$((WHOLE - 1))-" -H "If-Range: $ETAG")"
is "beyond the end" 416 "$(get -H "Range: bytes=$WHOLE-" -H "If-Range: $ETAG")"
is "of another one: the whole" 200 "$(get -H 'Range: bytes=1000-1999' -H 'If-Range: "nothing"')"
is "who has it is told so" 304 "$(get -H "If-None-Match: $ETAG")"
is "a tag that is a path is no path" 200 "$(get -H 'Range: bytes=1-' -H 'If-Range: "../../hufu.db"')"
sed -i '/^Hufu-Format/d' "$T/signed"
is "an older tablet" 200 "$(get)"
is "gets the format that it reads" 1 "$(python3 -c 'import json, sys, zlib; print(json.loads(zlib.decompress(open(sys.argv[1], "rb").read()).split(b"\n")[0])["format"])' "$T/b")"
is "which is larger" yes "$([ "$(header content-length)" -gt "$WHOLE" ] && echo yes)"

# Larger than the server gives a tablet: said before anything is loaded, and refused to whoever asks all the same.
server_stop; server_start --limit-factor 0 --clone-records 1000
enrolled large; : >"$T/heads"
fails 1 "records, and the server gives a terminal at most 1000: ask the administrator" clone large
is "nothing was loaded" 0 "$(grep -c "GET /v1/snapshot/" "$T/heads")"
server_stop; server_start --limit-factor 0 --clone-records $((N + 3000))
holds "within the limit, but large" clone large
is "the officer is warned" yes "$(grep -q "more than the server advises" "$T/out" && echo yes)"
server_stop; server_start --limit-factor 0 --clone-mb 0
enrolled heavy
fails 1 "bytes, and the server gives a terminal at most 0: ask the administrator" clone heavy
passed

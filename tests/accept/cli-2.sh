#!/usr/bin/env bash
# One server on a folder; one notation of values; quarantine and damage are told.
. "$(dirname "$0")/lib.sh"

# init takes a new or an empty folder, and no other
mkdir "$T/full" "$T/empty"
echo hello >"$T/full/note"
fails 1 "not empty and no data folder" hufud init --data "$T/full"
is "nothing was put there" note "$(ls "$T/full")"
holds "an empty folder will do" hufud init --data "$T/empty"
fails 1 "is a data folder already" hufud init --data "$T/empty"
fails 1 "is no data folder" hufud check --data "$T/full"
if [ "$(id -u)" = 0 ]; then
	cp "$BIN/hufud" "$T/hufud"
	chmod 755 "$T" "$T/hufud"
	fails 1 "Permission denied" setpriv --reuid 65534 --clear-groups "$T/hufud" check --data "$T/empty"
	fails 1 "run as the user that owns" setpriv --reuid 65534 --clear-groups "$T/hufud" check --data "$T/empty"
fi

# values are written in one way on the command line and in files
district
holds "degrees are degrees" hufud set subject s1 latitude=30.2741 longitude=120
is "kept in 1e-7 degrees" "302741000 1200000000" "$(hufud show subject s1 --json | json record.latitude) $(hufud show subject s1 --json | json record.longitude)"
fails 1 "degrees from -90 to 90" hufud set subject s1 latitude=200
fails 1 "degrees from -180 to 180" hufud set subject s1 longitude=180.0000001
holds "the ends of the world belong to it" hufud set subject s1 latitude=-90 longitude=180
hufud export subject --out "$T/s.csv" >/dev/null
hufud import subject "$T/s.csv" >"$T/out"
is "what was exported changes nothing" "9 0 0 9 0" "$(awk '$1 == "subject" { print $2, $3, $4, $5, $6 }' "$T/out")"

# one server at a time, commands beside it; a killed one leaves nothing behind
server_start
fails 1 "'$T/data' is served by another hufud" hufud serve --listen 127.0.0.1:0
is "the first is well" ok "$(curl -s "$URL/healthz" | json status)"
holds "commands go on beside it" hufud set subject s1 address=beside
kill -KILL "$SERVER"; wait "$SERVER" 2>/dev/null || true
server_start

# an empty text of a tablet survives export and import
tablet a o1
on a "INSERT INTO visit(id,subject,summary,unable_reason) VALUES('v1','s1','','  ')"
sync a >/dev/null
is "the office has the empty text" "" "$(hufud show visit v1 --json | json record.summary)"
hufud export visit --out "$T/v.csv" >/dev/null
hufud import visit "$T/v.csv" >"$T/out"
is "an export of it changes nothing" "1 0 0 1 0" "$(awk '$1 == "visit" { print $2, $3, $4, $5, $6 }' "$T/out")"

# what may not be merged is listed with its reason
is "nothing is in quarantine" "nothing is in quarantine" "$(hufud quarantine list)"
on a "UPDATE subject SET name='mine' WHERE id='s2'"
on a "UPDATE assignment SET due='2030-01-01', state='accepted' WHERE id='a1'"
former a subject s2
former a assignment a1
sync a >/dev/null
hufud quarantine list --json >"$T/q"
q() { python3 -c 'import json, sys
for q in json.load(open(sys.argv[1]))["quarantine"]: print(q["kind"], q["id"], q["author"], q["code"], q["scope"])' "$T/q" | sort; }
is "each with its code: a field, or the whole kind" "assignment a1 o1 field $S
subject s2 o1 role $S" "$(q)"
is "it has a time and a packet" "24 40" "$(python3 -c 'import json, sys
q = json.load(open(sys.argv[1]))["quarantine"][0]; print(len(q["time"]), len(q["packet"]))' "$T/q")"
holds "and a reason in words" sh -c "hufud quarantine list --scope $S | grep -q 'role may not write'"
is "another scope has none" "nothing is in quarantine" "$(hufud quarantine list --scope 330108)"

# a mirror that lost bytes is not called up to date
hufud mirror >/dev/null
git -C "$T/data/mirror.git" for-each-ref >"$T/refs"
pack=$(ls -S "$T/data/mirror.git/objects/pack/"*.pack | head -n 1)
chmod u+w "$pack"
python3 - "$pack" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as f:
    f.seek(os.path.getsize(sys.argv[1]) // 2); b = f.read(1); f.seek(-1, 1); f.write(bytes([b[0] ^ 255]))
PY
fails 1 "remove .*mirror.git" hufud mirror
rm -r "$T/data/mirror.git"
holds "it is made again" hufud mirror
is "with the same ids" "$(cat "$T/refs")" "$(git -C "$T/data/mirror.git" for-each-ref)"
passed

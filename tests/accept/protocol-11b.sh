#!/usr/bin/env bash
# Evidence on the tablet: hashed when it is taken, sent after the records, kept until the office has the whole of it.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
server_start
tablet li o1
on li "INSERT INTO visit(id, subject, town, summary, state) VALUES ('v1', 's1', (SELECT town FROM subject WHERE id='s1'), 'dirty', 'open')"
export HUFU_REPLICA=$T/li.db
folder=$T/li.db.evidence
files() { find "$folder" -type f 2>/dev/null | wc -l; }
head -c 3000000 /dev/urandom >"$T/kitchen.jpg"
head -c 2000 /dev/urandom >"$T/licence.jpg"
head -c 20000 /dev/urandom >"$T/talk.m4a"

# 1. A file is taken: its copy, its hash, its record.
fails 1 "visit" hufu attach nowhere "$T/kitchen.jpg"
fails 1 "cannot read" hufu attach v1 "$T/no-such-file"
fails 2 "LATITUDE" hufu attach v1 "$T/kitchen.jpg" --fix somewhere
is "what was refused left no file" 0 "$(files)"
e1=$(hufu attach v1 "$T/kitchen.jpg" --caption 'grease on the floor' --fix 30.2741,120.1551 --json | json id)
e2=$(hufu attach v1 "$T/licence.jpg" --point licence_shown --json | json id)
e3=$(hufu attach v1 "$T/talk.m4a" --json | json id)
is "the same file again is the same evidence" "$e1 1" "$(hufu attach v1 "$T/kitchen.jpg" --json | jq -r '"\(.id) \(if .again then 1 else 0 end)"')"
sum=$(sha256sum "$T/kitchen.jpg" | cut -d' ' -f1)
is "the copy is under its hash" 3000000 "$(stat -c %s "$folder/${sum:0:2}/$sum")"
is "the record says what it is" "$sum|3000000|photo|o1|302741000|1201551000|grease on the floor|1" \
	"$(on li "SELECT sha256, size, media, author, latitude, longitude, caption, signature IS NOT NULL FROM evidence WHERE id='$e1'")"
is "sound is sound" audio "$(on li "SELECT media FROM evidence WHERE id='$e3'")"
is "status shows what is under way, first what supports a point, then the small ones" "$e2 $e3 $e1" \
	"$(hufu status | sed -n 's/^file  *evidence \([0-9a-f]*\) .*/\1/p' | paste -sd' ')"
holds "and how much it is" grep -q '3 files of evidence under way, 3.0 MB' <(hufu status)

# 2. Nothing goes before its record has gone.
is "an upload before the sync sends nothing" "0 3" "$(hufu upload --json | jq -r '"\(.requests) \(.left)"')"
holds "the records go" hufu sync --no-upload
is "the files do not" 0 "$(find "$HUFU_DATA/evidence" -type f 2>/dev/null | wc -l)"
hufud visit v1 --scope $S >"$T/visit"
is "the visit is accepted and says what is missing" "missing 3" "$(grep -o 'missing 3' "$T/visit")"

# 3. The sync's own lane sends them afterwards, and only then the tablet forgets them.
hufu sync >"$T/sync"
is "three files are whole at the office" "evidence: 3 files whole at the office, 3.0 MB up" "$(grep '^evidence' "$T/sync")"
is "and gone from the tablet" 0 "$(files)"
holds "the office has the same bytes" cmp "$T/kitchen.jpg" "$HUFU_DATA/evidence/${sum:0:2}/$sum"
holds "nothing is missing any more" bash -c '! hufud visit v1 --scope 330106 | grep -q missing'
is "status has nothing to say" "nothing to do: no edits, everything is sent" "$(hufu status)"
is "an upload has nothing to do" "no file of evidence is under way" "$(hufu upload)"

# 4. The device signed what it saw: anybody with its key can check that.
hufud export evidence --scope $S --format jsonl --out "$T/evidence.jsonl" >/dev/null
hufud export enrolment --scope $S --format jsonl --out "$T/enrolment.jsonl" >/dev/null
signature_of() { # SED SCRIPT: verified over the record as it is after that
	sed "$1" "$T/evidence.jsonl" >"$T/said.jsonl"
	python3 - "$T" "$e1" <<'P'
import base64, json, sys
folder, i = sys.argv[1:]
lines = lambda n: [json.loads(x) for x in open(f"{folder}/{n}.jsonl", encoding="utf-8")]
record = next(r for r in lines("said") if r["id"] == i)
key = next(e["terminal_key"] for e in lines("enrolment") if e["terminal"] == record["terminal"])
names = "author boot latitude longitude media monotonic_ms sha256 size taken_after taken_at terminal".split()
seen = {n: record[n] for n in names if n in record}
text = json.dumps(seen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
open(f"{folder}/message", "wb").write(b"hufu-evidence-1\n" + text.encode())
open(f"{folder}/signature", "wb").write(base64.b64decode(record["signature"]))
open(f"{folder}/key", "wb").write(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key))
P
	openssl pkeyutl -verify -pubin -inkey "$T/key" -keyform DER -rawin -in "$T/message" -sigfile "$T/signature" 2>&1 || true
}
is "the device's signature holds" "Signature Verified Successfully" "$(signature_of '')"
is "and not over another place" "Signature Verification Failure" "$(signature_of s/302741000/302741001/)"

# 4b. A terminal reads a file under its own key, as its officer; under another, or of another scope, it does not.
seed_of() { sqlite3 "$1" "SELECT value FROM hufu_meta WHERE key='terminal_seed'"; }
terminal_get() { # SEED PATH: the status
	python3 - "$T" "$1" "$2" <<'P'
import hashlib, sys, time
folder, seed, path = sys.argv[1:]
now = str(int(time.time() * 1000))
open(f"{folder}/private", "wb").write(bytes.fromhex("302e020100300506032b657004220420" + seed))
open(f"{folder}/ask", "wb").write(b"hufu-request-1\nGET\n" + path.encode() + b"\n" + hashlib.sha256(now.encode()).digest())
open(f"{folder}/now", "w").write(now)
P
	openssl pkeyutl -sign -inkey "$T/private" -keyform DER -rawin -in "$T/ask" -out "$T/signed"
	curl -s -o "$T/body" -w '%{http_code}' -H "Hufu-Terminal: $(hufu info --json | json terminal)" -H "Hufu-Time: $(cat "$T/now")" \
		-H "Hufu-Signature: $(base64 -w0 "$T/signed")" "$URL$2"
}
mine=$(seed_of "$T/li.db")
is "a terminal reads as its officer" 200 "$(terminal_get "$mine" /v1/evidence/$e1/file)"
holds "the bytes that were taken" cmp "$T/kitchen.jpg" "$T/body"
is "under another key it is not known" 401 "$(terminal_get "${mine//[0-4]/5}" /v1/evidence/$e1/file)"
is "both of which the audit log has" "o1 sync ok;nobody api refused;" "$(hufud audit list --operation getEvidenceFile --format json | jq -r '"\(.who) \(.via) \(.outcome)"' | tr '\n' ';')"
hufud import subject "$T/subjects.csv" --scope 330108 >/dev/null
hufud set visit w1 subject=s1 state=open --new --scope 330108 >/dev/null
hufud set evidence w2 visit=w1 sha256=$sum size=3000000 --new --scope 330108 >/dev/null
is "of another scope there is nothing" 404 "$(terminal_get "$mine" /v1/evidence/w2/file)"
is "and nothing else of the API is for terminals" 401 "$(terminal_get "$mine" /v1/visits/v1)"

# 5. Cut and killed in the middle, it goes on where the server stands.
head -c 9000000 /dev/urandom >"$T/long.mp4"
e4=$(hufu attach v1 "$T/long.mp4" --json | json id)
sync li --no-upload >/dev/null
sum4=$(sha256sum "$T/long.mp4" | cut -d' ' -f1)
part=$HUFU_DATA/evidence/parts/$S-$sum4
hufu upload --limit-rate 2M >/dev/null 2>&1 &
job=$!
for _ in $(seq 400); do
	[ ! -e "$part" ] || [ "$(stat -c %s "$part" 2>/dev/null || echo 0)" -lt 1000000 ] || break
	sleep 0.02
done
kill -9 $job; wait $job 2>/dev/null || true
at=$(stat -c %s "$part")
holds "the tablet was killed with a part at the office ($at bytes)" test "$at" -ge 1000000 -a "$at" -lt 9000000
is "and keeps its file" 1 "$(files)"
hufu upload --limit-rate 2M >/dev/null 2>&1 &
job=$!
for _ in $(seq 400); do
	now=$(stat -c %s "$part" 2>/dev/null || echo 0)
	[ "$now" -lt $((at + 1000000)) ] || break
	sleep 0.02
done
kill -9 "$SERVER"; wait "$SERVER" 2>/dev/null || true
code=0; wait $job || code=$?
is "a server that dies is told" 1 "$code"
before=$(stat -c %s "$part")
server_start
hufu upload --json >"$T/up"
is "it goes on where the server stood: nothing that had come is sent again" "$((9000000 - before)) 0" "$(jq -r '"\(.bytes_up) \(.left)"' "$T/up")"
holds "and arrives whole" cmp "$T/long.mp4" "$HUFU_DATA/evidence/${sum4:0:2}/$sum4"

# 6. A quota warns early, then refuses files, and never a record.
head -c 85000 /dev/urandom >"$T/a"
head -c 20000 /dev/urandom >"$T/b"
hufu attach v1 "$T/a" --quota 100000 >"$T/out2" 2>&1
holds "above 80 of 100 it warns" grep -q "has 85.0 kB of 100.0 kB: 'hufu upload' makes room" "$T/out2"
HUFU_EVIDENCE_QUOTA=100000 fails 1 "evidence is full" hufu attach v1 "$T/b"
is "the file is not taken" 1 "$(files)"
on li "UPDATE visit SET summary='clean' WHERE id='v1'"
HUFU_EVIDENCE_QUOTA=1 holds "a record is" hufu sync
is "as written" clean "$(hufud show visit v1 --scope $S --json | jq -r '.. | .summary? // empty' | head -1)"

# 7. One gigabyte that waits makes a sync of records no larger.
edit_and_sync() { on li "UPDATE visit SET summary='$1' WHERE id='v1'"; hufu sync --no-upload --json; }
hufu upload >/dev/null
edit_and_sync again1 >/dev/null
edit_and_sync again2 >"$T/without"
for i in 1 2; do
	truncate -s 512M "$T/big$i"
	printf %s $i | dd of="$T/big$i" conv=notrunc status=none
	hufu attach v1 "$T/big$i" >/dev/null
done
hufu sync --no-upload >/dev/null
is "a gigabyte waits" 1073741824 "$(find "$folder" -type f -printf '%s\n' | awk '{n += $1} END {print n}')"
edit_and_sync again3 >"$T/with"
size() { jq "$1" "$T/$2"; }
is "as many requests" "$(size .requests without)" "$(size .requests with)"
for what in bytes_up bytes_down; do
	holds "$what of a sync grow by 5 of 100 at most ($(size .$what without), then $(size .$what with))" \
		test $(($(size .$what with) * 100)) -le $(($(size .$what without) * 105))
done

# 8. A terminal that was revoked sends nothing.
hufud terminal revoke "$(hufu info --json | json terminal)" --scope $S --reason lost >/dev/null
fails 1 "revoked" hufu upload
passed

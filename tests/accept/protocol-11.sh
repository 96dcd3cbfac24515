#!/usr/bin/env bash
# Evidence: files by their hash, sent in pieces over any number of cuts, read as attachments by those who may.
. "$(dirname "$0")/lib.sh"
echo "correct horse" >"$T/pw"
district
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
hufud account add luo --role coordinator --scope 330108 --password-file "$T/pw" >/dev/null
hufud account add ma --role analyst --scope $S --password-file "$T/pw" >/dev/null
server_start
on_server() { hufud "$@" --scope $S --as chen; }
on_server set visit v1 subject=s1 visited_on=2026-11-20 state=open --new >/dev/null

# A file of 300,000 bytes that looks like a page of a browser.
{ echo '<script>alert(1)</script>'; head -c 299974 /dev/urandom; } >"$T/photo.jpg"
sum=$(sha256sum "$T/photo.jpg" | cut -d' ' -f1)
on_server set evidence e1 visit=v1 sha256=$sum size=300000 name=photo.jpg media=photo --new >/dev/null
WHO="chen:correct horse"
TUS=(-H 'Tus-Resumable: 1.0.0')
E1=/v1/evidence/e1
# send STATUS "text in the body" OFFSET FILE [curl arguments]: bytes from there on, refused
send() {
	answers "$1" "$2" PATCH $E1/upload "${TUS[@]}" -H 'Content-Type: application/offset+octet-stream' \
		-H "Upload-Offset: $3" --data-binary "@$4" "${@:5}"
}
# is_sent OFFSET FILE [curl arguments]: and taken
is_sent() {
	api PATCH $E1/upload "${TUS[@]}" -H 'Content-Type: application/offset+octet-stream' -H "Upload-Offset: $1" \
		--data-binary "@$2" "${@:3}" >/dev/null
	is "bytes from $1 on are taken" 204 "$(cat "$T/status")"
}
is_dropped() {
	api DELETE "$1" "${TUS[@]}" >/dev/null
	is "$1 is taken away" 204 "$(cat "$T/status")"
}
# slice OFFSET BYTES: of the photo
slice() { tail -c "+$(($1 + 1))" "$T/photo.jpg" >"$T/slice"; head -c "$2" "$T/slice"; }
header() { tr -d '\r' <"$T/head" | sed -n "s/^$1: //Ip"; }
offset() {
	api HEAD $E1/upload "${TUS[@]}" -I -D "$T/head" >/dev/null
	header Upload-Offset
}

# 1. Who begins without the version of tus, or with another length, is told so.
answers 412 'Tus-Resumable' POST $E1/upload -H 'Content-Length: 0' -H 'Upload-Length: 300000'
answers 409 'has 300000 bytes' POST $E1/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 5'
answers 404 'nothing of this file' GET $E1/upload "${TUS[@]}"
answers 201 '"offset":0' POST $E1/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 300000' -D "$T/head"
is "where to send it" $E1/upload "$(header Location)"
is "nothing is here yet" 0 "$(offset)"
is "the version is told" 1.0.0 "$(header Tus-Resumable)"

# 2. Cut at several bytes: what came before the cut is kept, and the offset says so.
hang_up() { # FROM TO: announce all, send a part, and hang up
	python3 - "$PORT" "$T/photo.jpg" "$1" "$2" "$(printf %s "$WHO" | base64)" <<'P'
import socket, sys
port, path, a, b, who = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
data = open(path, "rb").read()
s = socket.create_connection(("127.0.0.1", port))
s.sendall((f"PATCH /v1/evidence/e1/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {who}\r\nTus-Resumable: 1.0.0\r\n"
           f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {a}\r\n"
           f"Content-Length: {len(data) - a}\r\n\r\n").encode() + data[a:b])
s.close()
P
}
settle() { # OFFSET: until the server has seen the end of that connection
	for _ in $(seq 200); do
		[ "$(offset)" != "$1" ] || break
		sleep 0.05
	done
	is "the bytes before a cut at $1 are kept" "$1" "$(offset)"
}
at=0
for to in 1 2 777 65536 65537 131072 200001; do
	hang_up $at $to
	settle $to
	at=$to
done
answers 409 '200001 bytes are here' PATCH $E1/upload "${TUS[@]}" -H 'Content-Type: application/offset+octet-stream' \
	-H 'Upload-Offset: 0' --data-binary abc
answers 415 'application/offset' PATCH $E1/upload "${TUS[@]}" -H 'Upload-Offset: 200001' --data-binary abc

# 3. The server is killed in the middle of a piece: what was here is here after the start.
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
{ printf 'PATCH %s/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\nTus-Resumable: 1.0.0\r\n' $E1 "$(printf %s "$WHO" | base64)"
  printf 'Content-Type: application/offset+octet-stream\r\nUpload-Offset: 200001\r\nContent-Length: 99999\r\n\r\n'
  slice 200001 50000; } >&3
part=$HUFU_DATA/evidence/parts/$S-$sum
for _ in $(seq 200); do
	[ "$(stat -c %s "$part")" != 250001 ] || break
	sleep 0.05
done
kill -9 "$SERVER"; wait "$SERVER" 2>/dev/null || true
exec 3>&-
PORT= server_start
is "a kill loses nothing that had come" 250001 "$(offset)"
is "a part that is not whole is not served" 404 "$(api GET $E1/file >/dev/null; cat "$T/status")"

# 4. A checksum that does not fit takes back its piece alone.
slice 250001 10 >"$T/ten"
wrong=$(printf x | openssl dgst -sha1 -binary | base64)
right=$(openssl dgst -sha1 -binary "$T/ten" | base64)
send 460 'do not match' 250001 "$T/ten" -H "Upload-Checksum: sha1 $wrong"
is "nothing of it stays" 250001 "$(offset)"
is_sent 250001 "$T/ten" -H "Upload-Checksum: sha1 $right"
is "the right one is taken" 250011 "$(offset)"

# 5. The last byte makes it whole, under its hash, as it was taken.
tail -c +250012 "$T/photo.jpg" >"$T/rest"
{ cat "$T/rest"; echo; } >"$T/more"
send 413 'and more came' 250011 "$T/more"
tail -c +"$(($(offset) + 1))" "$T/photo.jpg" >"$T/rest"
is_sent "$(offset)" "$T/rest"
blob=$HUFU_DATA/evidence/${sum:0:2}/$sum
holds "the file is there under its hash" cmp "$T/photo.jpg" "$blob"
is "no part is left" 0 "$(find "$HUFU_DATA/evidence/parts" -type f | wc -l)"
is "whoever asks is told that it is whole" 300000 "$(offset)"
answers 201 '"state":"whole"' POST $E1/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 300000'
answers 409 'the file is whole' PATCH $E1/upload "${TUS[@]}" -H 'Content-Type: application/offset+octet-stream' \
	-H 'Upload-Offset: 0' --data-binary abc
answers 409 'void' DELETE $E1/upload "${TUS[@]}"

# 6. Served as an attachment whose type nobody guesses, in ranges, to those who may; each read is logged.
api GET $E1/file -D "$T/head" >"$T/got"
holds "the bytes are those that were taken" cmp "$T/photo.jpg" "$T/body"
is "as an attachment" 'attachment; filename="evidence-e1.jpg"' "$(header Content-Disposition)"
is "of no type that a browser runs" application/octet-stream "$(header Content-Type)"
is "which it does not guess either" nosniff "$(header X-Content-Type-Options)"
is "and does not keep" no-store "$(header Cache-Control)"
api GET $E1/file -H 'Range: bytes=10-19' >/dev/null
is "a range of it" 206 "$(cat "$T/status")"
holds "which is these bytes" cmp "$T/body" <(slice 10 10)
WHO="luo:correct horse" answers 404 'no evidence' GET $E1/file
WHO="luo:correct horse" answers 404 'no evidence' PATCH $E1/upload "${TUS[@]}" -H 'Content-Type: application/offset+octet-stream' \
	-H 'Upload-Offset: 0' --data-binary abc
WHO="ma:correct horse" answers 403 'this is for' GET $E1/file
WHO= answers 401 'who you are' GET $E1/file
is "who read it, and who was refused, is in the audit log" "chen ok true,chen ok true,ma refused false" "$(hufud audit list \
	--operation getEvidenceFile --format json | jq -r 'select(.outcome == "ok" or .who == "ma") |
	"\(.who) \(.outcome) \(.detail | contains("file of 300000 bytes"))"' | paste -sd,)"

# 6b. A visit with a file that has not come is not published, and after three working days there is an alarm.
on_server set visit v2 subject=s2 visited_on=2026-11-20 state=open 'officers=o1;o2' --new >/dev/null
on_server set evidence e5 visit=v2 sha256=$(printf late | sha256sum | cut -d' ' -f1) size=4 media=photo --new >/dev/null
holds "the visit says what is missing" grep -q 'missing 1 of 1 file of evidence' <(on_server visit v2)
is "and so does the API" "1 none" "$(api GET /v1/visits/v2/verdict | jq -r '"\(.missing) \(.evidence[0].state)"')"
holds "the office sees what it waits for" grep -q '^e5 .*visit v2 .*none, 4 bytes' <(on_server evidence)
is "which is not late today" "no file of evidence is late" "$(on_server evidence --late)"
holds "in two weeks it is" grep -q '^e5 .*late$' <(on_server evidence --late --as-of "$(date -d '14 days' +%F)")
server_stop
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE packet SET received = received - 14 * 86400000
	WHERE number = (SELECT packet FROM log WHERE kind = 'evidence' AND id = 'e5')"
PORT= server_start
for _ in $(seq 200); do
	[ "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='evidence_missing'")" = 0 ] || break
	sleep 0.05
done
is "an alarm about the visit is raised, once" "v2|alarm|open" "$(sqlite3 "$HUFU_DATA/hufu.db" \
	"SELECT record_id, level, state FROM alarm WHERE rule='evidence_missing'")"
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE packet SET received = received + 14 * 86400000
	WHERE number = (SELECT packet FROM log WHERE kind = 'evidence' AND id = 'e5')"

# 7. Bytes whose hash is another are refused, and gone.
on_server set evidence e2 visit=v1 sha256=$(printf abc | sha256sum | cut -d' ' -f1) size=3 media=document --new >/dev/null
E1=/v1/evidence/e2
answers 201 '"offset":0' POST $E1/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 3'
printf abd >"$T/abd"
send 422 'SHA-256' 0 "$T/abd"
answers 404 'nothing of this file' GET $E1/upload "${TUS[@]}"
is "nothing of it stays" 0 "$(find "$HUFU_DATA/evidence/parts" -type f | wc -l)"
answers 201 '"offset":0' POST $E1/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 3'
is_dropped $E1/upload
answers 404 'nothing of this file' GET $E1/upload "${TUS[@]}"

# 7b. A byte that the disk changed is found.
is "every file is what its name says" "1 files, 0 damaged" "$(hufud evidence --check)"
printf x | dd of="$blob" bs=1 seek=5 conv=notrunc status=none
fails 1 "$sum is damaged" hufud evidence --check
printf '%s' "$(head -c 6 "$T/photo.jpg" | tail -c 1)" | dd of="$blob" bs=1 seek=5 conv=notrunc status=none
is "and where it is as before, nothing is" "1 files, 0 damaged" "$(hufud evidence --check)"

# 8. Who knows the hash of another county's file has not got the file.
hufud import subject "$T/subjects.csv" --scope 330108 >/dev/null
hufud set visit v9 subject=s1 visited_on=2026-11-20 state=open --new --scope 330108 >/dev/null
hufud set evidence e9 visit=v9 sha256=$sum size=300000 --new --scope 330108 >/dev/null
WHO="luo:correct horse" answers 404 'not here yet' GET /v1/evidence/e9/file
WHO="luo:correct horse" answers 201 '"offset":0' POST /v1/evidence/e9/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 300000'

# 9. Limits: a file that is too large, a store that is full.
server_stop
PORT= server_start --evidence-file 1K --evidence-total 310000
on_server set evidence e3 visit=v1 sha256=$(printf abcd | sha256sum | cut -d' ' -f1) size=1025 --new >/dev/null
on_server set evidence e4 visit=v1 sha256=$(printf abcde | sha256sum | cut -d' ' -f1) size=1024 --new >/dev/null
answers 413 'more than the 1024' POST /v1/evidence/e3/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 1025'
answers 201 '"offset":0' POST /v1/evidence/e4/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 1024'
is_dropped /v1/evidence/e4/upload
server_stop
PORT= server_start --evidence-total 301000
answers 507 'no room for evidence of 1024 bytes' POST /v1/evidence/e4/upload -H 'Content-Length: 0' "${TUS[@]}" -H 'Upload-Length: 1024'
fails 2 "evidence-file" hufud serve --listen 127.0.0.1:0 --evidence-file lots
passed

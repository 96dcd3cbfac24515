#!/usr/bin/env bash
# Evidence by the real tus-js-client from npm: upload, abort, resume, again, wrong bytes, terminate.
. "$(dirname "$0")/lib.sh"
command -v npm >/dev/null && command -v node >/dev/null || skipped "there is no npm: make deps"
district
echo "correct horse" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
server_start
head -c 1234567 /dev/urandom >"$T/photo.jpg"
head -c 1234567 /dev/urandom >"$T/other.jpg"
sum=$(sha256sum "$T/photo.jpg" | cut -d' ' -f1)
hufud set visit v1 subject=s1 visited_on=2026-11-20 state=open --new --scope $S --as chen >/dev/null
for e in e1 e2 e3; do
	case $e in e1) hash=$sum ;; e2) hash=$(printf x | sha256sum | cut -d' ' -f1) ;; e3) hash=$(sha256sum "$T/other.jpg" | cut -d' ' -f1) ;; esac
	hufud set evidence $e visit=v1 sha256="$hash" size=1234567 media=photo --new --scope $S --as chen >/dev/null
done
mkdir "$T/tus"
cp tests/tus/package.json tests/tus/package-lock.json tests/tus/upload.js "$T/tus"
if ! (cd "$T/tus" && timeout 120 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries 0 >npm.log 2>&1); then
	grep -qE 'ENOTFOUND|ECONN|EAI_AGAIN|ETIMEDOUT|network|fetch failed' "$T/tus/npm.log" || [ ! -s "$T/tus/npm.log" ] ||
		{ tail -5 "$T/tus/npm.log" >&2; exit 1; }
	skipped "npm's registry is not reached: tus-js-client could not be fetched"
fi
holds "tus-js-client does what it does with any server" timeout 120 node "$T/tus/upload.js" "$URL" "chen:correct horse" "$T/photo.jpg" "$T/other.jpg"
holds "the file is whole" cmp "$T/photo.jpg" "$HUFU_DATA/evidence/${sum:0:2}/$sum"
is "nothing is left on its way" 0 "$(find "$HUFU_DATA/evidence/parts" -type f | wc -l)"
passed

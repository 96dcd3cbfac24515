#!/usr/bin/env bash
# A deed that has no body needs none, and no header about it.
. "$(dirname "$0")/lib.sh"
district
echo password-x >"$T/password"
hufud account add chen --role coordinator --scope $S --password-file "$T/password" >/dev/null
hufud set assignment d1 --new subject=s1 officers='o1;o2' state=draft due=2099-12-31 --scope $S >/dev/null
server_start --limit-factor 0
WHO=chen:password-x
answers 200 '"state":"issued"' POST /v1/assignments/d1/issue -H 'If-Match: *'
answers 400 'the body is missing' POST /v1/assignments/d1/cancel -H 'If-Match: *'
is "and the next request on the line is read as one" "409 200" \
	"$(curl -s -o /dev/null -o /dev/null -w '%{http_code}-' -u "$WHO" -X POST -H 'If-Match: *' "$URL/v1/assignments/d1/issue" --next \
		-s -o /dev/null -w '%{http_code}' -u "$WHO" "$URL/v1/assignments/d1" | tr - ' ')"
passed

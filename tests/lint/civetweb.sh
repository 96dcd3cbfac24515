#!/bin/sh
# civetweb.sh - the server calls nothing of CivetWeb that is known to be unsafe
# in 1.15: form parsing (CVE-2025-9648), websockets, files by path, its client,
# and TLS (it crashes on every handshake under OpenSSL 3).
# usage: civetweb.sh [PROGRAM]     default build/hufud
set -eu
program=${1:-build/hufud}
[ -f "$program" ] || {
	echo "civetweb.sh: '$program' is not built" >&2
	exit 1
}
symbols=$(nm -D --undefined-only "$program" | awk '{ print $NF }')
# A program without mg_start has CivetWeb linked in statically, or is another
# one; then the absence of the rest says nothing.
echo "$symbols" | grep -qx 'mg_start' || {
	echo "civetweb.sh: '$program' does not use the shared CivetWeb" >&2
	exit 1
}
bad=$(echo "$symbols" | grep -E '^mg_(handle_form|store_body|set_websocket|websocket|connect|download|send_file|send_mime|modify_passwords|get_var|set_request_handler|set_auth_handler|send_http_error|md5)' || true)
[ -z "$bad" ] || {
	echo "civetweb.sh: '$program' calls" $bad >&2
	exit 1
}
echo "civetweb.sh: ok:" $(echo "$symbols" | grep '^mg_')

#!/bin/sh
# deps.sh - install the Debian packages that building and testing need; a no-op
# when nothing is missing. Needs root or sudo only when something is.
set -eu
want="gcc make pkg-config git sqlite3 libsqlite3-dev libgit2-dev zlib1g-dev
libjansson-dev libsodium-dev libssl-dev libcurl4-openssl-dev libcivetweb-dev
libcmocka-dev clang clang-format libclang-rt-14-dev python3 openssh-client curl
ca-certificates gawk haproxy openssl jq xz-utils python3-jsonschema python3-hypothesis"
# Whoever has node from elsewhere has npm with it, and Debian's would not fit.
command -v npm >/dev/null || want="$want npm"
missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "these packages are missing; install them as root:$missing" >&2
		exit 1
	}
	sudo=sudo
fi
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing >/dev/null

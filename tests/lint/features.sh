#!/bin/sh
# features.sh - every file of the tree that docs/features.md names is there, so
# that no feature rests on a test that was never written.
# usage: features.sh [FILE]      default docs/features.md
set -eu
file=${1:-docs/features.md}
[ -f "$file" ] || {
	echo "features.sh: there is no '$file' yet"
	exit 0
}
missing=$(grep -oE '\b(tests|fixtures|docs|schema|sync|backend)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' "$file" |
	sort -u | while read -r name; do
	[ -e "$name" ] || echo "$name"
done)
[ -z "$missing" ] || {
	echo "features.sh: '$file' names what does not exist:" $missing >&2
	exit 1
}
echo "features.sh: ok"

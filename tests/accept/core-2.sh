#!/usr/bin/env bash
# Formats are exact and recomputed independently; destroyed keys leave nothing readable.
. "$(dirname "$0")/lib.sh"
holds "Python's standard library recomputes every vector" python3 tests/vectors.py
for f in canonical ids sealed tree packet main signature request answer receipt snapshot enrol draw uscc; do
	holds "there is a vector file for $f" test -s fixtures/vectors/$f.json
done
district
secret=13987650123
printf 'id,legal_representative,phone\ns1,张三,%s\n' $secret >"$T/private.csv"
hufud import subject_private "$T/private.csv" --scope $S >/dev/null
rm "$T/private.csv"
server_start
tablet a o1
is "an inspector who may read it reads it" $secret "$(on a "SELECT phone FROM subject_private WHERE id='s1'")"
on a "UPDATE subject_private SET note='call $secret'"
sync a >/dev/null
hufud mirror >/dev/null
if grep -rqa $secret "$T/data"; then is "the server's folder and mirror hold no plain text" nothing plaintext; fi
holds "the key is destroyed" hufud key destroy s1 --scope $S --reason "asked for"
sync a >/dev/null
is "the replica's plain row is gone" 0 "$(on a "SELECT count(*) FROM subject_private")"
hufud mirror >/dev/null
server_stop
if grep -rqa "$secret\|张三" "$T/data" "$T"/a.db*; then is "a search finds nothing" nothing plaintext; fi
is "roots stay valid" "$(server_root)" "$(root_of a)"
holds "the server checks" hufud check
holds "the replica verifies" hufu verify --replica "$T/a.db"
passed

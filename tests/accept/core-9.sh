#!/usr/bin/env bash
# Tests are there by room, as fixtures, fuzz corpora and lints, and they can fail.
. "$(dirname "$0")/lib.sh"
for room in base kind merge object replica http transport; do
	holds "room $room has unit tests" ls tests/unit/test_"$room"*.c
done
holds "at least 25 merge cases that a domain person can read" test "$(find fixtures/merge -name want.json | wc -l)" -ge 25
for target in packet json gate request; do
	holds "the fuzz target $target has a corpus" test "$(find fixtures/fuzz/$target -type f | wc -l)" -ge 5
done
holds "layers and headers hold" make --no-print-directory -s layers headers
cp -r sync tests/lint "$T/"
printf '#include <sqlite3.h>\n' >>"$T/sync/merge/merge.c"
fails 1 "sqlite3.h" awk -f tests/lint/layers.awk tests/lint/layers.txt "$T/sync/merge/merge.c"
cp -r fixtures/vectors tests/vectors.py tests/vectors_make.py "$T/"
mkdir -p "$T/v/fixtures" "$T/v/tests"; mv "$T/vectors" "$T/v/fixtures/"; mv "$T"/vectors*.py "$T/v/tests/"
sed -i '0,/"sha\|[0-9a-f]\{40\}/s/\([0-9a-f]\{39\}\)[0-9a-f]/\10/' "$T/v/fixtures/vectors/tree.json"
sed -i 's/4b825dc642cb6eb9a060e54bf8d69288fbee4904/4b825dc642cb6eb9a060e54bf8d69288fbee4905/' "$T/v/fixtures/vectors/tree.json"
fails 1 "failed" python3 "$T/v/tests/vectors.py"
passed

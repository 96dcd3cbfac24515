#!/usr/bin/env bash
# The examples of docs/api run as they stand, and do what they say.
. "$(dirname "$0")/lib.sh"
district
token() { hufud token make "$1" --label example --json | json token; }
for a in "chen coordinator" "ma analyst" "he inspector"; do
	hufud account add ${a% *} --role ${a#* } --scope $S >/dev/null
done
hufud account add song --role auditor --scope '*' >/dev/null
server_start
export HUFU_URL=$URL
E=$ROOT/docs/api
is "a coordinator makes, changes and cancels an assignment" "cancelled due 2027-01-15" \
	"$(HUFU_TOKEN=$(token chen) bash "$E/coordinator.sh" $S s2 | cut -d' ' -f2-)"
is "an inspector sees what is due" "a1 s1 issued due 2026-12-31" "$(HUFU_TOKEN=$(token he) bash "$E/inspector.sh" $S o1 2026-12-31)"
is "and what is due later is not there" "" "$(HUFU_TOKEN=$(hufud token make he --label two --json | json token) bash "$E/inspector.sh" $S o1 2026-12-30)"
HUFU_TOKEN=$(token song) bash "$E/auditor.sh" $S s1 >"$T/history"
is "an auditor sees who imported a subject" 1 "$(grep -c ' admin: .*name' "$T/history")"
holds "and the head of the log" grep -q '"head"\|"hash"' "$T/history"
export HUFU_TOKEN=$(token ma)
python3 "$E/analyst.py" $S "$T/subjects.jsonl"
is "an analyst has every subject once, over pages" "s1 s2 s3 s4 s5 s6 s7 s8 s9" "$(jq -r .id "$T/subjects.jsonl" | tr '\n' ' ' | sed 's/ $//')"
head -n 5 "$T/subjects.jsonl" >"$T/half"
echo -n c1.s5 >"$T/half.cursor"
python3 "$E/analyst.py" $S "$T/half"
holds "and goes on where it ended" cmp "$T/half" "$T/subjects.jsonl"
HUFU_TOKEN=$(token admin) python3 "$E/administrator.py" >"$T/accounts"
is "an administrator sees the accounts" 1 "$(grep -c "^chen coordinator $S$" "$T/accounts")"
is "and who asks" "admin asks by token" "$(tail -n 1 "$T/accounts")"
passed

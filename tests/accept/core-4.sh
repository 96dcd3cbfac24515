#!/usr/bin/env bash
# One request syncs: merges, conflicts, quarantine, lost answers, pages, equal roots.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
sync a >/dev/null

on a "INSERT INTO visit(id,subject,assignment,summary,state) VALUES('v1','s1','a1','base','open')"
sync a --json >"$T/1"
is "one request is enough" 1 "$(json requests <"$T/1")"
sync b >/dev/null
on a "UPDATE visit SET summary='from a' WHERE id='v1'"
on b "UPDATE visit SET state='arrived', officers='[\"o1\",\"o2\"]', code_shown_at=1768000000000 WHERE id='v1'"
sync a >/dev/null; sync b --json >"$T/2"
is "different fields are merged" 1 "$(json merged <"$T/2")"
is "without a conflict" 0 "$(json conflicts <"$T/2")"
sync a >/dev/null
is "both tablets see both" "from a arrived from a arrived" "$(for t in a b; do on $t "SELECT summary||' '||state FROM visit"; done | xargs)"

on a "UPDATE visit SET summary='A' WHERE id='v1'"
on b "UPDATE visit SET summary='B' WHERE id='v1'"
sync a >/dev/null; sync b --json >"$T/3"; sync a >/dev/null
is "the same field is a conflict" 1 "$(json conflicts <"$T/3")"
id=$(on a "SELECT id FROM conflict WHERE state='open'")
is "both values, the base and both authors are kept" "B A from a o2 o1" "$(on a "SELECT json_extract(terminal_value,'\$.summary')||' '||json_extract(server_value,'\$.summary')||' '||json_extract(base_value,'\$.summary')||' '||author||' '||server_author FROM conflict WHERE id='$id'")"
hufu conflicts --replica "$T/b.db" >"$T/told"
holds "both authors are named, and whose value stands" grep -qzP '"A".*stands now\n.*by officer 1 \(o1\), in packet [0-9a-f]{10}, received .*\n.*"B".*\n.*by officer 2 \(o2\), in packet [0-9a-f]{10}, received' "$T/told"
hufud conflicts show "$id" --scope $S >"$T/told"
holds "the office is told the same" grep -qzP '"A".*stands now\n.*by officer 1 \(o1\), in packet [0-9a-f]{10}, received .*\n.*"B".*\n.*by officer 2 \(o2\), in packet [0-9a-f]{10}, received' "$T/told"
is "also for scripts" "officer 2 officer 1 server 40" "$(hufu conflicts --json --replica "$T/b.db" | python3 -c '
import json, sys
for c in json.load(sys.stdin): print(c["author_name"], c["server_author_name"], c["stands"], len(c["server_packet"]))')"
is "the main line's value stands meanwhile" A "$(on b "SELECT summary FROM visit")"
echo "a long enough password" >"$T/password"
hufud account add li --role coordinator --scope $S --password-file "$T/password" >/dev/null
holds "a named account decides" hufud conflicts decide "$id" terminal --reason "b was there last" --as li --scope $S
sync a >/dev/null; sync b >/dev/null
is "the decision is everywhere, with its author" "B decided li" "$(on a "SELECT (SELECT summary FROM visit)||' '||state||' '||decided_by FROM conflict")"

on a "UPDATE subject SET name='not mine' WHERE id='s1'; INSERT INTO visit(id,subject) VALUES('v2','s2')"
former a subject s1
sync a --json >"$T/4"
is "what an inspector may not write is quarantined, the rest goes in" "1 2" "$(json quarantined <"$T/4") $(hufud export visit --scope $S --format jsonl | wc -l)"
hufud status --scope $S --json >"$T/status"
is "the office sees where the scope stands" "$(server_root) 1 2" \
	"$(json scopes.0.root <"$T/status") $(json scopes.0.quarantined <"$T/status") $(json scopes.0.terminals <"$T/status")"
is "the sender is shown it with its code" "subject/s1 quarantined" "$(hufu status --json --replica "$T/a.db" | python3 -c '
import json, sys
for e in json.load(sys.stdin): print(e["kind"] + "/" + e["id"], e["state"])')"

on a "INSERT INTO subject_private(id,phone) VALUES('s3','137')"
is "an inspector writes a subject's first personal data" 0 "$(sync a --json | json held_back)"
sync b >/dev/null
is "and the other tablet may read it" 137 "$(on b "SELECT phone FROM subject_private WHERE id='s3'")"

on a "UPDATE visit SET summary='once' WHERE id='v2'"
cp "$T/a.db" "$T/copy.db"
sync a >/dev/null
position=$(hufud check --json --scope $S | json scopes.0.entries)
cp "$T/copy.db" "$T/a.db" # as if the answer had never arrived
sync a >/dev/null
is "the same edits again change nothing twice" "once" "$(hufud show visit v2 --scope $S --json | json record.summary)"
is "the halves match after it" "$(server_root)" "$(root_of a)"

python3 - "$T/many.csv" <<'PY'
import csv, random, sys
r = random.Random(7)
w = csv.writer(open(sys.argv[1], "w"))
w.writerow(["id", "name", "address", "state"])
for i in range(9000):
    w.writerow(["m%d" % i, "subject %d" % r.getrandbits(200), "road " + "%0600x" % r.getrandbits(2400), "in_business"])
PY
hufud import subject "$T/many.csv" --scope $S >/dev/null
sync a --json >"$T/5"
holds "more than 4 MiB come in pages" test "$(json requests <"$T/5")" -ge 2
is "all rows arrive" 9009 "$(on a "SELECT count(*) FROM subject")"
is "the halves match after pages" "$(server_root)" "$(root_of a)"
sync a --json >"$T/6"
holds "a sync with nothing to say is at most 300 bytes up" test "$(json bytes_up <"$T/6")" -le 300
holds "and at most 300 bytes down" test "$(json bytes_down <"$T/6")" -le 300
t=$(hufu info --json --replica "$T/b.db" | json terminal)
holds "a terminal is revoked" hufud terminal revoke "$t" --scope $S --reason lost
on b "INSERT INTO visit(id,subject) VALUES('v3','s3')"
fails 1 "revoked" hufu sync --replica "$T/b.db"
is "what a revoked terminal sends is kept aside" 0 "$(hufud export visit --scope $S --format jsonl | grep -c '"v3"' || true)"
holds "the server checks" hufud check
passed

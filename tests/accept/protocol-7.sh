#!/usr/bin/env bash
# Damage is found and put right, on the tablet and at the office; a restored server is caught up with.
. "$(dirname "$0")/lib.sh"
district
for i in $(seq 1 400); do echo "n$i,firm $i,lane $i,in_business,003"; done >"$T/rows"
{ echo id,name,address,state,town; cat "$T/rows"; } >"$T/subjects.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
server_start
tablet a o1
tablet b o2
sync a >/dev/null; sync b >/dev/null

# rot TABLET SQL: as a failing disk does it, past all triggers
rot() { sqlite3 "$T/$1.db" "UPDATE hufu_state SET applying=1; $2; UPDATE hufu_state SET applying=0"; }
verified() { hufu verify --replica "$T/$1.db"; }
# heals "what" RECORDS SQL
heals() {
	rot a "$3"
	fails 1 "hufu repair\|tree\|root\|damaged" verified a
	hufu repair --json --replica "$T/a.db" >"$T/said"
	is "$1: is put right, by so many records" "True $2" "$(json damaged <"$T/said" | sed 's/False/True/') $(json repaired <"$T/said")"
	holds "$1: and then everything fits" verified a
	is "$1: with little traffic" yes "$([ $(($(json bytes_up <"$T/said") + $(json bytes_down <"$T/said"))) -le 65536 ] && echo yes)"
}

on a "INSERT INTO visit(id,subject,summary,state) VALUES('mine','s1','not sent yet','open')"
heals "a value" 1 "UPDATE subject SET address='rotten' WHERE id='n7'"
heals "rows that vanished" 3 "DELETE FROM subject WHERE id IN ('n1','n2','s2')"
heals "a row under another id" 2 "UPDATE subject SET id='n3q' WHERE id='n3'"
heals "a leaf" 0 "UPDATE hufu_leaf SET oid=zeroblob(20) WHERE id='n9'"
heals "nodes" 0 "DELETE FROM hufu_node; UPDATE hufu_town SET oid=zeroblob(20)"
rot a "DROP INDEX hufu_leaf_hash"
holds "an index" hufu repair --replica "$T/a.db"
is "is there again" hufu_leaf_hash "$(on a "SELECT name FROM sqlite_schema WHERE name='hufu_leaf_hash'")"
is "what was not sent when all that began arrived" "not sent yet" "$(hufud export visit --scope $S --format jsonl | json summary)"

# Single bits of stored values, in the file itself.
python3 - "$T/a.db" >"$T/flips" <<'P'
import random, sqlite3, subprocess, sys
rng, path, found = random.Random(7), sys.argv[1], 0
for n in rng.sample(range(10, 400), 12):
    data = bytearray(open(path, "rb").read())
    text = b"lane %d" % n
    at = data.find(text + b"in_business")
    if at < 0: at = data.find(text)
    bit = rng.randrange(3)
    data[at + rng.randrange(4)] ^= 1 << bit
    open(path, "wb").write(data)
    found += subprocess.run(["hufu", "verify", "--replica", path], capture_output=True).returncode == 1
    subprocess.run(["hufu", "repair", "--replica", path], capture_output=True, check=True)
print(found)
P
is "each flipped bit is found" 12 "$(cat "$T/flips")"
holds "and mended" verified a
is "the halves match" "$(server_root)" "$(root_of a)"

# A sync repairs what it stumbles over.
rot a "UPDATE subject SET name='rotten' WHERE id='n20'"
hufud set subject n20 address="lane 20 b" --scope $S >/dev/null
sync a >"$T/said"
holds "it says that the file was damaged" grep -q "damaged and is repaired" "$T/said"
is "both are as they should be" "firm 20, lane 20 b" "$(on a "SELECT name||', '||address FROM subject WHERE id='n20'")"

# The office.
server_stop
hufud mirror >"$T/mirror.1"
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE subject SET name='rotten' WHERE id='n30'; DELETE FROM hufu_node; UPDATE hufu_leaf SET oid=zeroblob(20) WHERE id='n31'"
fails 1 "n30\|leaf\|node\|tree" hufud check
holds "tables and trees are made again from the log" hufud rebuild --mirror
holds "then everything fits" hufud check
hufud mirror >"$T/mirror.2"
is "the mirror has the same ids" "$(cat "$T/mirror.1")" "$(cat "$T/mirror.2")"
cp "$HUFU_DATA/hufu.db" "$T/before.db"
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE log SET body=replace(body,'firm 40','firm xx') WHERE id='n40'"
fails 1 "the log itself is damaged" hufud rebuild
rm -f "$HUFU_DATA"/hufu.db-*; cp "$T/before.db" "$HUFU_DATA/hufu.db"
holds "and nothing was changed by that" hufud check

# A backup, work after it, the backup restored.
sqlite3 "$HUFU_DATA/hufu.db" ".backup '$T/backup.db'"
server_start
on a "UPDATE visit SET summary='after the backup' WHERE id='mine'"
sync a >/dev/null
hufud set subject s2 name="lost with the disk" --scope $S >/dev/null
sync b >/dev/null
server_stop
rm -f "$HUFU_DATA"/hufu.db*; cp "$T/backup.db" "$HUFU_DATA/hufu.db"
fails 2 "reason" hufud epoch new
first=$(hufud epoch --json | json epoch)
holds "the folder says that it came from a backup" hufud epoch new --reason "the disk broke"
is "by another epoch" no "$([ "$first" = "$(hufud epoch --json | json epoch)" ] || echo no)"
holds "which is no fault" hufud check
server_start
sync a >"$T/said"
holds "a tablet that was ahead says so" grep -q "came back from a backup" "$T/said"
is "and brings its work again" "after the backup" "$(hufud export visit --scope $S --format jsonl | json summary)"
sync b >/dev/null
is "what only the office had is gone everywhere" 0 "$(on b "SELECT count(*) FROM subject WHERE name='lost with the disk'")"
for t in a b; do holds "tablet $t fits" verified $t; done
holds "and so does the office" hufud check
passed

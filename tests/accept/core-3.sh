#!/usr/bin/env bash
# A replica is a plain SQLite file: stock sqlite3 edits it and nothing is missed.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
edits() { hufu status --json --replica "$T/a.db" | python3 -c '
import json, sys
print(" ".join(sorted("%s/%s:%s" % (e["kind"], e["id"], e["state"]) for e in json.load(sys.stdin))))'; }
is "nothing to say at first" "" "$(edits)"
on a "INSERT INTO visit(id,subject,summary) VALUES('v1','s1','one'),('v2','s2','two')"
is "new records are seen" "visit/v1:new visit/v2:new" "$(edits)"
hufu commit -m "two visits" --replica "$T/a.db" >/dev/null
sync a >/dev/null
on a "UPDATE visit SET summary='one' WHERE id='v1'"
is "an edit that changes nothing is no edit" "" "$(edits)"
on a "INSERT OR REPLACE INTO visit(id,subject,state) VALUES('v1','s1','open')"
is "INSERT OR REPLACE is an edit" "visit/v1:edited" "$(edits)"
is "columns that it leaves out are cleared" "" "$(on a "SELECT summary FROM visit WHERE id='v1'")"
hufu undo visit v1 --replica "$T/a.db" >/dev/null
is "undo takes it back" one "$(on a "SELECT summary FROM visit WHERE id='v1'")"
on a "INSERT INTO visit(id,subject,summary) VALUES('v2','s2','two too') ON CONFLICT(id) DO UPDATE SET summary=excluded.summary"
on a "UPDATE OR REPLACE visit SET state='open' WHERE id='v1'"
is "UPSERT and UPDATE OR REPLACE are edits" "visit/v1:edited visit/v2:edited" "$(edits)"
is "diff shows the fields" "visit/v1 state -> open;visit/v2 summary two -> two too" "$(hufu diff --json --replica "$T/a.db" | python3 -c '
import json, sys
def v(x): return "" if x is None else (json.loads(x) if isinstance(x, str) and x[:1] == "\"" else x)
print(";".join(" ".join(str(p) for p in (e["kind"] + "/" + e["id"], e["field"], v(e.get("before")), "->", v(e.get("after"))) if p != "") for e in json.load(sys.stdin)))')"
fails 1 "void" on a "DELETE FROM visit WHERE id='v1'"
fails 1 "id" on a "UPDATE visit SET id='v9' WHERE id='v1'"
fails 1 "scope" on a "UPDATE visit SET scope='330108' WHERE id='v1'"
fails 1 "never deleted" on a "PRAGMA recursive_triggers=ON; INSERT OR REPLACE INTO visit(id,subject) VALUES('v1','s1')"
fails 1 "constraint" on a "UPDATE visit SET started_at='noon' WHERE id='v1'"
on a "UPDATE visit SET state='nonsense' WHERE id='v2'"
holds "status points out a record that no commit would take" grep -q "held back: .*state" <(hufu status --replica "$T/a.db")
holds "and diff as well" grep -q "held back: .*state" <(hufu diff --replica "$T/a.db")
fails 1 "state" hufu commit -m "bad" --replica "$T/a.db"
on a "UPDATE visit SET state='open' WHERE id='v2'"
hufu commit -m "good" --replica "$T/a.db" >/dev/null
is "live is ahead of main until the packet is acknowledged" "visit/v1:local visit/v2:local" "$(edits)"
sync a >/dev/null
is "then live is main" "" "$(edits)"
is "the halves match" "$(server_root)" "$(root_of a)"
holds "the replica verifies" hufu verify --replica "$T/a.db"
fails 2 "what was done" hufu commit --replica "$T/a.db"
fails 2 "empty" hufu commit -m "" --replica "$T/a.db"
fails 2 "201 bytes long, at most 200" hufu commit -m "$(printf '查%.0s' $(seq 67))" --replica "$T/a.db"
fails 2 "more than one line" hufu commit -m $'two\nlines' --replica "$T/a.db"
fails 2 "neither an https" hufu enroll ftp://office --code 1 --replica "$T/new.db"
: >"$T/empty.db"; echo "a text that is no database" >"$T/text.db"; sqlite3 "$T/other.db" "CREATE TABLE t(a)"
for v in status clone verify "enroll $URL --code 1"; do
	fails 1 "empty file" hufu $v --replica "$T/empty.db"
	fails 1 "no SQLite database" hufu $v --replica "$T/text.db"
	fails 1 "no replica" hufu $v --replica "$T/other.db"
done
for v in status diff log conflicts info verify undo sync "commit -m x"; do
	hufu $v --json --replica "$T/a.db" 2>/dev/null >"$T/one"
	holds "hufu $v --json is one document" python3 -c 'import json, sys; json.load(sys.stdin)' <"$T/one"
done
on a "DROP TRIGGER hufu_visit_update; UPDATE visit SET summary='unseen' WHERE id='v1'"
fails 1 "hufu_visit_update" hufu status --replica "$T/a.db"
sync a --json 2>"$T/said" >"$T/one"
is "scripts are told of a dropped trigger" "the capture" "$(json mended <"$T/one" | cut -c1-11)"
holds "a sync makes a dropped trigger again and says so" grep -q "1 trigger made again, 1 edit found" "$T/said"
is "the edit that was missed is in the office" unseen "$(hufud show visit v1 --scope $S --json | json record.summary)"
holds "the replica verifies again" hufu verify --replica "$T/a.db"
on a "UPDATE visit SET summary='no pin' WHERE id='v1'"
HUFU_PIN_FILE= fails 1 "1 uncommitted edit is not sent" sync a --json </dev/null
is "a script is told what stayed behind" 1 "$(grep "^{" "$T/out" | json uncommitted)"
sync a --json >"$T/one"
is "with the PIN nothing does" 0 "$(json uncommitted <"$T/one")"
code=$(hufud terminal code --officer o2 --scope $S 2>/dev/null)
hufu enroll "$URL" --code "$code" --replica "$T/new.db" >/dev/null
is "before a clone a tablet says so" "nothing is here yet: 'hufu clone'" "$(hufu status --replica "$T/new.db")"
passed

#!/usr/bin/env bash
# What an inspector may not write stays on the tablet with a sentence, what is done without a visit is told, and nothing that is written forges a line.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet c o3
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
# keeps TABLET "sentence" SQL: the edit stays there, sync goes on, and status says why
keeps() {
	on "$1" "$3"
	sync "$1" >/dev/null 2>&1 || true
	hufu status --replica "$T/$1.db" >"$T/status"
	holds "'$3' stays: $2" grep -q -- "$2" "$T/status"
	hufu undo --replica "$T/$1.db" >/dev/null
}

# a stranger
keeps c "'officers' does not name 'o3'" "UPDATE assignment SET state='no_object', proof='[\"photo\"]' WHERE id='a1'"
on a "INSERT INTO visit(id,subject,officers,code_shown_at,summary,state) VALUES('v1','s2','[\"o1\",\"o2\"]',1,'clean','checking')"
sync a >/dev/null; sync c >/dev/null
keeps c "'officers' does not name 'o3'" "UPDATE visit SET officers='[\"o3\"]' WHERE id='v1'"
keeps c "does not name 'o3'" "INSERT INTO violation(visit,subject,severity,state) VALUES('v1','s2','high','open')"
keeps c "does not name 'o3'" "INSERT INTO answer(visit,point,author,value) VALUES('v1','p1','o3','fail')"
keeps c "an inspector writes it at a visit" "INSERT INTO violation(subject,severity,state) VALUES('s2','high','open')"
is "the order is where it was" issued "$(office "SELECT state FROM assignment WHERE id='a1'")"
is "nothing is found" 0 "$(office "SELECT count(*) FROM violation")"

# orders to correct
keeps a "only with 'due' or 'term_days'" "INSERT INTO rectification(visit,subject,content,served_on,state) VALUES('v1','s2','clean it','2026-11-20','served')"
keeps a "'due' is before 'served_on'" "INSERT INTO rectification(visit,subject,content,served_on,due,state) VALUES('v1','s2','clean it','2026-11-20','2020-01-01','served')"
keeps a "'subject' is not that of visit 'v1'" "INSERT INTO rectification(visit,subject,content,state) VALUES('v1','s3','clean it','issued')"
keeps a "'score' is 500, and at most 100" "UPDATE visit SET score=500 WHERE id='v1'"

# done, and nobody signed
on a "UPDATE assignment SET state='done' WHERE id='a1'"
sync a >/dev/null
is "it is told" 'done ["done_without_visit"] alarm' "$(office "SELECT a.state||' '||a.flags||' '||m.level FROM assignment AS a JOIN alarm AS m ON m.record_id=a.id WHERE m.rule='done_without_visit'")"
fails 1 "done without a signed visit: it can only be returned" hufud set assignment a1 state=reviewed --scope $S

# a text that plays an auditor's line
on a "UPDATE visit SET summary='x'||char(27)||'[2K'||char(10)||'    state: open -> approved   by office' WHERE id='v1'"
sync a >/dev/null
hufud history visit v1 --scope $S >"$T/history"
hufud show visit v1 --scope $S >"$T/show"
is "no line is forged" 0 "$(cat "$T/history" "$T/show" | grep -c '^ *state: open -> approved')"
is "no escape reaches the terminal" 0 "$(cat "$T/history" "$T/show" | grep -c "$(printf '\033')")"
holds "it stands as it is, on its line" grep -qF 'summary: clean -> x\u001b[2K\n    state: open -> approved' "$T/history"
# nor on the tablet, whatever it holds: an edit is kept, and shown as what it is
on a "UPDATE subject SET name='n'||char(27)||'[2J'||char(155)||char(8238)||char(10)||'FORGED' WHERE id='s2'"
for verb in diff "diff --json" "find n" "find n --json" "show subject s2" "show visit v1" status; do
	# shellcheck disable=SC2086
	hufu $verb --replica "$T/a.db" >"$T/shown"
	is "'hufu $verb' moves no cursor and begins no line" 0 "$(LC_ALL=C grep -cP '\x1b|\x7f|\xc2[\x80-\x9f]|\xe2\x80\xae|^FORGED' "$T/shown" || true)"
done
holds "the name is there, on its line" grep -qF 'n\u001b[2J\u009b\u202e\nFORGED' <(hufu find n --replica "$T/a.db")
is "and nothing of it is lost" "n,27,[2J" "$(on a "SELECT substr(name,1,1)||','||unicode(substr(name,2,1))||','||substr(name,3,3) FROM subject WHERE id='s2'")"
# a name of several lines is one line of a list
hufud set subject s3 name=$'first\nFORGED   line' --scope $S >/dev/null
hufud set officer o2 name=$'Wang\nFORGED' --scope $S >/dev/null
hufud search first --scope $S >"$T/shown"; hufud history officer o2 --scope $S >>"$T/shown"; hufud show subject s3 --scope $S >>"$T/shown"
is "also at the office" "1 0" "$(grep -cF 'first\nFORGED   line  road 3' "$T/shown") $(grep -c '^FORGED' "$T/shown" || true)"
holds "everything holds" hufud check
passed

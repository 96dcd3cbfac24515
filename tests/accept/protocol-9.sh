#!/usr/bin/env bash
# Time: a tablet whose clock is ten years off, or is set between two packets, works; when it was is told by the server's times.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
cat >"$T/shift.c" <<'C'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
/* The wall clock, SHIFT seconds off; the monotonic one as it is. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	long rc = syscall(SYS_clock_gettime, id, ts);
	const char *shift = getenv("SHIFT");

	if (rc == 0 && id == CLOCK_REALTIME && shift)
		ts->tv_sec += atol(shift);
	return (int)rc;
}
C
cc -shared -fPIC -o "$T/shift.so" "$T/shift.c"
YEARS=$((3652 * 86400))
# visit ID SECONDS: one more visit, signed and sent with a clock that is so far off
visit() {
	on a "INSERT INTO visit(id,subject,summary) VALUES('$1','s${1#v}','clean')"
	SHIFT=$2 LD_PRELOAD=$T/shift.so hufu sync --replica "$T/a.db" >/dev/null
}
# clock ID: what the history tells of the packet that made it
clock() { hufud history visit "$1" --json | python3 -c 'import json, sys
e = json.load(sys.stdin)["history"][0]; c = e["clock"]
print("+".join(c["flags"]) or "right", round((c["wall"] - e["received"]) / 86400000), 0 <= c["latest"] - c["earliest"] < 300000, c["latest"] == e["received"])'; }
visit v1 0
is "a clock that is right" "right 0 True True" "$(clock v1)"
visit v2 $YEARS
is "ten years fast: it was set since the packet before" "clock_skew+clock_jump 3652 True True" "$(clock v2)"
visit v3 $YEARS
is "and is still wrong" "clock_skew 3652 True True" "$(clock v3)"
visit v4 -$YEARS
is "ten years slow" "clock_skew+clock_jump -3652 True True" "$(clock v4)"
visit v5 -240
is "four minutes are none, but it was set" "clock_jump 0 True True" "$(clock v5)"
visit v6 -240
is "and then nothing is said" "right 0 True True" "$(clock v6)"
year=$(date -u -d "+3652 days" +%Y)
holds "people read what it said and when it was" \
	grep -q "clock_skew, clock_jump: its clock said $year-.* it was $(date -u +%Y)-.* +- [0-9]* s" <(hufud history visit v2)
is "of a clock that is right nothing is said" 0 "$(hufud history visit v1 | grep -c clock)"
is "the office has the server's clock" "[False]" "$(hufud history subject s1 --json | python3 -c 'import json, sys; print(["clock" in e for e in json.load(sys.stdin)["history"]])')"
echo "what time is it" >"$T/password"
hufud account add li --role coordinator --scope $S --password-file "$T/password" >/dev/null
WHO="li:what time is it"
answers 200 '"flags":\["clock_skew","clock_jump"\]' GET "/v1/visits/v2/history?scope=$S"
# a visit that is signed meanwhile bears it, and somebody is told
# signs ID SECONDS: sign it with a clock that is so far off
signs() {
	on a "UPDATE visit SET officers='[\"o1\",\"o2\"]',visited_on=$TODAY,code_shown_at=$NOON,state='signed' WHERE id='$1'"
	SHIFT=$2 LD_PRELOAD=$T/shift.so hufu sync --replica "$T/a.db" >/dev/null
}
office() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }
signs v1 -240
signs v2 $YEARS
signs v3 $YEARS
is "four minutes slow as before: no word of it" none "$(office "SELECT coalesce(flags,'none') FROM visit WHERE id='v1'")"
is "ten years fast, and set since" '["clock_jump","clock_skew"]' "$(office "SELECT flags FROM visit WHERE id='v2'")"
is "fast as before" '["clock_skew"]' "$(office "SELECT flags FROM visit WHERE id='v3'")"
is "each is told once" "clock_jump v2,clock_skew v2,clock_skew v3" \
	"$(office "SELECT group_concat(x) FROM (SELECT rule||' '||record_id x FROM alarm WHERE rule LIKE 'clock%' ORDER BY 1)")"
holds "with what the clock said and when it was" grep -q "said $year-.* when it was $(date -u +%Y)-.* +- [0-9]* s" <(office "SELECT text FROM alarm WHERE rule='clock_skew'")
sync a >/dev/null
is "the halves match" "$(server_root)" "$(root_of a)"
passed

#!/usr/bin/env bash
# One writer: commands write beside the server, tablets at once, a kill loses nothing.
. "$(dirname "$0")/lib.sh"
district
server_start
for i in 1 2 3; do tablet t$i o$i; done
first=$(hufud check --json --scope $S | json scopes.0.entries)

# three tablets and the office at the same time
for i in 1 2 3; do
	( for n in 1 2 3 4 5; do
		on t$i "INSERT INTO visit(id,town,subject,summary) VALUES('v${i}x$n','00$((n % 2 + 1))','s$n','by t$i')"
		hufu sync --replica "$T/t$i.db" >/dev/null || exit 1
	done ) & PIDS[i]=$!
done
for n in 1 2 3 4 5; do
	holds "the office writes beside the running server" hufud set subject s$n "address=new road $n" --scope $S
done
for i in 1 2 3; do holds "tablet $i synced five times" wait "${PIDS[i]}"; done
is "every visit is there" 15 "$(hufud export visit --scope $S --format jsonl | wc -l)"
is "every office write is there" "new road 5" "$(hufud show subject s5 --scope $S --json | json record.address)"
is "no record was written twice" $((first + 20)) "$(hufud check --json --scope $S | json scopes.0.entries)"

# the process is killed while tablets sync; what was acknowledged stays
for round in 1 2 3; do
	on t1 "INSERT INTO visit(id,subject,summary) VALUES('k${round}','s1','before the kill')"
	( hufu sync --replica "$T/t1.db" >"$T/sync.$round" 2>&1 && echo acknowledged >"$T/ack.$round" ) & c=$!
	sleep 0.0$round
	kill -KILL "$SERVER"; wait "$SERVER" 2>/dev/null || true
	wait $c || true
	server_start
	if [ -e "$T/ack.$round" ]; then
		is "an acknowledged visit survives a kill" "before the kill" "$(hufud show visit k$round --scope $S --json | json record.summary)"
	fi
	sync_again=$(hufu sync --replica "$T/t1.db" 2>&1) || { echo "$sync_again" >&2; exit 1; }
	is "the visit is there once after the next sync" 1 "$(hufud export visit --scope $S --format jsonl | grep -c "\"k$round\"")"
done
for i in 1 2 3; do sync t$i >/dev/null; is "tablet $i matches" "$(server_root)" "$(root_of t$i)"; done
holds "the server checks" hufud check
holds "SIGTERM ends it cleanly" server_stop
holds "a line an event was logged" grep -q "sync terminal=.* packets=1" "$T/serve.log"
passed

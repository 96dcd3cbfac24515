#!/usr/bin/env bash
# Positions know of a restore: who comes with one of before is told to begin anew, however far the log has grown.
. "$(dirname "$0")/lib.sh"
echo password-x >"$T/password"
hufud init >/dev/null
hufud account add chen --role coordinator --scope $S --password-file "$T/password" >/dev/null
put() { hufud set subject "$1" --new name="$1" --scope $S --as chen >/dev/null; }
put s1; put s2
cp -r "$HUFU_DATA" "$T/backup"
put s3
server_start --limit-factor 0
WHO=chen:password-x
changes() { api GET "/v1/changes?scope=$S&$1" >/dev/null; echo "$(cat "$T/status") $(jq -r 'if .items then [.items[].id] | join(",") else .type end' "$T/body")"; }
# id [ID]: what the stream says first, where it begins
stream() { curl -sN -m 2 -u "$WHO" "$URL/v1/events?scope=$S" ${1:+-H "Last-Event-ID: $1"} || true; }
is "what is behind a position" "200 s3" "$(changes since=2)"
EPOCH=$(jq -r .epoch "$T/body") SINCE=$(jq .since "$T/body")
is "with its epoch" "200 s3" "$(changes "since=2&epoch=$EPOCH")"
ID=$(stream | sed -n 's/^id: //p' | head -1)
is "the id of an event has both" "epoch:$EPOCH,$S:3" "$ID"
kill "$SERVER"; wait "$SERVER" || true
SERVER=

# The disk is lost; the backup has two of three. Others write on until the log is as long again, and longer.
rm -rf "$HUFU_DATA"; mv "$T/backup" "$HUFU_DATA"
hufud epoch new --reason "disk lost" >/dev/null
put s4; put s5
server_start --limit-factor 0
is "the position of before is none of this log" "410 /problems/begin_anew" "$(changes "since=$SINCE&epoch=$EPOCH")"
is "and says what to do" 1 "$(jq -r .detail "$T/body" | grep -c 'read again what you follow')"
is "without its epoch one beyond the end is found" "410 /problems/begin_anew" "$(changes since=99)"
is "so is the id of an event" "/problems/begin_anew" "$(stream "$ID" | jq -r .type)"
is "who begins anew misses nothing" "200 s1,s2,s4,s5" "$(changes since=0)"
is "and goes on from there" "200 s5" "$(changes "since=3&epoch=$(jq -r .epoch "$T/body")")"
is "as a stream does" "s5" "$(stream "epoch:$(jq -r .epoch "$T/body"),$S:3" | sed -n 's/^data: //p' | jq -r .id)"
is "an id without an epoch, of an older release, is taken as it stands" "s5" "$(stream "$S:3" | sed -n 's/^data: //p' | jq -r .id)"
passed

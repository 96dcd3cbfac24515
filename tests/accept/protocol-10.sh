#!/usr/bin/env bash
# History: who last changed each field and by which rule, and any record or list as it stood at a position or on a day.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
on a "INSERT INTO visit(id,subject,summary) VALUES('v1','s1','clean')"
sync a >/dev/null
sync b >/dev/null
before=$(hufud show visit v1 --json | json position)
on a "UPDATE visit SET summary='clean again' WHERE id='v1'"
on b "UPDATE visit SET reason='complaint' WHERE id='v1'"
sync a >/dev/null
sync b >/dev/null
hufud set visit v1 visit_type=joint >/dev/null

hufud blame visit v1 --json >"$T/blame"
# of FIELD: value, author, rule, was it merged
of() { python3 -c 'import json, sys
f = [f for f in json.load(open(sys.argv[1]))["fields"] if f["field"] == sys.argv[2]]
print(*(f[0][k] for k in ("value", "author", "rule", "merged"))) if f else print("-")' "$T/blame" "$1"; }
is "who came first is to blame for the subject" "s1 o1 terminal False" "$(of subject)"
is "what was written later has its author" "clean again o1 terminal False" "$(of summary)"
is "what a colleague wrote beside it is his" "complaint o2 terminal True" "$(of reason)"
is "the office's field is the office's" "joint admin office False" "$(of visit_type)"
is "a field that nobody wrote is not told" "-" "$(of duplicate_of)"
is "each position is the history's" "$(hufud history visit v1 --json | python3 -c 'import json, sys
last = {c["field"]: (e["position"], e["packet"]) for e in json.load(sys.stdin)["history"] for c in e["changes"]}
print(sorted(last.items()))')" "$(python3 -c 'import json, sys
print(sorted((f["field"], (f["position"], f["packet"])) for f in json.load(open(sys.argv[1]))["fields"]))' "$T/blame")"
holds "people read it with names" grep -q "officer 2 (o2) on .* by terminal" <(hufud blame visit v1)

hufud blame visit v1 --as-of "$before" --json >"$T/blame"
is "as of before, the summary was the first one's" "clean o1 terminal False" "$(of summary)"
is "and there was no reason" "-" "$(of reason)"
fails 1 "there was no visit 'v1' in scope $S then" hufud blame visit v1 --as-of 1
fails 1 "there is no visit 'v9'" hufud blame visit v9 --scope $S
fails 1 "is yet to come" hufud blame visit v1 --as-of 2999-01-01
fails 2 "name a kind and an id" hufud blame visit

is "the record as it stood" clean "$(hufud show visit v1 --as-of "$before" --json | json record.summary)"
is "with who had written it by then" "$before o1" "$(hufud show visit v1 --as-of "$before" --json | python3 -c 'import json, sys; h = json.load(sys.stdin)["history"]; print(h[0]["position"], h[-1]["author"])')"
is "as of today it is what stands" "$(hufud show visit v1 --json)" "$(hufud show visit v1 --as-of "$(date -u +%F)" --json)"
fails 1 "there was no visit 'v1' in scope $S then" hufud show visit v1 --as-of 1990-01-01

# values that two wrote: the one that stands says that it is open
on a "UPDATE visit SET summary='mine' WHERE id='v1'"
hufud set visit v1 summary=theirs >/dev/null
sync a >/dev/null
hufud blame visit v1 --json >"$T/blame"
is "against the tablet stands the office's" "theirs admin office False" "$(of summary)"
conflict=$(hufud conflicts list --json | json conflicts.0.id)
hufud conflicts decide "$conflict" terminal --reason "he was there" >/dev/null
hufud blame visit v1 --json >"$T/blame"
is "and after the decision what it says" "mine admin conflict $conflict False" "$(of summary)"

# a list, over HTTP
echo "count every step" >"$T/password"
hufud account add li --role coordinator --scope $S --password-file "$T/password" >/dev/null
WHO="li:count every step"
for i in 1 2 3; do hufud set subject s$i address="lane $i" >/dev/null; done
now=$(hufud show subject s3 --json | json position)
then=$((now - 3))
names() { api GET "/v1/subjects?scope=$S&as-of=$1" | python3 -c 'import json, sys
print(*(r.get("address", "-").replace(" ", "") for r in json.load(sys.stdin)["items"]))'; }
is "the list as it was" "road1 road2 road3 road4 road5 road6 road7 road8 road9" "$(names $then)"
is "one write later" "lane1 road2 road3 road4 road5 road6 road7 road8 road9" "$(names $((then + 1)))"
is "with a filter" "road2 road3" "$(names "$((then + 1))&limit=2&address=road%202,road%203")"
is "as of today" "lane1 lane2 lane3 road4 road5 road6 road7 road8 road9" "$(names "$(date -u +%F)")"
is "pages of the past lead on" "s1 s2 s3 s4 s5 s6 s7 s8 s9" "$(cursor=
	for _ in 1 2 3 4 5 6; do
		api GET "/v1/subjects?scope=$S&as-of=$then&state=in_business&limit=2${cursor:+&cursor=$cursor}" >"$T/page"
		python3 -c 'import json, sys; print(*(r["id"] for r in json.load(open(sys.argv[1]))["items"]))' "$T/page"
		cursor=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get("next", ""))' "$T/page")
		[ -n "$cursor" ] || break
	done | tr '\n' ' ' | sed 's/  */ /g; s/ $//')"

api GET "/v1/visits/v1/blame?scope=$S" >"$T/blame"
is "over HTTP the same is told" "mine admin conflict $conflict False" "$(of summary)"
is "with times as text" "20" "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["fields"][0]["received"][:2])' "$T/blame")"
api GET "/v1/visits/v1/blame?scope=$S&as-of=$before" >"$T/blame"
is "and as of then" "clean o1 terminal False" "$(of summary)"

server_stop || true
# what was written before the rows of blame were kept
hufud blame visit v1 --json >"$T/blame"
cp "$T/blame" "$T/kept"
sqlite3 "$HUFU_DATA/hufu.db" "DELETE FROM blame"
holds "a folder without them is whole" hufud check
hufud blame visit v1 --json >"$T/blame"
holds "and says the same" cmp "$T/kept" "$T/blame"
rows() { sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM blame"; }
is "without rows" 0 "$(rows)"
hufud rebuild >/dev/null
holds "a rebuild makes them" test "$(rows)" -gt 5
hufud blame visit v1 --json >"$T/blame"
holds "and nothing else is said" cmp "$T/kept" "$T/blame"
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE blame SET body='{\"summary\":1}' WHERE position=(SELECT max(position) FROM blame WHERE scope='$S') AND scope='$S'"
fails 1 "blame" hufud check
passed

#!/usr/bin/env bash
# Credit: ratings that a person can add up, as they were known then, and computed again from the log.
#
# The default scheme, by hand: 1000 points; high 40, moderate 15, low 5, unknown 5; whole up to 365 days, then 60 %
# to 730, 30 % to 1095, 10 % to 1825, then nothing; each deduction rounded down; A from 940, B from 880, C from 800, D.
# As of 2026-06-30:
#   s1  high 2026-01-10, 171 days: 40; low 2024-06-01, 759 days: 5 x 30 % = 1    1000-41 =  959 A
#   s2  high, but found at a visit for new construction                          1000 A
#   s3  two high 2025-12-01, 211 days: 80                                        920 B
#   s4  moderate 2025-06-29, 366 days: 15 x 60 % = 9                             991 A
#   s5  five high 2026-03-01, 121 days: 200                                      800 C
#   s6  thirty high of that day: 1200, more than there is                        0 D
#   s7  one high that is void                                                    1000 A
#   s8  high 2021-06-30, 1826 days: beyond the horizon                           1000 A
#   s9  high, but its visit was of another firm, and is void                     1000 A
# That is A 6, B 1, C 1, D 1.
. "$(dirname "$0")/lib.sh"
district
{ echo id,subject,visited_on,visit_type,state
  echo t1,s1,2026-01-10,Routine,recorded
  echo t2,s2,2026-01-10,New Construction,recorded
  echo t9,s9,2026-01-10,Routine,recorded; } >"$T/visits.csv"
{ echo id,subject,visit,severity,found_on,state
  echo w11,s1,t1,high,2026-01-10,open
  echo w12,s1,,low,2024-06-01,open
  echo w2,s2,t2,high,,open
  echo w31,s3,,high,2025-12-01,open
  echo w32,s3,,high,2025-12-01,open
  echo w4,s4,,moderate,2025-06-29,open
  for i in 1 2 3 4 5; do echo "w5$i,s5,,high,2026-03-01,open"; done
  for i in $(seq 10 39); do echo "w6$i,s6,,high,2026-03-01,open"; done
  echo w7,s7,,high,2026-03-01,open
  echo w8,s8,,high,2021-06-30,open
  echo w9,s9,t9,high,2026-01-10,open; } >"$T/violations.csv"
hufud import visit "$T/visits.csv" --scope $S >/dev/null
hufud import violation "$T/violations.csv" --scope $S >/dev/null

# The facts are no word of the office: it cannot make a C of an A by another day, another severity or a flag. What was
# wrong is taken back, with a reason, and the auditor hears of it.
fails 1 "field 'flags' of 'visit': it is set by server, import" hufud set visit t1 flags=not_counted --scope $S
fails 1 "field 'visited_on' no longer changes" hufud set visit t1 visited_on=2020-01-01 --scope $S
fails 1 "field 'severity' no longer changes" hufud set violation w11 severity=low --scope $S
fails 1 "field 'subject' no longer changes" hufud set violation w12 subject=s2 --scope $S
fails 1 "field 'visit' no longer changes" hufud set violation w11 visit=t2 --scope $S
printf 'id,flags\nt1,not_counted\n' >"$T/flag.csv"
fails 3 "refused" hufud import visit "$T/flag.csv" --scope $S
printf 'id,severity\nw11,low\n' >"$T/soft.csv"
fails 3 "refused" hufud import violation "$T/soft.csv" --scope $S
fails 1 "'void' only with 'reason'" hufud set visit t9 state=void --scope $S
hufud set visit t9 state=void reason="another firm" --scope $S >/dev/null
hufud set violation w7 state=void reason="found twice" --scope $S >/dev/null
is "the auditor hears of both" "t9 alarm another firm|w7 alarm found twice|" "$(hufud export alarm --scope $S --format jsonl |
	python3 -c 'import json, sys
for a in sorted(map(json.loads, sys.stdin), key=lambda a: a["record_id"]):
    if a["rule"] == "fact_withdrawn" and "admin" in a["text"]: print(a["record_id"], a["level"], a["text"].split(chr(39))[-2], end="|")')"
state() { hufud check --json --scope $S | python3 -c '
import json, sys
s = json.load(sys.stdin)["scopes"][0]; print(s["entries"], s["packets"], s["root"])'; }
# mix WORD: numbers of grades A B C D, before or after (grades)
mix() { python3 -c '
import json, sys
g = json.load(open(sys.argv[1]))[sys.argv[2]]; print(*(g.get(x, 0) for x in "ABCD"))' "$T/out" "$1"; }
score() { hufud rating "$@" --scope $S --json | python3 -c '
import json, sys
r = json.load(sys.stdin).get("rating"); print(r["score"], r["grade"]) if r else print("none")'; }

before=$(state)
holds "a dry run counts" hufud rate --scope $S --as-of 2026-06-30 --dry-run --json
is "nine would be written" "9 9" "$(json written <"$T/out") $(json unrated <"$T/out")"
is "with these grades" "6 1 1 1" "$(mix grades)"
is "a dry run writes nothing" "$before" "$(state)"
holds "the district is rated" hufud rate --scope $S --as-of 2026-06-30 --json
is "nine ratings" "9" "$(json written <"$T/out")"
is "with the grades that were counted" "6 1 1 1" "$(mix grades)"
for want in "s1 959 A" "s2 1000 A" "s3 920 B" "s4 991 A" "s5 800 C" "s6 0 D" "s7 1000 A" "s8 1000 A" "s9 1000 A"; do
	is "the score that a person finds" "$want" "${want%% *} $(score "${want%% *}" --as-of 2026-06-30)"
done
before=$(state)
holds "rated again" hufud rate --scope $S --as-of 2026-06-30 --json
is "nothing is written" 0 "$(json written <"$T/out")"
is "no packet, no entry" "$before" "$(state)"
# On 2026-07-31 every age is in the same step.
holds "a month later" hufud rate --scope $S --as-of 2026-07-31 --json
is "no packet either" "$before" "$(state)"
# On 2027-01-11: s1 366 days, 24, and 954 days, 1: 975. s3 406 days, 24 twice: 952 A. The others stay.
holds "what the next year brings" hufud rate --scope $S --as-of 2027-01-11 --dry-run --json
is "two would change" 2 "$(json written <"$T/out")"
is "grades before" "6 1 1 1" "$(mix before)"
is "grades after" "7 0 1 1" "$(mix grades)"

holds "the sum is printed" hufud rating s1 --scope $S --as-of 2026-06-30 --explain
is "the lines add up" "959 959" "$(awk '/at the start/ { in_sum = 1 } in_sum && /left/ { print sum, $1; exit } in_sum { sum += $1 }' "$T/out")"
is "each fact has its id, day, severity, points and percentage" 1 "$(grep -c -- '-1  2024-06-01  low *5 points x 30% (759 days old, step to 1095)  violation w12' "$T/out")"
is "the grade's cut is printed" 1 "$(grep -c "grade A: A from 940, B from 880, C from 800, D from 0" "$T/out")"
is "it is the rating on record" 1 "$(grep -c "the rating in force says the same" "$T/out")"
holds "the lowest score is named" sh -c "hufud rating s6 --scope $S --as-of 2026-06-30 --explain | grep -q '0  is the lowest score'"

# What was known when: a finding of 2026-06-15 that comes after the rating costs 15.
then=$(hufud check --json --scope $S | json scopes.0.entries)
{ echo id,subject,severity,found_on; echo w71,s7,moderate,2026-06-15; } >"$T/late.csv"
hufud import violation "$T/late.csv" --scope $S >/dev/null
explained() { hufud rating "$@" --scope $S --explain --json | python3 -c '
import json, sys
e = json.load(sys.stdin)["explanation"]; print(e["score"], e["known_position"])'; }
is "known now" "985 $((then + 1))" "$(explained s7 --as-of 2026-06-30)"
is "known then" "1000 $then" "$(explained s7 --as-of 2026-06-30 --known-at "$then")"
is "known at the end of today" "985 $((then + 1))" "$(explained s7 --as-of 2026-06-30 --known-at "$(date -u +%F)")"
is "known before anything was" "1000 0" "$(explained s7 --as-of 2026-06-30 --known-at 2020-01-01)"
hufud rate --scope $S --as-of 2026-08-31 --json >"$T/out"
is "one rating is written" 1 "$(json written <"$T/out")"
is "in force in July" "1000 A" "$(score s7 --as-of 2026-07-15)"
is "in force in September" "985 A" "$(score s7 --as-of 2026-09-15)"
is "in force in September as known then" "1000 A" "$(score s7 --as-of 2026-09-15 --known-at "$then")"
is "none before the first" none "$(score s7 --as-of 2026-06-29)"
hufud rate --scope $S --as-of 2026-06-30 --json >"$T/out"
is "a rating of a later day stands" "0 1" "$(json written <"$T/out") $(json later <"$T/out")"

# What another body says stands beside it.
{ echo subject,scheme,score,grade,valid_from,source; echo s1,531X,812,B,2026-03-31,province; } >"$T/province.csv"
holds "scores of the province are imported" hufud import external_rating "$T/province.csv" --scope $S
before=$(state)
hufud import external_rating "$T/province.csv" --scope $S >/dev/null
hufud rate --scope $S --as-of 2026-08-31 >/dev/null
is "neither importing nor rating again changes one" "$before" "$(state)"
holds "it is shown with source and time of receipt" sh -c "hufud rating s1 --scope $S | grep -q '531X  812 points  grade B  (from province, received $(date -u +%Y)-'"
is "and ours is not touched" "959 A" "$(score s1 --as-of 2026-08-31)"

{ echo id,uscc,name,state; echo 91330106ma20003340,91330106MA20003340,West Lake Trading,in_business; } >"$T/coded.csv"
hufud import subject "$T/coded.csv" --scope $S >/dev/null
{ echo uscc,scheme,score,grade,valid_from; echo 91330106MA20003340,531X,776,C,2026-03-31; echo nobody,531X,1,E,2026-03-31; } >"$T/province.csv"
fails 3 "subject" hufud import external_rating "$T/province.csv" --scope $S --source province
is "a score by credit code finds its subject" 1 "$(hufud rating 91330106ma20003340 --scope $S | grep -c '531X  776 points  grade C  (from province,')"

# Versions of a scheme.
scheme() { python3 -c '
import json, sys
d = json.load(open("schema/schemes/default.json"))
d.update(json.loads(sys.argv[1])); json.dump(d, open(sys.argv[2], "w"))' "$1" "$T/scheme.json"; }
scheme '{"code": "strict", "version": 1, "valid_from": "2026-01-01"}'
holds "a scheme is recorded" hufud rate --scheme-file "$T/scheme.json"
scheme '{"code": "strict", "version": 2, "valid_from": "2026-07-01"}'
fails 1 "overlap version 1 (2026-01-01 to ever)" hufud rate --scheme-file "$T/scheme.json"
scheme '{"code": "strict", "version": 1, "valid_from": "2026-01-01", "valid_to": "2026-06-30"}'
holds "the first is ended" hufud rate --scheme-file "$T/scheme.json"
scheme '{"code": "strict", "version": 2, "valid_from": "2026-07-01"}'
holds "the second follows it" hufud rate --scheme-file "$T/scheme.json"
is "each day has its version" "1 2" "$(hufud rate --scheme strict --scope $S --as-of 2026-06-30 --dry-run --json | json version) $(hufud rate --scheme strict --scope $S --as-of 2026-07-01 --dry-run --json | json version)"
scheme '{"code": "half", "version": 1, "valid_from": "2026-01-01", "definition": {"start": 10.5}}'
fails 1 "integer" hufud rate --scheme-file "$T/scheme.json"

holds "every rating is computed again from the log" hufud rate --check --scope $S --json
is "nine, to the same bytes" "9 0" "$(json checked <"$T/out") $(json differing <"$T/out")"
holds "everything fits together" hufud check
cp -r "$HUFU_DATA" "$T/forged"
sqlite3 "$T/forged/hufu.db" "UPDATE log SET body = replace(body, '\"score\":920', '\"score\":990') WHERE kind = 'rating'"
fails 1 "subject s3" hufud rate --check --scope $S --data "$T/forged"
hufud account add wu --role administrator --scope $S >/dev/null
fails 1 "neither analyst nor coordinator" hufud rate --scope $S --as wu
holds "who lists ratings reads them" hufud rating s1 --scope $S --as wu
fails 2 "neither a date" hufud rating s1 --scope $S --known-at yesterday
passed

#!/usr/bin/env bash
# hufud finds the scope, says bad use with 2, and prints one JSON document each.
. "$(dirname "$0")/lib.sh"
district
hufud import division fixtures/zhejiang/divisions.csv >/dev/null

# with one county in the folder nobody has to name it
is "a record is shown" "subject 1" "$(hufud show subject s1 --json | json record.name)"
division=$(hufud export division | sed -n '2s/,.*//p')
is "one of the catalog too" catalog "$(hufud show division "$division" --json | json record.scope)"
holds "a field is set" hufud set subject s1 "name=the first" --as admin
is "and stands" "the first" "$(hufud show subject s1 --json | json record.name)"
is "a kind is exported" 10 "$(hufud export subjects --format csv | wc -l)"
is "a kind of the catalog is" 1490 "$(hufud export division --format csv | wc -l)"
holds "conflicts are listed" hufud conflicts list
holds "terminals are listed" hufud terminal list
holds "subjects are rated" hufud rate

# with two counties a record is found where it is
printf 'id,name,state\nt1,next door,in_business\ns1,also here,in_business\n' >"$T/next.csv"
hufud import subject "$T/next.csv" --scope 330108 >/dev/null
is "a record that is in one county" "next door" "$(hufud show subject t1 --json | json record.name)"
fails 2 "330106, 330108" hufud show subject s1
is "which of the two is said" "also here" "$(hufud show subject s1 --scope 330108 --json | json record.name)"
fails 2 "330106, 330108" hufud export subject
fails 2 "330106, 330108" hufud set subject t1 name=mine --new
fails 1 "no kind 'thing'" hufud show thing t1
hufud account add li --role coordinator --scope $S </dev/null >/dev/null
is "an account of one county means that" "the first" "$(hufud show subject s1 --as li --json | json record.name)"
is "in lists as well" 10 "$(hufud export subject --as li | wc -l)"
fails 1 "may not read" hufud show subject t1 --scope 330108 --as li

# bad use is 2, before anything is opened
for words in "set subject s1 name" "set subject S1 name=x" "set subject s1" "show subject" \
	"account add eve --role king --scope 33" "account add eve --role auditor --scope zj" \
	"conflicts decide c1 sideways --reason r" "conflicts decide c1 other --reason r" \
	"conflicts decide c1 other --value [ --reason r" "conflicts decide c1 terminal" \
	"rate --as-of tomorrow" "draw commit --count ten" "draw commit --count 3 --due soon" \
	"draw commit --count 3 --town x" "draw commit --quota A=ten" "draw commit --quota A=1," "draw reveal d1" "export subject --format xml" \
	"export subject --town x" "export subject --json" "show subject s1 --scope here" \
	"terminal fly" "terminal code" "terminal revoke t1" "kind fly" "quarantine" "key destroy s1" \
	"import subject" "serve --nonsense"; do
	# shellcheck disable=SC2086
	fails 2 "--help" hufud $words --data "$T/nowhere"
done
fails 2 "no address to listen on" hufud serve --listen foo
fails 1 "not a loopback address" hufud serve --listen 192.0.2.1:80
fails 1 "No such file" hufud kind load "$T/nothing.json"
fails 1 "No such file" hufud account add eve --role auditor --scope 33 --password-file "$T/nothing"

# a scope that is written to stays: a mistyped one is refused
holds "divisions are loaded" hufud import division fixtures/zhejiang/divisions.csv --scope catalog
fails 1 "no division has the code 339999" hufud import officer "$T/next.csv" --scope 339999
hufud account add abroad --role coordinator --scope 3302 >/dev/null </dev/null
fails 1 "account 'abroad' has no rights where subject 't1' is" hufud set subject t1 name=x --as abroad

# one command, one JSON document
for words in "show subject t1" "set subject t1 town=001" "kind load schema/kinds/visit.json" \
	"account list" "account add eve --role auditor --scope 33" "conflicts list --as li" "terminal list --as li" \
	"terminal code --officer o1" "draw list" "kind list" "kind show visit" "rate --as li" "check" \
	"status" "mirror" "quarantine list" "import subject $T/next.csv --scope 330108" \
	"export subject --as li --out $T/s.csv"; do
	# shellcheck disable=SC2086
	hufud $words --json >"$T/one" 2>/dev/null </dev/null
	holds "'$words --json' is one document" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$T/one"
done
passed

#!/usr/bin/env bash
# The auditor clones the mirror over HTTP with stock git, and asks who changed what.
. "$(dirname "$0")/lib.sh"
district
echo "audit the auditor" >"$T/password"
holds "an auditor of all scopes" hufud account add song --role auditor --scope '*' --password-file "$T/password"
holds "an auditor of one county" hufud account add fang --role auditor --scope $S --password-file "$T/password"
holds "a coordinator" hufud account add chen --role coordinator --scope '*' --password-file "$T/password"
server_start
tablet a o1
tablet b o2
on a "INSERT INTO visit(id,subject,town,summary) VALUES('v1','s1','002','clean')"
hufu commit -m "visit of s1" --replica "$T/a.db" >/dev/null
sync a >/dev/null
sync b >/dev/null
on a "UPDATE visit SET summary='clean again' WHERE id='v1'"
hufu commit -m "second look" --replica "$T/a.db" >/dev/null
on b "UPDATE visit SET reason='complaint' WHERE id='v1'"
hufu commit -m "why we came" --replica "$T/b.db" >/dev/null
sync a >/dev/null
sync b >/dev/null
port=${URL#http://}
as() { echo "http://$1:$(sed 's/ /%20/g' "$T/password")@$port/mirror.git"; }
export GIT_TERMINAL_PROMPT=0
status() { curl -s -o "$T/body" -w '%{http_code}' "$@"; }

is "without a password it is refused" 401 "$(status "$URL/mirror.git/info/refs")"
is "and the answer says how to ask" 1 "$(curl -si "$URL/mirror.git/info/refs" | grep -ci '^www-authenticate: basic')"
is "a wrong password is refused" 401 "$(status -u "song:no" "$URL/mirror.git/info/refs")"
cp "$T/body" "$T/wrong"
is "an unknown name likewise" 401 "$(status -u "nobody:no" "$URL/mirror.git/info/refs")"
is "with the same words" "$(sed 's/"request.*//' "$T/wrong")" "$(sed 's/"request.*//' "$T/body")"
is "an auditor of one county may not have all" 403 "$(status -u "fang:audit the auditor" "$URL/mirror.git/info/refs")"
is "nor may a coordinator" 403 "$(status -u "chen:audit the auditor" "$URL/mirror.git/info/refs")"
is "nothing outside the repository is served" 400 "$(status -u "song:audit the auditor" --path-as-is "$URL/mirror.git/objects/pack/..%2f..%2f..%2fserver.key")"
is "nor another file of it" 404 "$(status -u "song:audit the auditor" "$URL/mirror.git/objects/pack/config")"
is "nor its configuration" 404 "$(status -u "song:audit the auditor" "$URL/mirror.git/config")"
is "nor can it be written" 405 "$(status -u "song:audit the auditor" -X POST -d x "$URL/mirror.git/info/refs")"

holds "stock git clones it" git clone -q -b $S "$(as song)" "$T/clone"
G="git -C $T/clone"
is "with what stands" "clean again" "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["summary"])' "$(find "$T/clone" -name v1)")"
is "the record's packets, with their officers" "o2 why we came;o1 second look;o1 visit of s1;" \
	"$($G log --full-history --diff-filter=AM --format='%an %s' $S -- visit/v1 | tr '\n' ';')"
curl -s -u "song:audit the auditor" "$URL/mirror.git/allowed_signers" >"$T/signers"
$G config gpg.ssh.allowedSignersFile "$T/signers"
for commit in $($G log --full-history --diff-filter=AM --format=%H $S -- visit/v1); do
	holds "each packet's signature is good" $G verify-commit "$commit"
done
holds "the main line's too" $G verify-commit $S
on a "INSERT INTO visit(id,subject) VALUES('v2','s2')"
sync a >/dev/null
holds "a fetch brings what came since" $G fetch -q origin
is "to the server's root" "$(server_root)" "$($G rev-parse "origin/$S^{tree}")"

hufud history visit v1 >"$T/history"
is "the history tells three writes" 3 "$(grep -c ' packet ' "$T/history")"
holds "who changed which field" grep -q "summary: clean -> clean again" "$T/history"
holds "by name" grep -q "officer 1 (o1)" "$T/history"
hufud history visit v1 --json >"$T/history.json"
h() { python3 -c 'import json,sys; v = json.load(open(sys.argv[1]))["history"]; print(eval(sys.argv[2]))' "$T/history.json" "$1"; }
is "the first write made it" "['subject', 'summary', 'town']" "$(h 'sorted(c["field"] for c in v[0]["changes"])')"
is "the second changed one field" "summary clean clean again terminal" \
	"$(h '" ".join([v[1]["changes"][0][k] for k in ("field", "before", "after", "rule")])')"
is "the third was merged" "True o2 complaint" "$(h '" ".join(map(str, [v[2]["merged"], v[2]["author"], v[2]["changes"][0]["after"]]))')"
is "its packets are git's" "$($G log --full-history --diff-filter=AM --reverse --format=%H $S -- visit/v1 | tr '\n' ' ')" \
	"$(h '" ".join(e["packet"] for e in v) + " "')"

on a "UPDATE visit SET summary='mine' WHERE id='v1'"
hufud set visit v1 summary=theirs --as admin >/dev/null
sync a >/dev/null
hufud history visit v1 --json >"$T/history.json"
is "the office's write stands against the tablet's" "theirs" "$(h 'v[3]["changes"][0]["after"]')"
is "which is told with what it wanted" "None o1 mine theirs conflict" \
	"$(h '" ".join(str(x) for x in [v[4]["position"], v[4]["author"], v[4]["refused"][0]["terminal"], v[4]["refused"][0]["stands"], v[4]["refused"][0]["rule"].split()[0]])')"
id=$(hufud conflicts list --json | json conflicts.0.id)
hufud conflicts decide "$id" terminal --reason "he was there" >/dev/null
hufud history visit v1 --json >"$T/history.json"
is "and the decision is told as one" "decide mine conflict" "$(h '" ".join([v[-1]["operation"], v[-1]["changes"][0]["after"], v[-1]["changes"][0]["rule"].split()[0]])')"
on a "UPDATE visit SET summary='later' WHERE id='v1'"
sync a >/dev/null
hufud history visit v1 --json >"$T/history.json"
$G fetch -q origin
is "in the end, too, its packets are git's" "$($G log --full-history --diff-filter=AM --format=%H origin/$S -- visit/v1 | sort | tr '\n' ' ')" \
	"$(h '" ".join(sorted(e["packet"] for e in v)) + " "')"
# what two fought over: the same value twice in one journal, somebody else's between them
for _ in 1 2; do
	on a "INSERT OR IGNORE INTO visit(id,subject,summary) VALUES('v7','s2','AAA'); UPDATE visit SET summary='AAA' WHERE id='v7'"
	sync a >/dev/null
	hufud set visit v7 summary=BBB --as admin >/dev/null
	sync a >/dev/null
done
hufud history visit v7 --json >"$T/history.json"
$G fetch -q origin
wrote() { # KIND/ID: the packets that have it, looked for in every commit
	$G rev-list origin/$S | sed "s|.*|&:$1 &|" | $G cat-file --batch-check='%(objecttype) %(rest)' | sed -n 's/^blob //p' | sort
}
is "four packets wrote it, also where a journal said the same again" "$(h '" ".join(sorted(e["packet"] for e in v))') 4" \
	"$($G log --full-history --diff-filter=AM --format=%H origin/$S -- visit/v7 | sort | tr '\n' ' ')$(wrote visit/v7 | wc -l)"
is "nor is one too many elsewhere" "$($G log --full-history --diff-filter=AM --format=%H origin/$S -- visit/v1 | sort)" "$(wrote visit/v1)"
fails 1 "no visit 'v9'" hufud history visit v9
fails 2 "name a kind and an id" hufud history visit

# what was refused is among the packets that wrote, and the main line says so
on b "UPDATE subject SET name='mine' WHERE id='s3'"
former b subject s3
sync b >/dev/null
$G fetch -q origin
is "a refused packet is in the list" o2 "$($G log --full-history --diff-filter=AM --format=%an origin/$S -- subject/s3 | grep -v admin)"
is "the main line says so, with the code" "$($G log --full-history --diff-filter=AM --author=o2 --format=%H origin/$S -- subject/s3) role" \
	"$($G log --format=%B origin/$S | sed -n 's,^Quarantined: \([^ ]*\) subject/s3 \([a-z_]*\)$,\1 \2,p')"
is "nobody refused this one" 0 "$($G log --format=%B origin/$S | grep -c '^Quarantined: .* visit/v1 ')"

# a second terminal of an officer is told, and who made its code does not close that
is "each officer has one terminal" 0 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='second_terminal'")"
HUFU_ACCOUNT=chen tablet c o1
sync b >/dev/null
is "the alarm comes to a tablet" "chen" "$(sqlite3 "$T/b.db" "SELECT json_extract(named,'\$[0]') FROM alarm WHERE rule='second_terminal' AND text LIKE '''chen'' made the code of terminal % for officer ''o1'', who has terminal %'")"
id=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM alarm WHERE rule='second_terminal'")
is "and to the auditor" "second_terminal" "$(hufud export alarm --scope $S --as fang | grep -o "second_terminal")"
is "with the deed" 1 "$(hufud audit list --operation enrol --as song --format json | grep -c '"who":"chen"')"
HUFU_ACCOUNT=chen tablet e o3
is "so is the only one, where a coordinator made its code" "alarm chen o3" "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT a.level||' '||json_extract(named,'\$[0]')||' '||e.officer FROM alarm AS a JOIN enrolment AS e ON e.id=a.record_id WHERE rule='coordinators_terminal' AND text LIKE '''chen'', who coordinates, made the code of terminal % for officer ''o3''%'")"
is "an administrator's code raises none" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='coordinators_terminal'")"
hufud set alarm "$id" explanation="a spare one" state=explained --scope $S --as chen >/dev/null
fails 1 "second person" hufud set alarm "$id" state=closed --scope $S --as chen
holds "the auditor does" hufud set alarm "$id" state=closed --scope $S --as fang
t=$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT terminal FROM enrolment WHERE officer='o2'")
hufud terminal revoke "$t" --reason lost --scope $S >/dev/null
tablet d o2
is "one that was revoked has a successor" 1 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM alarm WHERE rule='second_terminal'")"
passed

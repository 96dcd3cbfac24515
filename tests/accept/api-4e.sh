#!/usr/bin/env bash
# Accounts over HTTP: made once however often they are asked for, and shown to who manages them, and to nobody else.
. "$(dirname "$0")/lib.sh"
district
echo "correct horse" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
J='Content-Type: application/json' M='Content-Type: application/merge-patch+json'
key() { echo "Idempotency-Key: k$RANDOM$RANDOM$RANDOM"; }
as() { WHO="$1:correct horse"; }

# -- one deed, however often it is asked for
as admin
body='{"account":"once","roles":["analyst"],"scopes":["330106"],"password":"first password"}'
for i in 1 2 3 4 5; do
	curl -s -o "$T/made$i" -w '%{http_code}\n' -u "$WHO" -X POST "$URL/v1/accounts" -H "$J" -H "Idempotency-Key: made-once-1" -d "$body" >"$T/made$i.status" &
	made[i]=$!
done
for i in 1 2 3 4 5; do wait "${made[i]}"; done
is "five at once are one account" "201 201 201 201 201" "$(cat "$T"/made?.status | tr '\n' ' ' | sed 's/ $//')"
is "and one answer" 1 "$(cat "$T"/made[1-5] | sort -u | wc -l)"
is "made once, as the log has it" 1 "$(hufud audit list --operation "account add" --format json | grep -c '"id":"once"')"
answers 201 '"once"' POST /v1/accounts -H "$J" -H "Idempotency-Key: made-once-1" -d "$body"
answers 422 idempotency_key_reused POST /v1/accounts -H "$J" -H "Idempotency-Key: made-once-1" -d "${body/first/other}"
WHO="once:first password" answers 200 '"once"' GET /v1/me
WHO="once:other password" answers 401 unauthorized GET /v1/me
as admin
answers 409 'exists already' POST /v1/accounts -H "$J" -H "$(key)" -d "$body"

# -- a county's administrator sees the tokens that he may end
for who in "cadm administrator,coordinator $S" "chen coordinator $S" "far coordinator 330108"; do
	set -- $who
	hufud account add "$1" --role "$2" --scope "$3" --password-file "$T/pw" >/dev/null
done
as chen
answers 201 '"token"' POST /v1/tokens -H "$J" -H "$(key)" -d '{"label":"bound","agencies":["ag1","ag1"],"scopes":["'$S'","'$S'"]}'
bound=$(json id <"$T/body")
as cadm
answers 200 "$bound" GET "/v1/tokens?account=chen"
is "each scope and agency once, and the agencies are told" "['$S'] ['ag1']" "$(python3 -c 'import json, sys; t = json.load(open(sys.argv[1]))["items"][0]; print(t["scopes"], t["agencies"])' "$T/body")"
answers 403 "is not yours" GET "/v1/tokens?account=far"; sed 's/far/X/; s/"instance":"[^"]*"//; s/[0-9a-f]\{20\}//g' "$T/body" >"$T/far"
answers 403 "is not yours" GET "/v1/tokens?account=zzz"; sed 's/zzz/X/; s/"instance":"[^"]*"//; s/[0-9a-f]\{20\}//g' "$T/body" >"$T/none"
is "one that is another's and one that there is not are told of alike" "$(cat "$T/far")" "$(cat "$T/none")"
api DELETE "/v1/tokens/$bound"; is "and it is ended" 204 "$(cat "$T/status")"
as chen
answers 403 "is not yours" GET "/v1/tokens?account=cadm"

# -- and what they may, and the log of the county; an auditor of it sees the same, and nobody sees another's
for who in "aud auditor $S" "bound administrator $S --agency ag1" "farther administrator 33"; do
	set -- $who
	hufud account add "$1" --role "$2" --scope "$3" "${@:4}" --password-file "$T/pw" >/dev/null
done
names() { api GET "$1" | python3 -c 'import json, sys; print(*[i["account"] for i in json.load(sys.stdin)["items"]])'; }
for who in cadm aud; do
	as $who
	is "$who sees the accounts of the county" "aud bound cadm chen once" "$(names /v1/accounts)"
	is "with pages" "aud bound" "$(names '/v1/accounts?limit=2')"
	answers 200 '"state":"active"' GET /v1/accounts/chen
	for name in far farther admin zzz; do
		answers 403 "'$name' is no account of your scopes" GET "/v1/accounts/$name"
	done
done
as farther
is "of the province: all of its counties'" "aud bound cadm chen far farther once" "$(names /v1/accounts)"
as admin
is "of all scopes" "admin aud bound cadm chen far farther once" "$(names /v1/accounts)"
answers 404 "there is no account 'zzz'" GET /v1/accounts/zzz
as bound
for path in accounts accounts/bound audit; do answers 403 "accounts of all agencies" GET "/v1/$path"; done
as chen
for path in accounts accounts/chen audit; do answers 403 "this is for auditor" GET "/v1/$path"; done
as cadm
etag=$(api GET /v1/accounts/once | json etag)
answers 200 '"disabled"' PATCH /v1/accounts/once -H "If-Match: \"$etag\"" -H "$M" -d '{"state":"disabled"}'
for i in 1 2 3; do hufud set subject s1 phone=$i --scope $S >/dev/null; done
hufud set agency ag1 name=one --new --scope catalog >/dev/null
scopes() { python3 -c 'import json, sys; print(*sorted({i.get("scope", "-") for i in json.load(open(sys.argv[1]))["items"]}))' "$T/body"; }
for who in cadm aud; do
	as $who
	answers 200 '"operation":"set"' GET "/v1/audit?limit=1000"; is "the county's entries and no others" $S "$(scopes)"
	answers 200 '"operation":"set"' GET "/v1/audit?scope=$S"
	answers 403 "no rights in scope 330108" GET "/v1/audit?scope=330108"
	answers 403 "no rights in scope catalog" GET "/v1/audit?scope=catalog"
	answers 403 "all scopes" GET /v1/audit/head
done
is "pages of one, to the end" "3 $(hufud audit list --format json --operation set --as cadm | grep -c .)" "$(python3 - "$URL" "$WHO" <<'P'
import base64, json, sys, urllib.request
n, cursor = 0, ""
while cursor is not None:
    ask = urllib.request.Request(f"{sys.argv[1]}/v1/audit?operation=set&limit=1{cursor}", headers={"Authorization": "Basic " + base64.b64encode(sys.argv[2].encode()).decode()})
    page = json.load(urllib.request.urlopen(ask))
    n += len(page["items"])
    cursor = "&cursor=" + page["next"] if "next" in page else None
print(3, n)
P
)"
# -- who may not manage an account learns nothing of it by trying: one of another county, a disabled one, one that there is not
hufud account disable far >/dev/null
alike() { for name in far farther zzz; do "$@" $name >/dev/null; sed "s/\\b$name\\b/X/g; s/[0-9a-f]\{20\}//g" "$T/body"; echo; done | sort -u | grep -c .; }
made() { api POST /v1/accounts -H "$J" -H "$(key)" -d "$1" >/dev/null; }
make_() { api POST /v1/accounts -H "$J" -H "$(key)" -d '{"account":"'"$1"'","roles":["analyst"],"scopes":["330108"]}'; }
change_() { api PATCH "/v1/accounts/$1" -H 'If-Match: *' -H "$M" -d '{"state":"active"}'; }
token_() { api POST /v1/tokens -H "$J" -H "$(key)" -d '{"account":"'"$1"'","label":"x"}'; }
for who in cadm bound chen; do
	as $who
	is "$who is told alike" "1 1 1" "$(alike make_) $(alike change_) $(alike token_)"
done
as admin
answers 200 '"scope":"catalog"' GET "/v1/audit?limit=1000"; is "of all" "- $S catalog" "$(scopes)"

# -- once there are divisions and agencies, nobody is bound to others; who was bound before is not held up
printf 'level,code,name,parent_code\nprovince,330000000000,浙江省,\ncity,330100000000,杭州市,330000000000\ncounty,330106000000,西湖区,330100000000\n' >"$T/divisions.csv"
holds "divisions come" hufud import division "$T/divisions.csv" --scope catalog
made '{"account":"v1","roles":["analyst"],"scopes":["3301","33","catalog","330106"]}'
is "a county, its city and its province" 201 "$(cat "$T/status")"
for scope in 330199 3302 44; do
	made '{"account":"v2","roles":["analyst"],"scopes":["330106","'$scope'"]}'
	is "no county, city or province $scope" "400 no division has a code that begins with $scope: is it mistyped? If not, import the division first" "$(cat "$T/status") $(json detail <"$T/body")"
	fails 1 "code that begins with $scope" hufud account add v2 --role analyst --scope $scope
	fails 1 "code that begins with $scope" hufud account set-scopes v1 --scope "330106,$scope"
done
fails 1 "no agency 'ag9'" hufud account add v2 --role analyst --scope $S --agency ag1,ag9
fails 1 "no agency 'ag9'" hufud token make v1 --label x --agency ag9
fails 1 "no account 'v2'" hufud account disable v2
holds "an agency that there is" hufud account add v3 --role analyst --scope $S --agency ag1
holds "330108 was given before, and stays" hufud account set-scopes far --scope 330108,330106
server_stop
holds "and the folder is sound" hufud check

# -- a page looks at 20,000 entries: among others' many it is short, and goes on
sqlite3 "$HUFU_DATA/hufu.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
	INSERT INTO audit(seq, at_ms, who, via, operation, scope, outcome, hash) SELECT (SELECT max(seq) FROM audit) + i, 1, 'far', 'cli', 'set', '330108', 'ok', zeroblob(32) FROM n"
server_start --limit-factor 0
as cadm
answers 200 '"next"' GET "/v1/audit?operation=set&limit=100"
answers 200 '"items":\[\]' GET "/v1/audit?operation=set&cursor=$(json next <"$T/body")"
server_stop
passed

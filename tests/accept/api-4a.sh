#!/usr/bin/env bash
# Identity: accounts that change and end, tokens that never have more than their account.
. "$(dirname "$0")/lib.sh"
district
hufud account add li --role coordinator,analyst --scope 3301 --agency ag1 >/dev/null
account() { hufud account show li --json | json "$1"; }
is "an account has agencies and a state" "ag1 active 3301" "$(account agency) $(account state) $(account scopes)"
is "one without agencies has all" "*" "$(hufud account show admin --json | json agency)"
fails 1 "no account 'nobody'" hufud account show nobody

# an account changes
holds "scopes" hufud account set-scopes li --scope 330106,330108 --agency "*"
holds "roles" hufud account set-roles li --role coordinator
is "both are changed" "330106,330108 coordinator *" "$(account scopes) $(account roles) $(account agency)"
fails 2 "no role of an account" hufud account set-roles li --role server
fails 2 "are no scopes" hufud account set-scopes li --scope x
fails 1 "agencies are ids" hufud account set-scopes li --agency "A B"
fails 1 "only an administrator" hufud account set-roles li --role administrator --as li
echo "correct horse" >"$T/pw"
holds "the own password anybody may set" hufud account set-password li --password-file "$T/pw" --as li
fails 1 "only an administrator" hufud account set-password admin --password-file "$T/pw" --as li
echo short >"$T/short"
fails 1 "at least 8" hufud account set-password li --password-file "$T/short"
is "there is a password now" True "$(account password)"

# a disabled account can nothing
holds "disable" hufud account disable li
fails 1 "account 'li' is disabled" hufud set subject s1 address=x --scope $S --as li
is "it is listed so" disabled "$(account state)"
holds "enable" hufud account enable li
holds "it can again" hufud set subject s1 address=x --scope $S --as li
fails 1 "no administrator of all scopes would be left" hufud account disable admin
is "a local administrator" 0 "$(hufud account add local --role administrator --scope 330106 >/dev/null; echo $?)"
fails 1 "no administrator of all scopes would be left" hufud account disable admin
fails 1 "no rights in all" hufud account disable li --as local
fails 1 "no rights in all" hufud account add wide --role analyst --scope 33 --as local
holds "keeps to the own scopes" hufud account add near --role administrator --scope 330106 --as local

# who administers a county gives what the own account has, and gets nothing more by the accounts of others
hufud account add only --role coordinator --scope 330106 >/dev/null
fails 1 "'local' does not have the role analyst itself, and so gives it to nobody" hufud account add more --role analyst --scope 330106 --as local
fails 1 "role coordinator" hufud account set-roles near --role administrator,coordinator --as local
fails 1 "role coordinator" hufud account set-password only --password-file "$T/pw" --as local
fails 1 "role coordinator" hufud token make only --label x --as local
fails 1 "for another administrator" hufud account set-roles local --role administrator,coordinator --as local
is "all of it is as it was" "coordinator False administrator" "$(hufud account show only --json | json roles) $(hufud account show only --json | json password) $(hufud account show local --json | json roles)"
holds "it may still stop somebody" hufud account disable only --as local
hufud account set-roles local --role administrator,coordinator >/dev/null
holds "who has the role gives it" hufud account set-roles near --role administrator,coordinator --as local
is "and the log says what it was" "roles=coordinator,administrator scopes=330106 agency=* state=active before: roles=administrator scopes=330106 agency=*" \
	"$(hufud audit list --format json --operation 'account set-roles' | tail -1 | json detail)"

# tokens
token=$(hufud token make li --label nightly --scope 330106 --days 30 --as li 2>"$T/err")
is "a token is told once" 48 "${#token}"
is "it begins so" hufu_ "${token:0:5}"
holds "and who may use it how long" grep -q "of account li, until" "$T/err"
is "its text is nowhere" "" "$(sqlite3 "$T/data/hufu.db" .dump | grep -F -- "${token:5}" || true)"
is "nor in the log" "" "$(hufud audit list | grep -F -- "${token:5}" || true)"
is "its hash is" "$(printf %s "$token" | sha256sum | cut -d' ' -f1)" "$(sqlite3 "$T/data/hufu.db" "SELECT lower(hex(hash)) FROM token")"
fails 1 "has a token 'nightly' already" hufud token make li --label nightly
fails 1 "does not have the role analyst" hufud token make li --label x --role analyst
fails 1 "lie within those of its account" hufud token make li --label x --scope 33
fails 2 "1 to 366" hufud token make li --label x --days 367
fails 2 "1 to 366" hufud token make li --label x --days 0
fails 2 "a --label" hufud token make li
fails 1 "may not manage tokens of account 'admin'" hufud token make admin --label x --as li
fails 1 "may not list" hufud token list admin --as li
is "listed with what it may" "li nightly active coordinator 330106 never" "$(hufud token list li --json | python3 -c '
import json, sys
t = json.load(sys.stdin)["tokens"][0]
print(t["account"], t["label"], t["state"], t["roles"], t["scopes"], t["last_used"])')"
holds "revoke by its label" hufud token revoke nightly --as li
fails 1 "no token 'nightly'" hufud token revoke nightly --as li
is "it is told" revoked "$(hufud token list li --json | json tokens.0.state)"
id=$(hufud token make li --label second --json | json id)
fails 1 "may not manage tokens of account 'li'" hufud token revoke "$id" --as near
holds "revoke by its id" hufud token revoke "$id"
is "all of it is in the audit log" "token make
token revoke
token make
token revoke" "$(hufud audit list --format json --operation token | python3 -c '
import json, sys
for e in map(json.loads, sys.stdin):
    if e["outcome"] == "ok": print(e["operation"])')"
holds "everything fits" hufud check

# a folder of format 1 is upgraded by whichever command comes first
sqlite3 "$T/data/hufu.db" "DROP TABLE audit; DROP TABLE token; DROP TABLE session;
DROP TABLE IF EXISTS idempotency;
DROP TABLE hufu_job; DROP TABLE blame; DROP INDEX main_commit_position; DROP INDEX packet_main;
CREATE TABLE a(name TEXT NOT NULL PRIMARY KEY, roles INTEGER NOT NULL, scopes TEXT NOT NULL, password TEXT) WITHOUT ROWID;
INSERT INTO a SELECT name, roles, scopes, password FROM account; DROP TABLE account;
CREATE TABLE account(  name TEXT NOT NULL PRIMARY KEY, roles INTEGER NOT NULL,  scopes TEXT NOT NULL, password TEXT) WITHOUT ROWID;
INSERT INTO account SELECT * FROM a; DROP TABLE a;
DELETE FROM meta WHERE name = 'audit_epoch'; UPDATE meta SET value = '1' WHERE name = 'format'"
hufud status >/dev/null 2>"$T/err"
is "it says so once" 1 "$(grep -c "upgrade folder=.* format=4 from=1" "$T/err")"
hufud status >/dev/null 2>"$T/err"
is "and not again" "" "$(cat "$T/err")"
holds "what was upgraded is as if it were new" hufud check
is "accounts are as they were" "active" "$(account state)"
sqlite3 "$T/data/hufu.db" "UPDATE meta SET value = '99' WHERE name = 'format'"
fails 1 "written by a later version (format 99" hufud status
passed

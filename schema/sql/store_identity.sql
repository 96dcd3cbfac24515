-- Accounts, tokens and sessions: store/account.c, token.c, session.c.
-- script: store_format_2
ALTER TABLE account ADD COLUMN agency TEXT;
ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE account ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN password_version INTEGER NOT NULL DEFAULT 0;
CREATE TABLE token(
	id TEXT NOT NULL PRIMARY KEY, hash BLOB NOT NULL, account TEXT NOT NULL,
	label TEXT NOT NULL, roles INTEGER NOT NULL, scopes TEXT NOT NULL,
	agency TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
	expires_at INTEGER NOT NULL, used_at INTEGER, revoked_at INTEGER,
	read_only INTEGER NOT NULL)
	WITHOUT ROWID;
CREATE UNIQUE INDEX token_hash ON token(hash);
CREATE UNIQUE INDEX token_label ON token(account, label)
	WHERE revoked_at IS NULL;
CREATE TABLE session(
	hash BLOB NOT NULL PRIMARY KEY, account TEXT NOT NULL,
	password_version INTEGER NOT NULL, begun_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX session_account ON session(account);

-- name: account_put
INSERT INTO account(name, roles, scopes, agency, password, state, changed_at,
	password_version)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(name) DO UPDATE SET roles = excluded.roles,
	scopes = excluded.scopes, agency = excluded.agency,
	password = coalesce(excluded.password, password),
	state = excluded.state, changed_at = excluded.changed_at,
	password_version = excluded.password_version

-- name: account_get
SELECT roles, scopes, agency, state, password_version FROM account
WHERE name = ?1

-- name: account_password
SELECT password FROM account WHERE name = ?1

-- name: account_list
SELECT name, roles, scopes, password IS NOT NULL, agency, state, changed_at
FROM account WHERE ?1 IS NULL OR name = ?1 ORDER BY name

-- name: account_scope_is
-- (are there divisions; does one begin so; was something written where one does)
SELECT EXISTS(SELECT 1 FROM division),
	EXISTS(SELECT 1 FROM division WHERE code >= ?1 AND code < ?1 || ':'),
	EXISTS(SELECT 1 FROM main_commit
		WHERE scope >= ?1 AND scope < ?1 || ':')

-- name: account_agency_is
-- (are there agencies; is it one)
SELECT EXISTS(SELECT 1 FROM agency),
	EXISTS(SELECT 1 FROM agency WHERE scope = 'catalog' AND id = ?1)

-- name: account_keepers
-- (active ones with a role; where ?2 is 1, in all scopes and for no one agency)
SELECT count(*) FROM account WHERE state = 'active' AND (roles & ?1) <> 0
AND (?2 = 0 OR (scopes = '*' AND agency IS NULL))

-- name: token_put
INSERT INTO token(id, hash, account, label, roles, scopes, agency, created_at,
	created_by, expires_at, read_only)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: token_by_hash
SELECT id, account, roles, scopes, agency, used_at, read_only, created_by
FROM token WHERE hash = ?1 AND revoked_at IS NULL AND expires_at > ?2

-- name: token_by_name
-- (by its id, or by the label of an account)
SELECT id, account, label FROM token
WHERE revoked_at IS NULL AND (id = ?1 OR (label = ?1 AND account = ?2))
ORDER BY id = ?1 DESC LIMIT 1

-- name: token_used
UPDATE token SET used_at = ?2 WHERE id = ?1

-- name: token_revoke
UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL

-- name: token_list
SELECT id, account, label, roles, scopes, agency, created_at, created_by,
	expires_at, used_at, revoked_at, read_only FROM token
WHERE ?1 IS NULL OR account = ?1 ORDER BY account, created_at, id

-- name: session_put
INSERT INTO session(hash, account, password_version, begun_at, used_at)
VALUES(?1, ?2, ?3, ?4, ?4)

-- name: session_get
SELECT account, password_version, begun_at, used_at FROM session
WHERE hash = ?1

-- name: session_used
UPDATE session SET used_at = ?2 WHERE hash = ?1

-- name: session_drop
DELETE FROM session WHERE hash = ?1

-- name: session_drop_all
DELETE FROM session WHERE account = ?1

-- name: session_drop_old
DELETE FROM session WHERE used_at <= ?1 OR begun_at <= ?2

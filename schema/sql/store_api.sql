-- What the API keeps beside records: api/idempotency.c.
-- script: api_create
CREATE TABLE idempotency(
	account TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL,
	status INTEGER NOT NULL, reply TEXT, etag TEXT NOT NULL,
	location TEXT NOT NULL, made INTEGER NOT NULL,
	PRIMARY KEY(account, key)) WITHOUT ROWID;
CREATE INDEX idempotency_made ON idempotency(made);

-- name: idempotency_get
SELECT request, status, reply, etag, location FROM idempotency
WHERE account = ?1 AND key = ?2 AND made >= ?3

-- name: idempotency_put
INSERT INTO idempotency(account, key, request, status, reply, etag, location,
	made)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(account, key) DO UPDATE SET request = excluded.request,
	status = excluded.status, reply = excluded.reply,
	etag = excluded.etag, location = excluded.location,
	made = excluded.made

-- name: idempotency_prune
DELETE FROM idempotency WHERE made < ?1

-- name: scope_heads
SELECT scope, position, oid, root, time FROM main_commit AS m
WHERE number = (SELECT max(number) FROM main_commit WHERE scope = m.scope)
GROUP BY scope ORDER BY scope

-- name: api_scopes_of
-- (all scopes, whether the record is there or not: whoever may not see it does
-- not learn by the work that it is somewhere)
SELECT s.scope, EXISTS (SELECT 1 FROM log AS l WHERE l.scope = s.scope
	AND l.kind IN (?1, ?1 || '_private') AND l.id = ?2)
FROM (SELECT DISTINCT scope FROM hufu_town) AS s ORDER BY s.scope

-- What the API keeps beside records: api/idempotency.c.
-- script: api_create
CREATE TABLE idempotency(
	account TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL,
	status INTEGER NOT NULL, reply TEXT, etag TEXT NOT NULL,
	location TEXT NOT NULL, made INTEGER NOT NULL,
	PRIMARY KEY(account, key)) WITHOUT ROWID;
CREATE INDEX idempotency_made ON idempotency(made);

-- What was asked for and is done beside the request: api/job.c.
-- script: job_create
CREATE TABLE hufu_job(
	id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL,
	operation TEXT NOT NULL, scope TEXT NOT NULL, request BLOB NOT NULL,
	state TEXT NOT NULL, begun_at INTEGER NOT NULL, ended_at INTEGER,
	result TEXT, code INTEGER, status INTEGER, type TEXT, detail TEXT)
	WITHOUT ROWID;
CREATE INDEX hufu_job_begun ON hufu_job(begun_at);
CREATE INDEX hufu_job_running ON hufu_job(scope, operation)
	WHERE state = 'running';

-- name: job_put
INSERT INTO hufu_job(id, account, operation, scope, request, state, begun_at)
VALUES(?1, ?2, ?3, ?4, ?5, 'running', ?6)

-- name: job_end
UPDATE hufu_job SET state = ?2, ended_at = ?3, result = ?4, code = ?5,
	status = ?6, type = ?7, detail = ?8 WHERE id = ?1

-- name: job_get
SELECT id, account, operation, scope, state, begun_at, ended_at, result, code,
	status, type, detail FROM hufu_job WHERE id = ?1

-- name: job_running
SELECT id, account, request FROM hufu_job
WHERE scope = ?1 AND operation = ?2 AND state = 'running' ORDER BY id

-- name: job_interrupted
UPDATE hufu_job SET state = 'interrupted', ended_at = ?1
WHERE state = 'running'

-- name: job_prune
DELETE FROM hufu_job WHERE begun_at < ?1

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

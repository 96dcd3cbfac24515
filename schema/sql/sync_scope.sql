-- Scopes that come and go, and records of one kind and id in several of them:
-- docs/data-model.md. The table is made when a replica first has a second
-- county, so that those of earlier versions get it.
-- script: r_twin_create
CREATE TABLE IF NOT EXISTS hufu_twin(
	kind TEXT NOT NULL, id TEXT NOT NULL, scope TEXT NOT NULL,
	body TEXT NOT NULL, PRIMARY KEY(kind, id, scope)) WITHOUT ROWID;

-- name: r_scope_count
SELECT count(*) FROM hufu_scope

-- name: r_twin_get
SELECT body FROM hufu_twin WHERE kind = ?1 AND id = ?2 AND scope = ?3

-- name: r_twin_put
INSERT INTO hufu_twin(kind, id, scope, body) VALUES(?1, ?2, ?3, ?4)
ON CONFLICT(kind, id, scope) DO UPDATE SET body = excluded.body

-- name: r_twin_drop
DELETE FROM hufu_twin WHERE kind = ?1 AND id = ?2 AND scope = ?3

-- name: r_twin_first
SELECT scope, body FROM hufu_twin WHERE kind = ?1 AND id = ?2
ORDER BY scope LIMIT 1

-- name: r_twin_next
SELECT kind, id, scope FROM hufu_twin
WHERE (kind, id, scope) > (?1, ?2, ?3) ORDER BY kind, id, scope LIMIT 1

-- name: r_scope_unsent
SELECT count(*) FROM hufu_packet WHERE scope = ?1 AND state IN ('local', 'sent')

-- name: r_scope_keys_drop
DELETE FROM hufu_key WHERE scope = ?1

-- name: r_scope_main_drop
DELETE FROM hufu_main WHERE scope = ?1

-- name: r_scope_commits_drop
DELETE FROM hufu_main_commit WHERE scope = ?1

-- What others showed of its visits, in canonical bytes.
-- name: r_scope_peers_drop
DELETE FROM hufu_peer WHERE body LIKE '%"scope":"' || ?1 || '"%'

-- name: r_scope_stage_drop
DELETE FROM hufu_stage WHERE scope = ?1

-- name: r_scope_drop
DELETE FROM hufu_scope WHERE scope = ?1

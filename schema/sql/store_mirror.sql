-- The mirror's own state, in DIR/mirror.db beside the tables of sync_tree.sql.
-- It can be deleted together with mirror.git, and is made again.
-- script: mirror_create
CREATE TABLE IF NOT EXISTS mirror_scope(
	scope TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL,
	position INTEGER NOT NULL, packets INTEGER NOT NULL, oid BLOB NOT NULL)
	WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mirror_author(
	name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;

-- script: mirror_forget
DELETE FROM mirror_scope;
DELETE FROM mirror_author;
DELETE FROM hufu_leaf;
DELETE FROM hufu_node;
DELETE FROM hufu_top;
DELETE FROM hufu_town;

-- name: mirror_scope_get
SELECT number, position, packets, oid FROM mirror_scope WHERE scope = ?1

-- name: mirror_scope_all
SELECT scope, number, packets, oid, position FROM mirror_scope ORDER BY scope

-- name: mirror_scope_put
INSERT INTO mirror_scope(scope, number, position, packets, oid)
VALUES(?1, ?2, ?3, ?4, ?5)
ON CONFLICT(scope) DO UPDATE SET number = excluded.number,
	position = excluded.position, packets = excluded.packets,
	oid = excluded.oid

-- name: mirror_author_put
INSERT INTO mirror_author(name) VALUES(?1) ON CONFLICT(name) DO NOTHING

-- name: mirror_author_all
SELECT name FROM mirror_author ORDER BY name

-- What the mirror reads of the store.
-- name: mirror_commit
SELECT oid, root, position, body FROM main_commit
WHERE scope = ?1 AND number = ?2

-- name: mirror_commit_number
SELECT number FROM main_commit WHERE scope = ?1 AND oid = ?2

-- name: mirror_packet
SELECT number, scope, body FROM packet WHERE oid = ?1

-- name: mirror_sequence
SELECT sequence FROM packet WHERE scope = ?1 AND oid = ?2 AND journal = ?3

-- name: mirror_log
SELECT kind, id, body FROM log
WHERE scope = ?1 AND position > ?2 AND position <= ?3
ORDER BY kind, id, position

-- name: mirror_commits
SELECT count(*) FROM main_commit

-- name: mirror_commits_held
SELECT coalesce(sum(number), 0) FROM mirror_scope

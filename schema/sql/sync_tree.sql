-- script: tree_create
CREATE TABLE IF NOT EXISTS hufu_leaf(
	scope TEXT NOT NULL, town TEXT NOT NULL, kind TEXT NOT NULL,
	hash BLOB NOT NULL, id TEXT NOT NULL, oid BLOB NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY(scope, town, kind, hash, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hufu_node(
	scope TEXT NOT NULL, town TEXT NOT NULL, kind TEXT NOT NULL,
	path TEXT NOT NULL, children BLOB NOT NULL,
	PRIMARY KEY(scope, town, kind, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hufu_top(
	scope TEXT NOT NULL, town TEXT NOT NULL, kind TEXT NOT NULL,
	oid BLOB NOT NULL, records INTEGER NOT NULL,
	PRIMARY KEY(scope, town, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hufu_town(
	scope TEXT NOT NULL, town TEXT NOT NULL, oid BLOB NOT NULL,
	PRIMARY KEY(scope, town)) WITHOUT ROWID;

-- script: tree_index
CREATE INDEX IF NOT EXISTS hufu_leaf_hash ON hufu_leaf(scope, kind, hash);

-- script: tree_no_index
DROP INDEX IF EXISTS hufu_leaf_hash;

-- name: leaf_put
INSERT INTO hufu_leaf(scope, town, kind, hash, id, oid, position)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT(scope, town, kind, hash, id)
DO UPDATE SET oid = excluded.oid, position = excluded.position

-- name: leaf_drop
DELETE FROM hufu_leaf
WHERE scope = ?1 AND town = ?2 AND kind = ?3 AND hash = ?4 AND id = ?5

-- name: leaf_drop_scope
DELETE FROM hufu_leaf WHERE scope = ?1

-- name: leaf_oid
SELECT oid FROM hufu_leaf
WHERE scope = ?1 AND town = ?2 AND kind = ?3 AND hash = ?4 AND id = ?5

-- name: leaf_anywhere
SELECT l.scope, l.oid FROM hufu_top AS t CROSS JOIN hufu_leaf AS l
WHERE t.kind = ?1 AND l.scope = t.scope AND l.town = t.town AND l.kind = ?1
AND l.hash = ?2 AND l.id = ?3

-- name: leaf_in
SELECT l.oid FROM hufu_top AS t CROSS JOIN hufu_leaf AS l
WHERE t.kind = ?1 AND t.scope = ?4 AND l.scope = t.scope AND l.town = t.town
AND l.kind = ?1 AND l.hash = ?2 AND l.id = ?3

-- name: leaf_range
SELECT hash, id, oid FROM hufu_leaf
WHERE scope = ?1 AND town = ?2 AND kind = ?3 AND hash BETWEEN ?4 AND ?5
ORDER BY hash, id

-- name: leaf_find
SELECT id FROM hufu_leaf
WHERE scope = ?1 AND kind = ?2 AND hash BETWEEN ?3 AND ?4 LIMIT 2

-- name: leaf_neighbours
SELECT
(SELECT max(hash) FROM hufu_leaf WHERE scope = ?1 AND kind = ?2 AND hash < ?3),
(SELECT min(hash) FROM hufu_leaf WHERE scope = ?1 AND kind = ?2 AND hash > ?3)

-- name: leaf_kinds
SELECT DISTINCT town, kind FROM hufu_leaf WHERE scope = ?1 ORDER BY town, kind

-- name: node_get
SELECT children FROM hufu_node
WHERE scope = ?1 AND town = ?2 AND kind = ?3 AND path = ?4

-- name: node_put
INSERT INTO hufu_node(scope, town, kind, path, children)
VALUES(?1, ?2, ?3, ?4, ?5)
ON CONFLICT(scope, town, kind, path) DO UPDATE SET children = excluded.children

-- name: node_drop
DELETE FROM hufu_node
WHERE scope = ?1 AND town = ?2 AND kind = ?3 AND path >= ?4 AND path < ?5

-- name: node_drop_scope
DELETE FROM hufu_node WHERE scope = ?1

-- name: top_put
INSERT INTO hufu_top(scope, town, kind, oid, records) VALUES(?1, ?2, ?3, ?4, ?5)
ON CONFLICT(scope, town, kind)
DO UPDATE SET oid = excluded.oid, records = excluded.records

-- name: top_drop
DELETE FROM hufu_top WHERE scope = ?1 AND town = ?2 AND kind = ?3

-- name: top_drop_scope
DELETE FROM hufu_top WHERE scope = ?1

-- name: top_of_town
SELECT kind, oid FROM hufu_top WHERE scope = ?1 AND town = ?2 ORDER BY kind

-- name: town_put
INSERT INTO hufu_town(scope, town, oid) VALUES(?1, ?2, ?3)
ON CONFLICT(scope, town) DO UPDATE SET oid = excluded.oid

-- name: town_drop
DELETE FROM hufu_town WHERE scope = ?1 AND town = ?2

-- name: town_drop_scope
DELETE FROM hufu_town WHERE scope = ?1

-- name: town_all
SELECT town, oid FROM hufu_town WHERE scope = ?1 ORDER BY town

-- Who last changed each field (backend/ledger/blame.c); main commits by
-- position and packets by main commit.
-- script: blame_create
CREATE TABLE blame(
	scope TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY(scope, position)) WITHOUT ROWID;
CREATE INDEX main_commit_position ON main_commit(scope, position);
CREATE INDEX packet_main ON packet(scope, main_number);

-- name: blame_put
INSERT INTO blame(scope, position, body) VALUES(?1, ?2, ?3)

-- name: blame_get
SELECT body FROM blame WHERE scope = ?1 AND position = ?2

-- name: blame_first
SELECT min(position) FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3

-- name: blame_versions
SELECT position, body FROM log WHERE scope = ?1 AND position IN
(SELECT position FROM log
WHERE scope = ?1 AND kind = ?2 AND id = ?3 AND position <= ?4)
ORDER BY position

-- name: blame_empty
DELETE FROM blame WHERE scope = ?1

-- name: blame_later
-- (versions that have an earlier one)
SELECT l.position, l.kind, l.id, l.body FROM log AS l WHERE l.scope = ?1
AND EXISTS (SELECT 1 FROM log AS e WHERE e.scope = l.scope
	AND e.kind = l.kind AND e.id = l.id AND e.position < l.position)
ORDER BY l.position

-- name: blame_all
SELECT b.position, l.kind, l.id, l.body, b.body FROM blame AS b
LEFT JOIN log AS l ON l.scope = b.scope AND l.position = b.position
WHERE b.scope = ?1 ORDER BY b.position

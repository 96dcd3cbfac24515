-- The index of a search, in a database of its own: backend/search.
-- script: search_create
CREATE TABLE meta(name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)
	WITHOUT ROWID;
CREATE TABLE part(
	number INTEGER NOT NULL PRIMARY KEY, scope TEXT NOT NULL,
	kind TEXT NOT NULL, fields TEXT NOT NULL, seen INTEGER NOT NULL,
	UNIQUE(scope, kind));
CREATE TABLE doc(
	number INTEGER NOT NULL PRIMARY KEY, part INTEGER NOT NULL,
	id TEXT NOT NULL, name TEXT NOT NULL, rest TEXT NOT NULL,
	agency TEXT, UNIQUE(part, id));
CREATE TABLE whole(
	value TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY(value, doc))
	WITHOUT ROWID;
CREATE VIRTUAL TABLE gram USING fts5(text, content='', columnsize=0,
	detail=none, tokenize='ascii');

-- name: search_meta_get
SELECT value FROM meta WHERE name = ?1

-- name: search_meta_put
INSERT INTO meta(name, value) VALUES(?1, ?2)
ON CONFLICT(name) DO UPDATE SET value = excluded.value

-- name: search_part_get
SELECT number, fields, seen FROM part WHERE scope = ?1 AND kind = ?2

-- name: search_part_put
INSERT INTO part(scope, kind, fields, seen) VALUES(?1, ?2, ?3, 0)
RETURNING number

-- name: search_part_seen
UPDATE part SET seen = ?2 WHERE number = ?1

-- name: search_doc_get
SELECT number, name, rest FROM doc WHERE part = ?1 AND id = ?2

-- name: search_doc_put
INSERT INTO doc(number, part, id, name, rest, agency)
VALUES(?1, ?2, ?3, ?4, ?5, ?6)

-- name: search_doc_drop
DELETE FROM doc WHERE number = ?1

-- name: search_whole_put
INSERT INTO whole(value, doc) VALUES(?1, ?2) ON CONFLICT DO NOTHING

-- name: search_whole_drop
DELETE FROM whole WHERE value = ?1 AND doc = ?2

-- name: search_gram_put
INSERT INTO gram(rowid, text) VALUES(?1, ?2)

-- name: search_gram_drop
INSERT INTO gram(gram, rowid, text) VALUES('delete', ?1, ?2)

-- name: search_gram_pack
INSERT INTO gram(gram) VALUES('optimize')

-- name: search_gram_count
-- (up to a limit: how rare it is)
SELECT count(*) FROM (SELECT rowid FROM gram WHERE gram MATCH ?1 LIMIT ?2)

-- name: search_gram_docs
SELECT rowid FROM gram WHERE gram MATCH ?1 AND rowid > ?2 AND rowid <= ?3
ORDER BY rowid LIMIT ?4

-- name: search_doc
SELECT number, id, name, rest, agency FROM doc WHERE number = ?1

-- name: search_count
SELECT count(*) FROM doc WHERE part = ?1

-- name: search_whole_file
PRAGMA quick_check(1)

-- name: search_by_whole
SELECT d.number, d.id, d.name, d.rest, d.agency FROM whole AS w
CROSS JOIN doc AS d ON d.number = w.doc
WHERE w.value = ?1 AND w.doc > ?2 AND w.doc <= ?3 ORDER BY w.doc

-- name: search_by_grams
SELECT d.number, d.id, d.name, d.rest, d.agency FROM gram AS g
CROSS JOIN doc AS d ON d.number = g.rowid
WHERE gram MATCH ?1 AND g.rowid > ?2 AND g.rowid <= ?3 ORDER BY g.rowid

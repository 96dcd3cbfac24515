-- (what format 1 had; store/upgrade.c adds what later formats have)
-- script: store_create
CREATE TABLE meta(name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)
	WITHOUT ROWID;
CREATE TABLE account(
	name TEXT NOT NULL PRIMARY KEY, roles INTEGER NOT NULL,
	scopes TEXT NOT NULL, password TEXT) WITHOUT ROWID;
CREATE TABLE log(
	scope TEXT NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL,
	id TEXT NOT NULL, body TEXT NOT NULL, packet INTEGER,
	merged INTEGER NOT NULL, PRIMARY KEY(scope, position)) WITHOUT ROWID;
CREATE UNIQUE INDEX log_record ON log(scope, kind, id, position);
CREATE TABLE main_commit(
	scope TEXT NOT NULL, number INTEGER NOT NULL, oid BLOB NOT NULL,
	root BLOB NOT NULL, position INTEGER NOT NULL, time INTEGER NOT NULL,
	seconds INTEGER NOT NULL, content BLOB NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY(scope, number)) WITHOUT ROWID;
CREATE UNIQUE INDEX main_commit_oid ON main_commit(scope, oid);
CREATE TABLE journal(
	scope TEXT NOT NULL, journal TEXT NOT NULL, enrolment TEXT NOT NULL,
	tip BLOB NOT NULL, sequence INTEGER NOT NULL, seconds INTEGER NOT NULL,
	PRIMARY KEY(scope, journal)) WITHOUT ROWID;
CREATE TABLE packet(
	number INTEGER NOT NULL PRIMARY KEY, oid BLOB NOT NULL UNIQUE,
	scope TEXT NOT NULL, journal TEXT NOT NULL, sequence INTEGER NOT NULL,
	author TEXT NOT NULL, terminal TEXT NOT NULL,
	main_number INTEGER NOT NULL, received INTEGER NOT NULL,
	receipt TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX packet_sequence ON packet(scope, journal, sequence);
CREATE TABLE packet_record(
	packet INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
	position INTEGER, body TEXT, code TEXT,
	PRIMARY KEY(packet, kind, id)) WITHOUT ROWID;
CREATE INDEX packet_record_record ON packet_record(kind, id, packet);
CREATE TABLE held(
	oid BLOB NOT NULL PRIMARY KEY, scope TEXT NOT NULL,
	enrolment TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
	body TEXT NOT NULL, content TEXT NOT NULL, received INTEGER NOT NULL)
	WITHOUT ROWID;
CREATE TABLE enrol_code(
	hash TEXT NOT NULL PRIMARY KEY, officer TEXT NOT NULL,
	scope TEXT NOT NULL, issued_by TEXT NOT NULL,
	expires INTEGER NOT NULL, terminal TEXT, enrolment TEXT) WITHOUT ROWID;
CREATE TABLE contact(
	terminal TEXT NOT NULL PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;

-- script: keys_create
CREATE TABLE IF NOT EXISTS subject_key(
	serial INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL,
	scope TEXT NOT NULL, subject TEXT NOT NULL, secret BLOB,
	time INTEGER NOT NULL, destroyed_by TEXT, reason TEXT);
CREATE INDEX IF NOT EXISTS subject_key_subject ON subject_key(scope, subject);
CREATE INDEX IF NOT EXISTS subject_key_id ON subject_key(id);

-- name: meta_get
SELECT value FROM meta WHERE name = ?1

-- name: meta_put
INSERT INTO meta(name, value) VALUES(?1, ?2)
ON CONFLICT(name) DO UPDATE SET value = excluded.value

-- name: log_put
INSERT INTO log(scope, position, kind, id, body, packet, merged)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: log_latest
SELECT body, position FROM log WHERE scope = ?1 AND position =
(SELECT max(position) FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3)

-- name: log_at
SELECT body, position FROM log WHERE scope = ?1 AND position =
(SELECT max(position) FROM log
WHERE scope = ?1 AND kind = ?2 AND id = ?3 AND position <= ?4)

-- name: log_body
SELECT body, position FROM log WHERE scope = ?1 AND position = ?2

-- name: log_changed
-- (the concatenations keep a planner off the index by kind: the cost has to
-- follow the range of positions)
SELECT kind, id, max(position), max(merged) FROM log
WHERE scope = ?1 AND position > ?2 AND position <= ?3
AND (kind || '' > ?4 OR (kind || '' = ?4 AND id || '' > ?5))
GROUP BY kind || '', id || '', kind, id ORDER BY kind || '', id || ''

-- name: log_kind_latest
-- (from id to id, not from version to version: the cost has to follow the
-- records, not their history; so in log_kind_at and log_ids_at)
WITH RECURSIVE one(id) AS (
	SELECT (SELECT min(id) FROM log WHERE scope = ?1 AND kind = ?2)
	UNION ALL SELECT (SELECT min(n.id) FROM log AS n
		WHERE n.scope = ?1 AND n.kind = ?2 AND n.id > one.id)
	FROM one WHERE one.id IS NOT NULL)
SELECT one.id, l.body FROM one CROSS JOIN log AS l
WHERE l.scope = ?1 AND l.position = (SELECT max(m.position) FROM log AS m
	WHERE m.scope = ?1 AND m.kind = ?2 AND m.id = one.id)

-- name: log_kind_at
-- (the records of a kind behind an id as they stood at a position; one that was
-- not yet there has no body; ?5 keeps other subjects out: a pattern of the
-- member `subject`)
WITH RECURSIVE one(id) AS (
	SELECT (SELECT min(id) FROM log
		WHERE scope = ?1 AND kind = ?2 AND id > ?3)
	UNION ALL SELECT (SELECT min(n.id) FROM log AS n
		WHERE n.scope = ?1 AND n.kind = ?2 AND n.id > one.id)
	FROM one WHERE one.id IS NOT NULL)
SELECT one.id, l.body FROM one LEFT JOIN log AS l
ON l.scope = ?1 AND l.position = (SELECT max(m.position) FROM log AS m
	WHERE m.scope = ?1 AND m.kind = ?2 AND m.id = one.id
	AND m.position <= ?4)
AND (?5 IS NULL OR l.body LIKE ?5 OR l.body NOT LIKE '%"subject":"%')
WHERE one.id IS NOT NULL LIMIT ?6

-- name: log_kind_between
-- (what a kind's records came to between two positions, by what was written
-- there: the concatenations keep a planner off the index by kind)
SELECT l.id, l.body FROM (SELECT max(position) AS position FROM log
	WHERE scope = ?1 AND position > ?3 AND position <= ?4
	AND kind || '' = ?2 GROUP BY id || '') AS n
CROSS JOIN log AS l WHERE l.scope = ?1 AND l.position = n.position
AND (?5 IS NULL OR l.body LIKE ?5 OR l.body NOT LIKE '%"subject":"%')

-- name: log_ids_at
-- (the records of a kind behind an id, each with its position as of a position,
-- null where it was not yet there: from the index alone)
WITH RECURSIVE one(id) AS (
	SELECT (SELECT min(id) FROM log
		WHERE scope = ?1 AND kind = ?2 AND id > ?3)
	UNION ALL SELECT (SELECT min(n.id) FROM log AS n
		WHERE n.scope = ?1 AND n.kind = ?2 AND n.id > one.id)
	FROM one WHERE one.id IS NOT NULL)
SELECT one.id, (SELECT max(m.position) FROM log AS m
	WHERE m.scope = ?1 AND m.kind = ?2 AND m.id = one.id
	AND m.position <= ?4)
FROM one WHERE one.id IS NOT NULL LIMIT ?5

-- name: main_put
INSERT INTO main_commit(scope, number, oid, root, position, time, seconds,
	content, body)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: main_head
SELECT oid, root, position, number, content, seconds FROM main_commit
WHERE scope = ?1 ORDER BY number DESC LIMIT 1

-- name: main_by_oid
SELECT oid, root, position, number, content, seconds FROM main_commit
WHERE scope = ?1 AND oid = ?2

-- name: main_by_number
SELECT oid, root, position, number, content, seconds, time FROM main_commit
WHERE scope = ?1 AND number = ?2

-- name: main_body
SELECT body FROM main_commit WHERE scope = ?1 AND oid = ?2

-- name: scopes_all
SELECT scope FROM main_commit WHERE number = 1 ORDER BY scope

-- name: journal_get
SELECT enrolment, tip, sequence, seconds FROM journal
WHERE scope = ?1 AND journal = ?2

-- name: journal_put
INSERT INTO journal(scope, journal, enrolment, tip, sequence, seconds)
VALUES(?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT(scope, journal) DO UPDATE SET tip = excluded.tip,
	sequence = excluded.sequence, seconds = excluded.seconds

-- name: packet_next
SELECT coalesce(max(number), 0) + 1 FROM packet

-- name: packet_put
INSERT INTO packet(number, oid, scope, journal, sequence, author, terminal,
	main_number, received, receipt, body)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: packet_receipt
UPDATE packet SET receipt = ?2 WHERE number = ?1

-- name: packet_by_oid
SELECT number, receipt, main_number, scope FROM packet WHERE oid = ?1

-- name: packet_record_put
INSERT INTO packet_record(packet, kind, id, position, body, code)
VALUES(?1, ?2, ?3, ?4, ?5, ?6)

-- name: packet_record_get
SELECT coalesce(r.body, (SELECT l.body FROM log AS l
	WHERE l.scope = ?4 AND l.position = r.position)), r.code
FROM packet_record AS r WHERE r.packet = ?1 AND r.kind = ?2 AND r.id = ?3

-- name: packet_seen_by
SELECT r.packet, p.oid, r.code, coalesce(r.body, (SELECT l.body FROM log AS l
	WHERE l.scope = p.scope AND l.position = r.position))
FROM packet_record AS r CROSS JOIN packet AS p
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3 AND p.journal = ?4
AND p.sequence < ?5 AND p.main_number > ?6
ORDER BY p.sequence DESC LIMIT 1

-- name: packet_is_known
SELECT 1 FROM packet WHERE oid = ?1 UNION ALL
SELECT 1 FROM held WHERE oid = ?1 LIMIT 1

-- name: packet_code
SELECT r.code FROM packet_record AS r JOIN packet AS p ON p.number = r.packet
WHERE p.oid = ?1 AND r.kind = ?2 AND r.id = ?3

-- name: held_put
INSERT INTO held(oid, scope, enrolment, state, reason, body, content, received)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(oid) DO NOTHING

-- name: held_get
SELECT state, reason FROM held WHERE oid = ?1

-- name: enrol_code_put
INSERT INTO enrol_code(hash, officer, scope, issued_by, expires)
VALUES(?1, ?2, ?3, ?4, ?5)

-- name: enrol_code_get
SELECT officer, scope, issued_by, expires, terminal, enrolment
FROM enrol_code WHERE hash = ?1

-- name: enrol_code_use
UPDATE enrol_code SET terminal = ?2, enrolment = ?3 WHERE hash = ?1

-- name: contact_put
INSERT INTO contact(terminal, time) VALUES(?1, ?2)
ON CONFLICT(terminal) DO UPDATE SET time = excluded.time

-- name: contact_get
SELECT time FROM contact WHERE terminal = ?1

-- name: key_of
SELECT id, secret, destroyed_by FROM subject_key
WHERE scope = ?1 AND subject = ?2 ORDER BY serial DESC LIMIT 1

-- name: key_by_id
SELECT secret FROM subject_key WHERE id = ?1 AND secret IS NOT NULL

-- name: key_put
INSERT INTO subject_key(serial, id, scope, subject, secret, time)
SELECT coalesce(max(serial), 0) + 1, ?1, ?2, ?3, ?4, ?5 FROM subject_key

-- name: key_destroy
UPDATE subject_key SET secret = NULL, destroyed_by = ?3, reason = ?4, time = ?5,
	serial = (SELECT max(serial) + 1 FROM subject_key)
WHERE scope = ?1 AND subject = ?2 AND secret IS NOT NULL

-- name: key_events
SELECT serial, id, scope, subject, secret FROM subject_key
WHERE serial > ?1 AND scope = ?2 ORDER BY serial

-- name: key_serial
SELECT coalesce(max(serial), 0) FROM subject_key

-- name: packet_writers
SELECT p.oid FROM packet_record AS r CROSS JOIN packet AS p
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3 AND p.journal = ?4
AND p.sequence < ?5 ORDER BY p.sequence DESC LIMIT 100

-- name: log_authors
SELECT l.body, coalesce(p.author, ''), p.oid, p.received FROM log AS l
LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position IN
(SELECT position FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3
	ORDER BY position DESC LIMIT 50)
ORDER BY l.position DESC LIMIT 50

-- name: packet_refused
SELECT 1 FROM packet_record AS r CROSS JOIN packet AS p
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3 AND p.journal = ?4
AND r.code IS NOT NULL LIMIT 1

-- name: enrolment_find
SELECT l.body FROM enrolment AS e CROSS JOIN log AS l
WHERE e.id = ?1 AND l.scope = e.scope AND l.position =
(SELECT max(m.position) FROM log AS m
WHERE m.scope = e.scope AND m.kind = 'enrolment' AND m.id = ?1)

-- name: enrolment_where
SELECT scope, id FROM enrolment WHERE id = ?1 OR terminal = ?1 LIMIT 1

-- name: enrolment_of_terminal
SELECT id FROM enrolment WHERE terminal = ?1

-- name: packet_records
SELECT r.kind, r.id, coalesce(r.body, (SELECT l.body FROM log AS l
	WHERE l.scope = ?2 AND l.position = r.position)), r.code
FROM packet_record AS r WHERE r.packet = ?1

-- name: snapshot_rows
SELECT f.id, l.body FROM hufu_leaf AS f
JOIN log AS l ON l.scope = f.scope AND l.position = f.position
WHERE f.scope = ?1 AND f.kind = ?2 ORDER BY f.id

-- name: snapshot_kinds
SELECT DISTINCT kind FROM hufu_top WHERE scope = ?1 ORDER BY kind

-- name: snapshot_count
SELECT coalesce(sum(records), 0) FROM hufu_top WHERE scope = ?1

-- name: terminal_list
SELECT e.terminal, e.officer, e.state, e.id, c.time, e.scopes
FROM enrolment AS e LEFT JOIN contact AS c ON c.terminal = e.terminal
WHERE e.scope = ?1 OR e.scopes LIKE '%"' || ?1 || '"%' ORDER BY e.terminal

-- name: record_writers
SELECT l.position, p.oid, p.author, p.terminal, p.received, l.merged
FROM log AS l LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position IN
(SELECT position FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3
	AND position <= ?4 ORDER BY position DESC LIMIT 50)
ORDER BY l.position DESC LIMIT 50

-- name: conflict_ids
SELECT 'conflict', id FROM conflict WHERE scope = ?1
UNION ALL SELECT 'conflict_private', id FROM conflict_private WHERE scope = ?1

-- name: history_versions
-- (and packets that wrote the record without changing what stands)
SELECT l.position, l.body, l.merged, l.packet, coalesce(p.received,
	(SELECT time FROM main_commit WHERE scope = l.scope
	AND position >= l.position ORDER BY position, number LIMIT 1)) AS received,
	p.body, NULL
FROM log AS l LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position IN
(SELECT position FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3)
UNION ALL
SELECT NULL, NULL, 0, p.number, p.received, p.body, r.code
FROM packet_record AS r CROSS JOIN packet AS p
WHERE r.kind = ?2 AND r.id = ?3 AND p.number = r.packet AND p.scope = ?1
AND p.number NOT IN (SELECT packet FROM log WHERE scope = ?1
	AND position IN (SELECT position FROM log
		WHERE scope = ?1 AND kind = ?2 AND id = ?3)
	AND packet IS NOT NULL)
ORDER BY received, 4, 1

-- name: history_version
-- (one of them, likewise)
SELECT l.position, l.body, l.merged, l.packet, coalesce(p.received,
	(SELECT time FROM main_commit WHERE scope = l.scope
	AND position >= l.position ORDER BY position, number LIMIT 1)),
	p.body, NULL
FROM log AS l LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position = ?2

-- name: history_seen
-- (packet_seen_by for a packet that was taken in long ago, number ?7: what lies
-- between its base and itself is what is looked at. Numbers grow with the main
-- commits that took packets in)
SELECT r.packet, p.oid, r.code, coalesce(r.body, (SELECT l.body FROM log AS l
	WHERE l.scope = p.scope AND l.position = r.position))
FROM packet_record AS r CROSS JOIN packet AS p
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3
AND p.journal = ?4 AND p.sequence < ?5 AND p.main_number > ?6
AND r.packet < ?7 AND r.packet >= (SELECT e.number FROM packet AS e
	WHERE e.scope = ?3 AND e.main_number > ?6
	ORDER BY e.main_number, e.number LIMIT 1)
ORDER BY r.packet DESC LIMIT 1

-- name: history_packet_before
-- (the journal's packet before this one, for its clocks)
SELECT body FROM packet WHERE scope = ?1 AND journal = ?2 AND sequence < ?3
ORDER BY sequence DESC LIMIT 1

-- name: history_conflicts
SELECT l.body FROM conflict AS c CROSS JOIN log AS l
WHERE c.scope = ?1 AND c.record_kind = ?2 AND c.record_id = ?3
AND l.scope = c.scope AND l.position = (SELECT max(position) FROM log
	WHERE scope = c.scope AND kind = 'conflict' AND id = c.id)

-- name: history_conflicts_private
SELECT l.body FROM conflict_private AS c CROSS JOIN log AS l
WHERE c.scope = ?1 AND l.scope = c.scope AND l.position =
	(SELECT max(position) FROM log
	WHERE scope = c.scope AND kind = 'conflict_private' AND id = c.id)

-- name: history_decided
SELECT id FROM packet_record
WHERE packet = ?1 AND kind IN ('conflict', 'conflict_private') LIMIT 1

-- name: packet_at
SELECT p.body FROM log AS l JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position = ?2

-- name: visit_versions
SELECT position, body FROM log WHERE scope = ?1 AND kind = 'visit' AND id = ?2
ORDER BY position

-- name: answers_of_visit
SELECT id FROM answer WHERE scope = ?1 AND visit = ?2 ORDER BY id

-- name: result_amended
-- (an amendment that gives the visit ?2 a result code)
SELECT 1 FROM amendment WHERE scope = ?1 AND visit = ?2
AND json_array_length(changes, '$.result_codes') > 0 LIMIT 1

-- name: form_of_item
-- (in force on the day ?2, where the form says for which items it is)
SELECT id FROM form WHERE scope = 'catalog' AND items LIKE '%"' || ?1 || '"%'
AND state IN ('published', 'retired')
AND (valid_from IS NULL OR valid_from <= ?2) ORDER BY id LIMIT 1

-- name: visit_answers
-- (of each answer the last version up to ?3, and the last after it that a
-- person wrote: the server puts back what was signed)
SELECT l.position, l.body FROM answer AS a
JOIN log AS l ON l.scope = a.scope AND l.kind = 'answer' AND l.id = a.id
WHERE a.scope = ?1 AND a.visit = ?2 AND l.position IN (
	(SELECT max(m.position) FROM log AS m WHERE m.scope = a.scope
	AND m.kind = 'answer' AND m.id = a.id AND m.position <= ?3),
	(SELECT max(m.position) FROM log AS m WHERE m.scope = a.scope
	AND m.kind = 'answer' AND m.id = a.id AND m.position > ?3 AND NOT EXISTS (SELECT 1
	FROM packet AS p WHERE p.number = m.packet AND p.author = 'server')))
ORDER BY a.id, l.position

-- name: form_newer
SELECT id, valid_from, coalesce(grace_days, 7) FROM form
WHERE scope = 'catalog' AND form_code = ?1 AND version > ?2
AND state IN ('published', 'retired') AND valid_from <= ?3
ORDER BY version DESC

-- name: name_taken
SELECT 1 FROM sqlite_schema WHERE name = ?1

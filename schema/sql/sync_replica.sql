-- The library tables of a replica: docs/data-model.md.
-- Tables of kinds, their shadows and triggers are made by sync/kind and
-- sync/replica/capture.c from the kinds' declarations.
-- script: r_create
CREATE TABLE hufu_meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE hufu_state(applying INTEGER NOT NULL);
INSERT INTO hufu_state(applying) VALUES(0);
CREATE TABLE hufu_kind(
	name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE hufu_scope(
	scope TEXT PRIMARY KEY, head TEXT, root TEXT NOT NULL,
	position INTEGER NOT NULL, epoch TEXT NOT NULL,
	journal TEXT, sequence INTEGER NOT NULL, tip TEXT,
	seconds INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE hufu_main_commit(
	scope TEXT NOT NULL, position INTEGER NOT NULL, oid TEXT NOT NULL,
	PRIMARY KEY(scope, oid)) WITHOUT ROWID;
CREATE INDEX hufu_main_commit_order ON hufu_main_commit(scope, position);
CREATE TABLE hufu_packet(
	number INTEGER PRIMARY KEY, oid TEXT NOT NULL UNIQUE,
	scope TEXT NOT NULL, journal TEXT NOT NULL, sequence INTEGER NOT NULL,
	body TEXT NOT NULL, base TEXT, message TEXT NOT NULL,
	state TEXT NOT NULL, whole INTEGER NOT NULL, applied INTEGER NOT NULL,
	position INTEGER NOT NULL, receipt TEXT, created INTEGER NOT NULL,
	closed INTEGER);
CREATE INDEX hufu_packet_state ON hufu_packet(state, scope);
CREATE TABLE hufu_packet_record(
	kind TEXT NOT NULL, id TEXT NOT NULL, packet INTEGER NOT NULL,
	body TEXT NOT NULL, base TEXT, code TEXT,
	PRIMARY KEY(kind, id, packet)) WITHOUT ROWID;
CREATE INDEX hufu_packet_record_packet ON hufu_packet_record(packet);
CREATE TABLE hufu_main(
	kind TEXT NOT NULL, id TEXT NOT NULL, scope TEXT NOT NULL, body TEXT,
	PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hufu_extra(
	kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE TABLE hufu_sealed(
	kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL,
	body TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE INDEX hufu_sealed_key ON hufu_sealed(key);
CREATE TABLE hufu_key(
	key TEXT PRIMARY KEY, scope TEXT NOT NULL, subject TEXT NOT NULL,
	secret BLOB NOT NULL, serial INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX hufu_key_subject ON hufu_key(subject);
CREATE TABLE hufu_stage(
	n INTEGER PRIMARY KEY, scope TEXT NOT NULL, line TEXT NOT NULL);

-- script: r_state_restore
DELETE FROM hufu_state;
INSERT INTO hufu_state(applying) VALUES(1);

-- name: r_integrity
PRAGMA integrity_check(10000)

-- name: r_is_empty
SELECT count(*) FROM sqlite_schema

-- name: r_meta_get
SELECT value FROM hufu_meta WHERE key = ?1

-- name: r_meta_put
INSERT INTO hufu_meta(key, value) VALUES(?1, ?2)
ON CONFLICT(key) DO UPDATE SET value = excluded.value

-- name: r_meta_drop
DELETE FROM hufu_meta WHERE key = ?1

-- name: r_applying
UPDATE hufu_state SET applying = ?1

-- name: r_kind_all
SELECT name, definition FROM hufu_kind ORDER BY name

-- name: r_kind_put
INSERT INTO hufu_kind(name, definition) VALUES(?1, ?2)
ON CONFLICT(name) DO UPDATE SET definition = excluded.definition

-- name: r_kind_get
SELECT definition FROM hufu_kind WHERE name = ?1

-- name: r_scope_get
SELECT scope, head, root, position, epoch, journal, sequence, tip, seconds
FROM hufu_scope WHERE scope = ?1

-- name: r_scope_all
SELECT scope, head, root, position, epoch, journal, sequence, tip, seconds
FROM hufu_scope ORDER BY scope = 'catalog' DESC, scope

-- name: r_scope_put
INSERT INTO hufu_scope(scope, head, root, position, epoch, journal, sequence,
tip, seconds) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT(scope) DO UPDATE SET head = excluded.head, root = excluded.root,
position = excluded.position, epoch = excluded.epoch,
journal = excluded.journal, sequence = excluded.sequence, tip = excluded.tip,
seconds = excluded.seconds

-- name: r_commit_put
INSERT INTO hufu_main_commit(scope, position, oid) VALUES(?1, ?2, ?3)
ON CONFLICT(scope, oid) DO UPDATE SET position = excluded.position

-- name: r_commit_prune
DELETE FROM hufu_main_commit WHERE scope = ?1 AND position <
(SELECT position FROM hufu_main_commit WHERE scope = ?1
ORDER BY position DESC LIMIT 1 OFFSET 999)

-- name: r_commit_newest
SELECT oid FROM hufu_main_commit WHERE scope = ?1 ORDER BY position DESC

-- name: r_commit_forget
DELETE FROM hufu_main_commit WHERE scope = ?1 AND position > ?2

-- name: r_commit_position
SELECT position FROM hufu_main_commit WHERE scope = ?1 AND oid = ?2

-- name: r_packet_put
INSERT INTO hufu_packet(oid, scope, journal, sequence, body, base, message,
state, whole, applied, position, created)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 'local', ?8, 0, 0, ?9) RETURNING number

-- name: r_packet_record_put
INSERT INTO hufu_packet_record(kind, id, packet, body, base)
VALUES(?1, ?2, ?3, ?4, ?5)

-- name: r_packet_unsent
SELECT number, oid, body, whole, state FROM hufu_packet
WHERE scope = ?1 AND state IN ('local', 'sent') AND number > ?2
ORDER BY number LIMIT 1

-- name: r_rescue_packets
SELECT number, scope, body FROM hufu_packet
WHERE state IN ('local', 'sent') ORDER BY number

-- name: r_data_version
PRAGMA data_version

-- name: r_packet_open_count
SELECT count(*) FROM hufu_packet
WHERE state IN ('local', 'sent') AND number <= ?1

-- name: r_packet_local_count
SELECT count(*) FROM hufu_packet WHERE state = 'local'

-- name: r_packet_records
SELECT kind, id, body, base, code FROM hufu_packet_record
WHERE packet = ?1 ORDER BY kind, id

-- name: r_packet_record_count
SELECT count(*) FROM hufu_packet_record WHERE packet = ?1

-- name: r_packet_by_oid
SELECT number, scope, journal, state FROM hufu_packet WHERE oid = ?1

-- name: r_packet_sent
UPDATE hufu_packet SET state = 'sent' WHERE number = ?1 AND state = 'local'

-- name: r_packet_acknowledge
UPDATE hufu_packet SET state = 'acknowledged', receipt = ?2, position = ?3,
closed = ?4, applied = 0 WHERE number = ?1

-- name: r_packet_whole
UPDATE hufu_packet SET whole = 1 WHERE number = ?1

-- name: r_packet_code
UPDATE hufu_packet_record SET code = ?4
WHERE kind = ?1 AND id = ?2 AND packet = ?3

-- name: r_packet_resend
UPDATE hufu_packet SET state = 'local', whole = 1, receipt = NULL,
closed = NULL, applied = 0
WHERE scope = ?1 AND journal = ?2 AND number < ?3 AND state = 'acknowledged'

-- The server lost what it had taken in since ?2: it is sent again.
-- name: r_packet_lost
UPDATE hufu_packet SET state = 'local', whole = 1, receipt = NULL,
closed = NULL, applied = 0
WHERE scope = ?1 AND state = 'acknowledged' AND position > ?2

-- name: r_packet_lost_codes
UPDATE hufu_packet_record SET code = NULL WHERE code IS NOT NULL AND packet IN (
SELECT number FROM hufu_packet
WHERE scope = ?1 AND state = 'acknowledged' AND position > ?2)

-- name: r_packet_base_lost
SELECT 1 FROM hufu_packet AS p WHERE p.number = ?1 AND p.base IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM hufu_main_commit AS m
WHERE m.scope = p.scope AND m.oid = p.base)

-- name: r_packet_supersede
UPDATE hufu_packet SET state = 'superseded', closed = ?2 WHERE number = ?1

-- name: r_packet_all
SELECT number, oid, scope, journal, sequence, body, message, state, receipt,
created, (SELECT count(*) FROM hufu_packet_record r WHERE r.packet = number)
FROM hufu_packet ORDER BY number DESC

-- name: r_packet_chain
SELECT number, oid, scope, journal, sequence, body FROM hufu_packet
ORDER BY scope, journal, sequence, number

-- A journal is forgotten from its beginning only: a gap would look like a
-- packet that somebody took out.
-- name: r_packet_prune_records
DELETE FROM hufu_packet_record WHERE packet < (SELECT coalesce(min(number),
9223372036854775807) FROM hufu_packet
WHERE state NOT IN ('acknowledged', 'superseded') OR closed >= ?1
OR (state = 'acknowledged' AND applied = 0))

-- name: r_packet_prune
DELETE FROM hufu_packet WHERE number < (SELECT coalesce(min(number),
9223372036854775807) FROM hufu_packet
WHERE state NOT IN ('acknowledged', 'superseded') OR closed >= ?1
OR (state = 'acknowledged' AND applied = 0))

-- name: r_unsettled
SELECT DISTINCT r.kind, r.id FROM hufu_packet p
JOIN hufu_packet_record r ON r.packet = p.number
WHERE p.scope = ?1 AND p.state = 'acknowledged' AND p.applied = 0
ORDER BY r.kind, r.id

-- name: r_settled
UPDATE hufu_packet SET applied = 1
WHERE scope = ?1 AND state = 'acknowledged' AND applied = 0

-- name: r_pending
SELECT 1 FROM hufu_packet_record r JOIN hufu_packet p ON p.number = r.packet
WHERE r.kind = ?1 AND r.id = ?2 AND (p.state IN ('local', 'sent')
OR p.state = 'acknowledged' AND p.applied = 0) LIMIT 1

-- name: r_base_body
SELECT r.body FROM hufu_packet_record r JOIN hufu_packet p
ON p.number = r.packet
WHERE r.kind = ?1 AND r.id = ?2 AND p.scope = ?3 AND p.journal = ?4
AND (p.state IN ('local', 'sent')
OR p.state = 'acknowledged' AND p.position > ?5)
ORDER BY p.number DESC LIMIT 1

-- name: r_status_packets
SELECT r.kind, r.id, CASE max(p.state) WHEN 'sent' THEN 'sent' ELSE 'local' END
FROM hufu_packet p JOIN hufu_packet_record r ON r.packet = p.number
WHERE p.state IN ('local', 'sent') GROUP BY r.kind, r.id ORDER BY r.kind, r.id

-- name: r_status_quarantined
SELECT r.kind, r.id, r.code, p.oid, p.scope, r.body
FROM hufu_packet_record r JOIN hufu_packet p ON p.number = r.packet
WHERE r.code IS NOT NULL AND p.state = 'acknowledged' AND NOT EXISTS (
SELECT 1 FROM hufu_packet_record n JOIN hufu_packet np ON np.number = n.packet
WHERE n.kind = r.kind AND n.id = r.id AND n.packet > r.packet
AND np.state = 'acknowledged') ORDER BY r.kind, r.id

-- name: r_quarantine_leave
UPDATE hufu_packet_record SET code = NULL WHERE kind = ?1 AND id = ?2
AND code IS NOT NULL AND packet IN (
SELECT number FROM hufu_packet WHERE state = 'acknowledged')

-- name: r_main_get
SELECT body FROM hufu_main WHERE kind = ?1 AND id = ?2

-- name: r_main_put
INSERT INTO hufu_main(kind, id, scope, body) VALUES(?1, ?2, ?3, ?4)
ON CONFLICT(kind, id) DO UPDATE SET scope = excluded.scope, body = excluded.body

-- name: r_main_keep
INSERT INTO hufu_main(kind, id, scope, body) VALUES(?1, ?2, ?3, ?4)
ON CONFLICT(kind, id) DO NOTHING

-- name: r_main_drop
DELETE FROM hufu_main WHERE kind = ?1 AND id = ?2

-- name: r_main_ids
SELECT id FROM hufu_main WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT 1

-- name: r_sealed_get
SELECT body FROM hufu_sealed WHERE kind = ?1 AND id = ?2

-- name: r_sealed_put
INSERT INTO hufu_sealed(kind, id, key, body) VALUES(?1, ?2, ?3, ?4)
ON CONFLICT(kind, id) DO UPDATE SET key = excluded.key, body = excluded.body

-- name: r_sealed_drop
DELETE FROM hufu_sealed WHERE kind = ?1 AND id = ?2

-- name: r_sealed_next
SELECT id FROM hufu_sealed WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT 1

-- name: r_sealed_by_key
SELECT kind, id FROM hufu_sealed WHERE key = ?1 AND (kind, id) > (?2, ?3)
ORDER BY kind, id LIMIT 1

-- name: r_extra_get
SELECT body FROM hufu_extra WHERE kind = ?1 AND id = ?2

-- name: r_extra_put
INSERT INTO hufu_extra(kind, id, body) VALUES(?1, ?2, ?3)
ON CONFLICT(kind, id) DO UPDATE SET body = excluded.body

-- name: r_extra_drop
DELETE FROM hufu_extra WHERE kind = ?1 AND id = ?2

-- name: r_extra_next
SELECT id, body FROM hufu_extra WHERE kind = ?1 AND id > ?2
ORDER BY id LIMIT 1

-- name: r_extra_kinds
SELECT DISTINCT kind FROM hufu_extra ORDER BY kind

-- name: r_key_get
SELECT secret FROM hufu_key WHERE key = ?1

-- name: r_key_of
SELECT key, secret FROM hufu_key WHERE subject = ?1 AND scope = ?2
ORDER BY serial DESC LIMIT 1

-- name: r_key_put
INSERT INTO hufu_key(key, scope, subject, secret, serial)
VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(key) DO UPDATE SET
scope = excluded.scope, subject = excluded.subject, secret = excluded.secret,
serial = excluded.serial

-- name: r_key_drop
DELETE FROM hufu_key WHERE key = ?1

-- name: r_stage_put
INSERT INTO hufu_stage(scope, line) VALUES(?1, ?2)

-- name: r_stage_next
SELECT n, line FROM hufu_stage WHERE scope = ?1 AND n > ?2 ORDER BY n LIMIT 1

-- name: r_stage_clear
DELETE FROM hufu_stage WHERE n > 0

-- name: r_leaf_count
SELECT count(*) FROM hufu_leaf

-- name: r_leaf_count_scope
SELECT coalesce(sum(records), 0) FROM hufu_top WHERE scope = ?1

-- name: r_node_all
SELECT scope, town, kind, path, children FROM hufu_node
ORDER BY scope, town, kind, path

-- name: r_schema_sql
SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2

-- name: r_schema_capture
SELECT name, sql FROM sqlite_schema
WHERE type = 'trigger' AND name GLOB 'hufu_*'
OR type = 'table' AND name GLOB 'old_*'

-- name: r_pending_body
SELECT r.body FROM hufu_packet_record r JOIN hufu_packet p
ON p.number = r.packet
WHERE r.kind = ?1 AND r.id = ?2 AND (p.state IN ('local', 'sent')
OR p.state = 'acknowledged' AND p.applied = 0) ORDER BY r.packet DESC LIMIT 1

-- What may be what main has: a leaf's id proves it.
-- name: r_known_bodies
SELECT body FROM hufu_packet_record WHERE kind = ?1 AND id = ?2
UNION SELECT base FROM hufu_packet_record WHERE kind = ?1 AND id = ?2
AND base IS NOT NULL

-- name: r_columns
SELECT name FROM pragma_table_info(?1) ORDER BY cid

-- name: r_visit_answers
SELECT id FROM answer WHERE visit = ?1 ORDER BY id

-- name: r_visit_violations
SELECT count(*) FROM violation WHERE visit = ?1
AND (state IS NULL OR state <> 'void')

-- name: r_evidence
SELECT id, visit, sha256, size, name, media, scope FROM evidence
WHERE state IS NULL OR state <> 'void'
ORDER BY coalesce(points, '[]') = '[]', size, id

-- name: r_evidence_like
SELECT id FROM evidence WHERE visit = ?1 AND sha256 = ?2
	AND (state IS NULL OR state <> 'void') ORDER BY id LIMIT 1

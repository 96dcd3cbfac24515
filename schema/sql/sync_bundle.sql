-- Syncs by file: docs/protocol.md section 15. Made when first needed, so that
-- replicas of earlier versions get them, too.
-- script: r_bundle_create
CREATE TABLE IF NOT EXISTS hufu_bundle(
	n INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE,
	heads TEXT NOT NULL, serial INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hufu_cargo(
	n INTEGER PRIMARY KEY, type TEXT NOT NULL, terminal TEXT NOT NULL,
	digest TEXT NOT NULL, hash TEXT NOT NULL, box BLOB NOT NULL,
	refused TEXT, taken INTEGER NOT NULL,
	UNIQUE(digest, type, terminal, hash));
CREATE TABLE IF NOT EXISTS hufu_peer(
	kind TEXT NOT NULL, id TEXT NOT NULL, visit TEXT NOT NULL,
	journal TEXT NOT NULL, sequence INTEGER NOT NULL, seen TEXT,
	body TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hufu_peer_visit ON hufu_peer(visit);

-- name: r_bundle_tables
SELECT count(*) FROM sqlite_schema
WHERE name IN ('hufu_bundle', 'hufu_cargo', 'hufu_peer')

-- name: r_peer_put
INSERT INTO hufu_peer(kind, id, visit, journal, sequence, seen, body)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT(kind, id) DO UPDATE SET visit = excluded.visit,
journal = excluded.journal, sequence = excluded.sequence,
seen = excluded.seen, body = excluded.body
WHERE hufu_peer.journal <> excluded.journal
OR hufu_peer.sequence < excluded.sequence

-- name: r_peer_of_visit
SELECT kind, id, seen, body FROM hufu_peer WHERE visit = ?1 AND kind = ?2
ORDER BY id

-- name: r_peer_terminals
SELECT terminal, terminal_key FROM enrolment
WHERE officer = ?1 AND state = 'active' ORDER BY terminal

-- name: r_peer_packets
SELECT number, body FROM hufu_packet WHERE number IN
(SELECT max(p.packet) FROM hufu_packet_record AS p WHERE p.kind = ?1
AND p.id = ?2)

-- name: r_bundle_put
INSERT INTO hufu_bundle(digest, heads, serial, state)
VALUES(?1, ?2, ?3, 'open')

-- name: r_bundle_get
SELECT heads, serial, state FROM hufu_bundle WHERE digest = ?1

-- name: r_bundle_done
UPDATE hufu_bundle SET state = 'applied' WHERE digest = ?1

-- name: r_bundle_prune
DELETE FROM hufu_bundle WHERE n <= (SELECT max(n) - 100 FROM hufu_bundle)

-- name: r_cargo_put
INSERT INTO hufu_cargo(type, terminal, digest, box, taken, hash)
VALUES(?1, ?2, ?3, ?4, ?5, ?6) 
ON CONFLICT(digest, type, terminal, hash) DO NOTHING

-- name: r_cargo_unanswered
SELECT n, terminal, digest, box FROM hufu_cargo AS c
WHERE n > ?1 AND type = 'request' AND refused IS NULL AND NOT EXISTS
(SELECT 1 FROM hufu_cargo AS a WHERE a.digest = c.digest
AND a.type = 'answer') ORDER BY n LIMIT 1

-- name: r_cargo_answers
SELECT n, terminal, digest, box FROM hufu_cargo
WHERE n > ?1 AND type = 'answer' ORDER BY n LIMIT 1

-- name: r_cargo_refused
UPDATE hufu_cargo SET refused = ?2 WHERE n = ?1

-- name: r_cargo_is_carried
SELECT count(*) FROM hufu_cargo WHERE digest = ?1 AND type = 'request'

-- name: r_cargo_list
SELECT terminal, digest, length(box), refused, taken, EXISTS
(SELECT 1 FROM hufu_cargo AS a WHERE a.digest = r.digest
AND a.type = 'answer') FROM hufu_cargo AS r
WHERE type = 'request' ORDER BY n

-- name: r_cargo_prune
DELETE FROM hufu_cargo WHERE taken < ?1

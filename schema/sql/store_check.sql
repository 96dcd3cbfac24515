-- What `hufud check` reads. Every statement walks an index in its order, so
-- that a check of a city streams.
-- name: check_integrity
PRAGMA integrity_check(1)

-- name: check_scopes
SELECT scope FROM log WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM main_commit WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM packet WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM journal WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM hufu_leaf WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM hufu_node WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM hufu_top WHERE ?1 IS NULL OR scope = ?1
UNION SELECT scope FROM hufu_town WHERE ?1 IS NULL OR scope = ?1
ORDER BY scope

-- name: check_main
SELECT number, oid, root, position, time, seconds, content, body
FROM main_commit WHERE scope = ?1 ORDER BY number

-- name: check_main_at
SELECT oid, position, body FROM main_commit WHERE scope = ?1 AND number = ?2

-- name: check_log
SELECT position, kind, id, body, packet FROM log
WHERE scope = ?1 AND position > ?2 ORDER BY position

-- name: check_merged
SELECT number, scope, journal, main_number FROM packet WHERE oid = ?1

-- name: check_quarantined
SELECT r.code FROM packet AS p CROSS JOIN packet_record AS r
WHERE p.oid = ?1 AND r.packet = p.number AND r.kind = ?2 AND r.id = ?3

-- name: check_newest
SELECT n.kind, n.id, n.position, l.body
FROM (SELECT kind, id, max(position) AS position FROM log
	WHERE scope = ?1 GROUP BY kind, id) AS n
CROSS JOIN log AS l WHERE l.scope = ?1 AND l.position = n.position
ORDER BY n.kind, n.id

-- name: check_record
SELECT max(position) FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3

-- name: check_key
SELECT scope, secret FROM subject_key WHERE id = ?1
ORDER BY serial DESC LIMIT 1

-- name: check_packet
SELECT number, oid, journal, sequence, author, terminal, main_number, receipt,
	body
FROM packet WHERE scope = ?1 ORDER BY journal, sequence

-- name: check_journals
SELECT count(*) FROM journal WHERE scope = ?1

-- name: check_lost_record
SELECT r.kind, r.id, r.packet FROM packet_record AS r
WHERE NOT EXISTS (SELECT 1 FROM packet AS p WHERE p.number = r.packet)
ORDER BY r.packet LIMIT 1

-- name: check_held
SELECT oid, body FROM held WHERE scope = ?1

-- name: check_leaf
SELECT town, kind, hash, id, oid, position FROM hufu_leaf
WHERE scope = ?1 ORDER BY town, kind, hash, id

-- name: check_node
SELECT town, kind, path, children FROM hufu_node
WHERE scope = ?1 ORDER BY town, kind, path

-- name: check_top
SELECT town, kind, oid, records FROM hufu_top
WHERE scope = ?1 ORDER BY town, kind

-- name: check_town
SELECT town, oid FROM hufu_town WHERE scope = ?1 ORDER BY town

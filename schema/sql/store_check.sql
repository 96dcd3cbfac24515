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
SELECT oid, position, body, time FROM main_commit
WHERE scope = ?1 AND number = ?2

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
	body, received
FROM packet WHERE scope = ?1 ORDER BY journal, sequence

-- name: check_journals
SELECT count(*) FROM journal WHERE scope = ?1

-- name: check_lost_record
SELECT r.kind, r.id, r.packet FROM packet_record AS r
WHERE NOT EXISTS (SELECT 1 FROM packet AS p WHERE p.number = r.packet)
ORDER BY r.packet LIMIT 1

-- name: check_merged_flag
-- An entry is merged when it is not what its packet sent.
SELECT l.position, l.kind, l.id, l.packet IS NOT NULL AND r.packet IS NULL
FROM log AS l LEFT JOIN packet_record AS r
ON r.packet = l.packet AND r.kind = l.kind AND r.id = l.id
WHERE l.scope = ?1 AND (l.packet IS NOT NULL AND r.packet IS NULL
	OR l.merged IS NOT coalesce(r.body <> l.body,
		r.position <> l.position, 0))
ORDER BY l.position LIMIT 1

-- name: check_merged_paths
SELECT r.kind || '/' || r.id FROM packet_record AS r CROSS JOIN log AS l
WHERE r.packet = ?1 AND r.position IS NULL AND r.code IS NULL
AND l.scope = ?2 AND l.kind = r.kind AND l.id = r.id AND l.packet = ?1

-- name: check_held
SELECT oid, body FROM held WHERE scope = ?1

-- name: check_meta
SELECT name, value FROM meta
WHERE NOT (name = 'format' AND value = '4')
AND name NOT IN ('epoch', 'epochs', 'audit_epoch', 'audit_end') LIMIT 1

-- name: check_accounts
SELECT name, roles, scopes, password, agency, state FROM account ORDER BY name

-- name: check_tokens
SELECT t.id, t.roles, t.scopes, t.agency, length(t.hash), t.expires_at,
	a.name IS NOT NULL
FROM token AS t LEFT JOIN account AS a ON a.name = t.account ORDER BY t.id

-- name: check_sessions
SELECT s.account, length(s.hash), s.begun_at, s.used_at, a.name IS NOT NULL
FROM session AS s LEFT JOIN account AS a ON a.name = s.account
ORDER BY s.hash

-- name: check_jobs
SELECT j.id, j.operation, j.scope, length(j.request), j.state, j.begun_at,
	j.ended_at, j.result, j.code, j.status, j.type, j.detail,
	a.name IS NOT NULL
FROM hufu_job AS j LEFT JOIN account AS a ON a.name = j.account ORDER BY j.id

-- name: check_codes
SELECT c.hash, c.officer, c.scope, c.issued_by, c.expires, c.terminal,
	c.enrolment, e.terminal, e.officer
FROM enrol_code AS c LEFT JOIN enrolment AS e
ON e.scope = substr(c.scope, 1, 6) AND e.id = c.enrolment
ORDER BY c.hash

-- name: check_contacts
SELECT c.terminal, c.time, (SELECT count(*) FROM enrolment AS e
	WHERE e.terminal = c.terminal) FROM contact AS c ORDER BY c.terminal

-- name: check_schema
-- The tables of kinds grow by columns, so their text is not one.
SELECT type || ' ' || name, tbl_name, coalesce(sql, '') FROM sqlite_schema
WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY 1

-- name: check_columns
SELECT name, type, "notnull", pk, coalesce(dflt_value, '')
FROM pragma_table_info(?1) ORDER BY name

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

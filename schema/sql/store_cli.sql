-- What the commands of hufud look up.
-- name: cli_counties
SELECT DISTINCT scope FROM hufu_town WHERE scope <> 'catalog' ORDER BY scope

-- name: cli_scopes_of
-- (a conflict on personal data has a kind of its own)
SELECT s.scope FROM (SELECT DISTINCT scope FROM hufu_town) AS s
WHERE EXISTS (SELECT 1 FROM log AS l WHERE l.scope = s.scope
	AND l.kind IN (?1, ?1 || '_private') AND l.id = ?2) ORDER BY s.scope

-- name: cli_quarantine
-- (single records of packets, and packets that are kept outside their journal)
SELECT p.scope, p.oid, r.kind, r.id, p.author, p.terminal, r.code, NULL,
	p.received AS received
FROM packet_record AS r JOIN packet AS p ON p.number = r.packet
WHERE r.code IS NOT NULL AND (?1 IS NULL OR p.scope = ?1)
UNION ALL
SELECT h.scope, h.oid, NULL, NULL, e.officer, e.terminal, h.state, h.reason,
	h.received
FROM held AS h LEFT JOIN enrolment AS e
	ON e.scope = h.scope AND e.id = h.enrolment
WHERE ?1 IS NULL OR h.scope = ?1
ORDER BY received, 1, 2, 3, 4 LIMIT ?2 OFFSET ?3

-- name: cli_open_conflicts
SELECT count(*) FROM conflict WHERE scope = ?1 AND state = 'open'

-- name: cli_private_conflicts
SELECT id FROM conflict_private WHERE scope = ?1

-- name: cli_quarantined
SELECT (SELECT count(*) FROM packet_record AS r CROSS JOIN packet AS p
	WHERE p.number = r.packet AND r.code IS NOT NULL AND p.scope = ?1) +
(SELECT count(*) FROM held WHERE scope = ?1)

-- name: cli_adoptions
SELECT count(*) FROM adoption WHERE scope = ?1

-- name: cli_terminals
SELECT count(*) FROM enrolment WHERE scope = ?1 AND state = 'active'

-- name: cli_oldest_contact
SELECT min(c.time) FROM enrolment AS e
JOIN contact AS c ON c.terminal = e.terminal
WHERE e.scope = ?1 AND e.state = 'active'

-- name: cli_is_division
-- (is the scope there already; are there divisions; is it one of them)
SELECT EXISTS(SELECT 1 FROM main_commit WHERE scope = ?1),
	EXISTS(SELECT 1 FROM division),
	EXISTS(SELECT 1 FROM division WHERE substr(code, 1, 6) = ?1)

-- name: cli_visits_with_form
SELECT id FROM visit WHERE scope = ?1 AND form IS NOT NULL
AND (state IS NULL OR state <> 'void') ORDER BY id

-- Records of evidence, beside which the files are (backend/evidence).

-- name: evidence_of_visit
SELECT id, sha256, size, points, media
FROM evidence WHERE scope = ?1 AND visit = ?2
	AND (state IS NULL OR state <> 'void') ORDER BY id

-- name: evidence_awaited
-- (of visits that are not published, with when the record came)
SELECT e.id, e.sha256, e.size, e.visit,
	(SELECT p.received FROM log AS l JOIN packet AS p ON p.number = l.packet
	WHERE l.scope = e.scope AND l.kind = 'evidence' AND l.id = e.id
	ORDER BY l.position LIMIT 1)
FROM evidence AS e JOIN visit AS v ON v.scope = e.scope AND v.id = e.visit
WHERE e.scope = ?1 AND (e.state IS NULL OR e.state <> 'void')
	AND (v.state IS NULL
	OR v.state NOT IN ('published', 'corrected', 'withdrawn', 'void'))
ORDER BY e.visit, e.id

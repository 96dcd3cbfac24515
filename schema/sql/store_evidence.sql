-- Records of evidence, beside which the files are (backend/evidence).

-- name: evidence_of_visit
SELECT id, sha256, size, points, media
FROM evidence WHERE scope = ?1 AND visit = ?2
	AND (state IS NULL OR state <> 'void') ORDER BY id

-- Statements of backend/domain, backend/export and the commands.

-- name: draw_subjects
SELECT id, state FROM subject WHERE scope = ?1
AND (?2 IS NULL OR town = ?2)
AND (?3 IS NULL OR substr(industry, 1, length(?3)) = ?3)
ORDER BY id

-- name: draw_grades
SELECT subject, grade FROM rating WHERE scope = ?1
AND (state IS NULL OR state = 'current')
ORDER BY subject, known_at DESC, id

-- name: draw_pool
SELECT id, state, certificate, certificate_from, certificate_to FROM officer
WHERE scope = ?1 ORDER BY id

-- name: draw_of_frame
SELECT id, state FROM draw WHERE scope = ?1 AND frame_hash = ?2
AND (state IS NULL OR state <> 'void') ORDER BY committed_at DESC, id LIMIT 1

-- name: draw_scope
SELECT scope FROM draw WHERE id = ?1 ORDER BY scope LIMIT 1

-- name: draw_list
SELECT scope, id, state, frame_size, quota, committed_at, commitment, name
FROM draw WHERE (?1 IS NULL OR scope = ?1) ORDER BY scope, committed_at, id

-- name: draw_assigned
SELECT count(*) FROM assignment WHERE scope = ?1 AND id = ?2

-- name: subject_town
SELECT town FROM subject WHERE scope = ?1 AND id = ?2

-- What holds draws against assignments, and what the report on draws reads.

-- name: draw_assignment_row
SELECT id, subject, item, state, reason, decline_reason, reassigned_to, draw,
	due, instructions, officers
FROM assignment WHERE scope = ?1 AND id = ?2

-- name: draw_claims
SELECT id, subject, item, state, reason, decline_reason, reassigned_to, draw,
	due, instructions, officers
FROM assignment WHERE scope = ?1 AND draw = ?2 ORDER BY id

-- name: draws_committed
SELECT id FROM draw WHERE scope = ?1 AND commitment IS NOT NULL ORDER BY id

-- name: draw_sense_town
-- (has it subjects; are the scope's towns loaded; is it one of them)
SELECT EXISTS(SELECT 1 FROM subject WHERE scope = ?1 AND town = ?2),
	EXISTS(SELECT 1 FROM division WHERE substr(code, 1, 6) = ?1
		AND substr(code, 7, 3) <> '000'),
	EXISTS(SELECT 1 FROM division WHERE substr(code, 1, 6) = ?1
		AND substr(code, 7, 3) = ?2)

-- name: draw_sense_flag
SELECT EXISTS(SELECT 1 FROM subject WHERE scope = ?1
	AND flags LIKE '%"' || ?2 || '"%')

-- name: draw_sense_tag
SELECT EXISTS(SELECT 1 FROM subject WHERE scope = ?1
	AND tags LIKE '%"' || ?2 || '"%')

-- name: draw_sense_industry
SELECT EXISTS(SELECT 1 FROM subject WHERE scope = ?1
	AND substr(industry, 1, length(?2)) = ?2)

-- name: draw_sense_item
SELECT EXISTS(SELECT 1 FROM item WHERE scope IN (?1, 'catalog')),
	EXISTS(SELECT 1 FROM item WHERE scope IN (?1, 'catalog') AND id = ?2)

-- name: draw_report_towns
SELECT id, town FROM subject WHERE scope = ?1 ORDER BY id

-- name: draw_report_draws
SELECT id FROM draw WHERE scope = ?1 AND commitment IS NOT NULL
AND committed_at >= ?2 AND committed_at < ?3 ORDER BY committed_at, id

-- name: draw_report_authors
SELECT l.body, coalesce(p.author, 'server') FROM log AS l
LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.kind = 'draw' AND l.id = ?2 ORDER BY l.position

-- name: draw_visits_other
SELECT id, subject, flags, ratified_by FROM visit
WHERE scope = ?1 AND assignment = ?2 AND (flags LIKE '%"other_subject"%'
	OR flags LIKE '%"other_team"%') ORDER BY id

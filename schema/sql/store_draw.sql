-- What holds draws against assignments, and what the report on draws reads.

-- name: draw_assignment_row
SELECT id, subject, item, state, reason, decline_reason, reassigned_to, draw,
	officers
FROM assignment WHERE scope = ?1 AND id = ?2

-- name: draw_claims
SELECT id, subject, item, state, reason, decline_reason, reassigned_to, draw,
	officers
FROM assignment WHERE scope = ?1 AND draw = ?2 ORDER BY id

-- name: draws_committed
SELECT id FROM draw WHERE scope = ?1 AND commitment IS NOT NULL ORDER BY id

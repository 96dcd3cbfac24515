-- Checklists, working days, orders to correct (backend/domain).

-- name: form_list
SELECT id, form_code, version, title, coalesce(state, ''),
	coalesce(valid_from, ''), points
FROM form WHERE scope = 'catalog' ORDER BY form_code, version, id

-- name: calendar_days
SELECT day, working FROM calendar WHERE scope = 'catalog'

-- name: rectifications
SELECT id, subject, visit, state, served_on, due, term_days, extended_to
FROM rectification WHERE scope = ?1 AND (state IS NULL OR state <> 'void')

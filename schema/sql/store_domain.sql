-- Statements of backend/domain, backend/export and the commands.

-- name: draw_subjects
SELECT id, state, town, industry, flags, tags FROM subject WHERE scope = ?1
ORDER BY id

-- name: draw_grades
-- (?3: the day of the draw, on which a rating is in force)
SELECT r.subject, r.grade FROM rating AS r
LEFT JOIN scheme AS s ON s.scope = 'catalog' AND s.id = r.scheme
WHERE r.scope = ?1 AND (r.state IS NULL OR r.state = 'current')
AND (s.code IS NULL OR s.code = ?2)
AND (r.valid_from IS NULL OR r.valid_from <= ?3)
ORDER BY r.subject, r.known_at DESC, r.id

-- name: draw_exemptions
SELECT subject, reason, valid_to FROM exemption WHERE scope = ?1
AND (state IS NULL OR state = 'active')
AND (valid_from IS NULL OR valid_from <= ?2) AND valid_to >= ?2
AND (item IS NULL OR item = ?3)
ORDER BY subject, valid_to DESC, id

-- name: draw_visits
SELECT v.subject, max(v.visited_on) FROM visit AS v
WHERE v.scope = ?1 AND v.state IN ('signed', 'submitted', 'returned',
	'resubmitted', 'approved', 'published', 'corrected', 'recorded')
AND (v.flags IS NULL OR (v.flags NOT LIKE '%"not_counted"%'
	AND v.flags NOT LIKE '%"in_future"%'))
GROUP BY v.subject ORDER BY v.subject

-- name: draw_item_visits
SELECT v.subject, max(v.visited_on) FROM visit AS v
LEFT JOIN assignment AS a ON a.scope = v.scope AND a.id = v.assignment
WHERE v.scope = ?1 AND v.state IN ('signed', 'submitted', 'returned',
	'resubmitted', 'approved', 'published', 'corrected', 'recorded')
AND (v.flags IS NULL OR (v.flags NOT LIKE '%"not_counted"%'
	AND v.flags NOT LIKE '%"in_future"%'))
AND coalesce(v.item, a.item) = ?2 AND (a.cause IS NULL OR a.cause <> 'triggered')
AND (v.flags IS NULL OR v.flags NOT LIKE '%"triggered"%')
GROUP BY v.subject ORDER BY v.subject

-- name: draw_item_open
-- (who is to be checked for the item already)
SELECT subject, min(id) FROM assignment WHERE scope = ?1 AND item = ?2
AND state IN ('issued', 'accepted', 'declined', 'in_progress')
GROUP BY subject ORDER BY subject

-- name: draw_pool
SELECT id, state, certificate, certificate_from, certificate_to,
	certificate_state, items, lead
FROM officer WHERE scope = ?1 ORDER BY id

-- name: draw_number
SELECT count(*) FROM officer WHERE scope = ?1 AND certificate = ?2

-- name: draw_recusals
SELECT subject, officer, reason FROM recusal
WHERE scope = ?1 AND state = 'granted' ORDER BY subject, officer, id

-- name: draw_recused
SELECT coalesce(reason, '') FROM recusal
WHERE scope = ?1 AND subject = ?2 AND officer = ?3 AND state = 'granted'
ORDER BY id LIMIT 1

-- name: ratio_rule_in_force
SELECT id, version, ratios FROM ratio_rule
WHERE scope = 'catalog' AND code = ?1 AND (state IS NULL OR state = 'active')
AND (valid_from IS NULL OR valid_from <= ?2)
AND (valid_to IS NULL OR valid_to >= ?2) ORDER BY version DESC, id LIMIT 1

-- name: draw_of_frame
SELECT id, state FROM draw WHERE scope = ?1 AND frame_hash = ?2
ORDER BY state = 'void', committed_at DESC, id LIMIT 1

-- name: draw_of_population
SELECT id, committed_at FROM draw WHERE scope = ?1 AND population = ?2
AND committed_at >= ?3 ORDER BY committed_at DESC, id LIMIT 1

-- name: draw_scope
SELECT scope FROM draw WHERE id = ?1 ORDER BY scope LIMIT 1

-- name: draw_seed_known
-- (?3: the hour of a commitment; who revealed it before is named)
SELECT scope, id FROM draw WHERE seed = ?1 AND id <> ?2
AND revealed_at <= ?3 ORDER BY revealed_at, scope, id LIMIT 1

-- name: draw_source_revealed
-- (?3: a source, ?4: a day or an hour; whether the source is the same)
SELECT id, coalesce(seed_source, '') = ?3 FROM draw
WHERE scope = ?1 AND id <> ?2 AND seed IS NOT NULL
AND (seed_source = ?3 OR seed_at = ?4)
ORDER BY coalesce(seed_source, '') = ?3 DESC, revealed_at, id LIMIT 1

-- name: draws_open
-- (?2: the size of a frame; those of about that size)
SELECT id, state FROM draw WHERE scope = ?1
AND state IN ('committed', 'revealed') AND frame_size * 10 >= ?2 * 9
AND frame_size * 9 <= ?2 * 10 ORDER BY committed_at DESC, id

-- name: draw_history
SELECT body FROM log WHERE scope = ?1 AND kind = 'draw' AND id = ?2
ORDER BY position

-- name: draw_list
SELECT scope, id, state, frame_size, quota, committed_at, commitment, name
FROM draw WHERE (?1 IS NULL OR scope = ?1) ORDER BY scope, committed_at, id

-- name: draw_assigned
SELECT count(*) FROM assignment WHERE scope = ?1 AND id = ?2

-- name: draw_assignment
SELECT id, state FROM assignment
WHERE scope = ?1 AND draw = ?2 AND subject = ?3 ORDER BY id LIMIT 1

-- name: draw_subject_state
SELECT state FROM subject WHERE scope = ?1 AND id = ?2

-- name: subject_town
SELECT town FROM subject WHERE scope = ?1 AND id = ?2

-- name: scheme_in_force
SELECT id, version, definition FROM scheme
WHERE scope = 'catalog' AND code = ?1 AND (state IS NULL OR state = 'active')
AND (valid_from IS NULL OR valid_from <= ?2)
AND (valid_to IS NULL OR valid_to >= ?2)
ORDER BY version DESC, id LIMIT 2

-- name: scheme_by_id
SELECT id, version, definition, code FROM scheme
WHERE scope = 'catalog' AND id = ?1

-- name: scheme_overlapping
-- (?3 and ?4: first and last day of another version)
SELECT version, valid_from, valid_to FROM scheme
WHERE scope = 'catalog' AND code = ?1 AND id <> ?2
AND (state IS NULL OR state = 'active')
AND (valid_to IS NULL OR ?3 IS NULL OR valid_to >= ?3)
AND (valid_from IS NULL OR ?4 IS NULL OR valid_from <= ?4)
ORDER BY version LIMIT 1

-- name: rate_subjects
SELECT id, town FROM subject WHERE scope = ?1 AND id > ?2 ORDER BY id LIMIT ?3

-- name: rate_violations
SELECT v.subject, v.id, coalesce(v.found_on, t.visited_on), v.severity,
	CASE WHEN t.flags LIKE '%"not_counted"%' THEN 'not_counted'
	ELSE t.visit_type END, (SELECT max(l.position) FROM log AS l
	WHERE l.scope = v.scope AND l.kind = 'violation' AND l.id = v.id
	AND l.position <= ?4), v.flags LIKE '%"repeat"%',
	v.flags LIKE '%"no_inspection"%'
FROM violation AS v
LEFT JOIN visit AS t ON t.scope = v.scope AND t.id = v.visit
WHERE v.scope = ?1 AND v.subject BETWEEN ?2 AND ?3
AND v.state IN ('open', 'corrected')
AND (v.flags IS NULL OR (v.flags NOT LIKE '%"left_out"%'
	AND v.flags NOT LIKE '%"contradicts"%'))
AND (t.flags IS NULL OR t.flags NOT LIKE '%"in_future"%')
AND (v.visit IS NULL OR t.state IN ('signed', 'submitted', 'returned',
	'resubmitted', 'approved', 'published', 'corrected', 'recorded'))
UNION ALL
SELECT t.subject, v.id, coalesce(v.found_on, t.visited_on), v.severity,
	CASE WHEN t.flags LIKE '%"not_counted"%' THEN 'not_counted'
	ELSE t.visit_type END, (SELECT max(l.position) FROM log AS l
	WHERE l.scope = v.scope AND l.kind = 'violation' AND l.id = v.id
	AND l.position <= ?4), v.flags LIKE '%"repeat"%',
	v.flags LIKE '%"no_inspection"%'
FROM visit AS t JOIN violation AS v ON v.scope = t.scope AND v.visit = t.id
WHERE t.scope = ?1 AND t.subject BETWEEN ?2 AND ?3 AND v.subject IS NULL
AND v.state IN ('open', 'corrected')
AND (v.flags IS NULL OR (v.flags NOT LIKE '%"left_out"%'
	AND v.flags NOT LIKE '%"contradicts"%'))
AND (t.flags IS NULL OR t.flags NOT LIKE '%"in_future"%')
AND t.state IN ('signed', 'submitted', 'returned',
	'resubmitted', 'approved', 'published', 'corrected', 'recorded')
ORDER BY 1, 3 DESC, 2

-- name: rate_visits
SELECT t.subject, t.visited_on,
	CASE WHEN t.flags LIKE '%"not_counted"%' THEN 'not_counted'
	ELSE t.visit_type END, (SELECT max(l.position) FROM log AS l
	WHERE l.scope = t.scope AND l.kind = 'visit' AND l.id = t.id
	AND l.position <= ?4), t.flags LIKE '%"repeat"%'
FROM visit AS t WHERE t.scope = ?1 AND t.subject BETWEEN ?2 AND ?3
AND t.state IN ('signed', 'submitted', 'returned',
	'resubmitted', 'approved', 'published', 'corrected', 'recorded')
AND (t.flags IS NULL OR t.flags NOT LIKE '%"in_future"%')
ORDER BY t.subject

-- name: rate_current
SELECT score, grade, reasons, town, scheme, valid_from FROM rating
WHERE scope = ?1 AND id = ?2

-- name: rate_facts_since
SELECT 1 FROM log WHERE scope = ?1 AND position > ?2 AND position <= ?3
AND kind IN ('violation', 'visit') LIMIT 1

-- name: rate_known_next
SELECT min(known_position) FROM rating
WHERE scope = ?1 AND source = 'hufu' AND known_position > ?2

-- name: rate_check_unknown
SELECT count(*) FROM rating
WHERE scope = ?1 AND source = 'hufu' AND known_position IS NULL

-- name: rate_check_page
SELECT r.id, r.subject, r.town, r.scheme, r.valid_from, r.known_at,
	(SELECT l.body FROM log AS l WHERE l.scope = r.scope AND l.position =
	(SELECT max(m.position) FROM log AS m
	WHERE m.scope = r.scope AND m.kind = 'rating' AND m.id = r.id))
FROM rating AS r WHERE r.scope = ?1 AND r.known_position = ?2
AND r.source = 'hufu' ORDER BY r.id

-- name: rating_versions
SELECT position, body FROM log WHERE scope = ?1 AND position IN
(SELECT position FROM log WHERE scope = ?1 AND kind = 'rating' AND id = ?2
AND position <= ?3) ORDER BY position

-- name: rating_imported
-- (when the value came that was in force at ?3; from the subject's few rows to the log: beginning there would read all of it)
SELECT f.id, f.position, (SELECT p.received FROM log AS l
	JOIN packet AS p ON p.number = l.packet
	WHERE l.scope = ?1 AND l.position = f.position)
FROM (SELECT e.id, (SELECT max(m.position) FROM log AS m WHERE m.scope = e.scope
		AND m.kind = 'external_rating' AND m.id = e.id
		AND m.position <= ?3) AS position
	FROM external_rating AS e WHERE e.scope = ?1 AND e.subject = ?2) AS f
WHERE f.position IS NOT NULL ORDER BY 2

-- name: server_key_known
SELECT 1 FROM server_key WHERE public_key = ?1 AND state = 'active'

-- name: export_results
-- (json_each is SQLite's alone: a set has no other rows)
SELECT v.id, v.scope, v.town, v.subject, v.assignment, v.visited_on,
	v.visit_type, v.state, v.flags, 'code', NULL, c.value, NULL, NULL,
	NULL, NULL, NULL
FROM visit AS v, json_each(v.result_codes) AS c
WHERE v.scope = ?1 AND (?2 IS NULL OR v.town = ?2)
UNION ALL
SELECT v.id, v.scope, v.town, v.subject, v.assignment, v.visited_on,
	v.visit_type, v.state, v.flags, 'answer', a.id, a.point, a.value,
	a.severity, a.reason, a.author, a.state
FROM visit AS v JOIN answer AS a ON a.visit = v.id AND a.scope = v.scope
WHERE v.scope = ?1 AND (?2 IS NULL OR v.town = ?2)
UNION ALL
SELECT v.id, v.scope, v.town, v.subject, v.assignment, v.visited_on,
	v.visit_type, v.state, v.flags, 'violation', f.id, f.code,
	f.description, f.severity, f.reason, NULL, f.state
FROM visit AS v JOIN violation AS f ON f.visit = v.id AND f.scope = v.scope
WHERE v.scope = ?1 AND (?2 IS NULL OR v.town = ?2)
UNION ALL
SELECT v.id, v.scope, v.town, v.subject, v.assignment, v.visited_on,
	v.visit_type, v.state, v.flags, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, NULL
FROM visit AS v
WHERE v.scope = ?1 AND (?2 IS NULL OR v.town = ?2)
AND (v.result_codes IS NULL OR v.result_codes = '[]')
AND NOT EXISTS (SELECT 1 FROM answer AS a
	WHERE a.visit = v.id AND a.scope = v.scope)
AND NOT EXISTS (SELECT 1 FROM violation AS f
	WHERE f.visit = v.id AND f.scope = v.scope)
ORDER BY 1, 10, 12, 11

-- name: import_visit_of_day
-- (?4: the source; one with a score first, then a check, then any)
SELECT id FROM visit WHERE scope = ?1 AND id IN
(SELECT id FROM visit WHERE scope = ?1 AND subject = ?2)
AND visited_on = ?3 AND source = ?4 ORDER BY score IS NULL,
	flags IS NOT NULL AND flags LIKE '%"not_counted"%', id LIMIT 1

-- name: record_versions
SELECT body FROM log WHERE scope = ?1 AND position IN
(SELECT position FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3)

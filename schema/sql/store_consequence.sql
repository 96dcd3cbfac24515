-- What backend/ledger/consequence.c looks for beside the records of a packet.

-- name: adopt_packet
SELECT number, scope, journal, sequence, author, terminal, received, body
FROM packet WHERE oid = ?1

-- name: rescue_seen_by
SELECT r.packet, p.oid, r.code, coalesce(r.body, (SELECT l.body FROM log AS l
	WHERE l.scope = p.scope AND l.position = r.position))
FROM packet_record AS r CROSS JOIN packet AS p CROSS JOIN journal AS j
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3
AND j.scope = p.scope AND j.journal = p.journal AND j.enrolment = ?4
AND p.main_number > ?5
ORDER BY p.number DESC LIMIT 1

-- name: rescue_records
--- (what one enrolment signed and is in quarantine, and what it had not signed)
SELECT p.oid, r.kind, r.id, r.code
FROM packet AS p CROSS JOIN packet_record AS r
WHERE r.packet = p.number AND r.code IS NOT NULL AND p.scope = ?1
AND (p.journal IN (SELECT j.journal FROM journal AS j
	WHERE j.scope = ?1 AND j.enrolment = ?2)
OR (r.code = 'unsigned' AND p.journal = 'office' AND p.author = ?3))
ORDER BY p.number, r.kind, r.id

-- name: rescue_enrolments
SELECT id, terminal, officer, wipe_at, rescues, rescue_state,
rescue_asked_by, rescue_opened_by FROM enrolment
WHERE scope = ?1 AND wipe_order IS NOT NULL ORDER BY wipe_at DESC, id

-- name: adopt_refused
SELECT 1 FROM packet_record AS r CROSS JOIN packet AS p
WHERE p.number = r.packet AND r.kind = ?1 AND r.id = ?2 AND p.scope = ?3
AND r.code IS NOT NULL LIMIT 1

-- name: adopt_followers
-- (later changes of the same journal that wait for this one)
SELECT n.oid FROM packet AS p CROSS JOIN packet_record AS r
CROSS JOIN packet AS n
WHERE p.oid = ?1 AND r.kind = ?2 AND r.id = ?3 AND r.packet > p.number
AND r.code = 'after_quarantine' AND n.number = r.packet
AND n.scope = p.scope AND n.journal = p.journal ORDER BY n.sequence

-- name: visits_of_assignment
SELECT id FROM visit WHERE scope = ?1 AND assignment = ?2 ORDER BY id

-- name: visits_of_source
SELECT id FROM visit WHERE scope = ?1 AND source_id = ?2 ORDER BY id

-- name: assignments_reassigned_to
SELECT id FROM assignment WHERE scope = ?1 AND reassigned_to = ?2 ORDER BY id

-- name: subjects_of_source
-- (?3: the source that numbers them)
SELECT id FROM subject WHERE scope = ?1 AND source_id = ?2 AND source = ?3
ORDER BY id LIMIT 2

-- name: subjects_of_code
SELECT id FROM subject WHERE scope = ?1 AND uscc = ?2 ORDER BY id

-- name: officers_of_certificate
SELECT id FROM officer WHERE scope = ?1 AND certificate = ?2 ORDER BY id LIMIT 2

-- name: tokens_made_for
-- (by whom, and that write)
SELECT DISTINCT account FROM token
WHERE created_by = ?1 AND account <> ?1 AND read_only = 0
ORDER BY account LIMIT 200

-- name: officer_of_account
-- (and all that are the same person as one of them)
WITH person(account) AS (SELECT ?2 UNION
	SELECT account FROM officer WHERE scope = ?1 AND id = ?2)
SELECT id, account FROM officer WHERE scope = ?1 AND id = ?2
UNION SELECT o.id, o.account FROM person AS p
CROSS JOIN officer AS o ON o.scope = ?1 AND o.account = p.account
ORDER BY 1 LIMIT 8

-- name: assignments_of_draw
SELECT id FROM assignment WHERE scope = ?1 AND draw = ?2 ORDER BY id

-- name: conflicts_open_on
SELECT id FROM conflict WHERE scope = ?1 AND record_kind = ?2
AND record_id = ?3 AND state = 'open' ORDER BY id

-- name: assignment_contest
-- (who called it off, and who did it)
SELECT author, server_author FROM conflict WHERE scope = ?1
AND record_kind = 'assignment' AND record_id = ?2 AND rule = 'done_contested'
AND state = 'open'

-- name: record_maker
SELECT coalesce(p.author, 'server') FROM log AS l
LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.kind = ?2 AND l.id = ?3 ORDER BY l.position LIMIT 1

-- name: assignment_written_by
SELECT 1 FROM log AS l JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.kind = 'assignment' AND l.id = ?2 AND p.author = ?3
LIMIT 1

-- name: assignment_origin
-- (the draw that it, or what was reassigned to it, came of)
WITH RECURSIVE up(id, draw, n) AS (
	SELECT id, draw, 0 FROM assignment WHERE scope = ?1 AND id = ?2
	UNION ALL
	SELECT a.id, a.draw, up.n + 1 FROM assignment AS a
	JOIN up ON a.scope = ?1 AND a.reassigned_to = up.id WHERE up.n < 100)
SELECT draw FROM up WHERE draw IS NOT NULL ORDER BY n LIMIT 1

-- name: draws_around
-- (draws that were committed since ?2, and where the log begins to know them)
SELECT d.id, (SELECT min(l.position) FROM log AS l WHERE l.scope = d.scope
	AND l.kind = 'draw' AND l.id = d.id)
FROM draw AS d WHERE d.scope = ?1 AND d.state <> 'void'
AND d.committed_at >= ?2 ORDER BY d.committed_at DESC, d.id LIMIT 50

-- name: subject_before
SELECT body FROM log WHERE scope = ?1 AND kind = 'subject' AND id = ?2
AND position < ?3 ORDER BY position DESC LIMIT 10

-- name: exemption_around
-- (draws committed since ?4, and how an exemption stood then that account ?3 had
-- written at most ?5 ms before)
WITH c AS (SELECT d.id, d.committed_at, (SELECT min(l.position) FROM log AS l
	WHERE l.scope = d.scope AND l.kind = 'draw' AND l.id = d.id) AS position
	FROM draw AS d WHERE d.scope = ?1 AND d.state <> 'void'
	AND d.committed_at >= ?4)
SELECT c.id, c.committed_at, (SELECT l.body FROM log AS l
	WHERE l.scope = ?1 AND l.kind = 'exemption' AND l.id = ?2
	AND l.position < c.position ORDER BY l.position DESC LIMIT 1)
FROM c WHERE EXISTS (SELECT 1 FROM log AS g
	JOIN packet AS p ON p.number = g.packet
	WHERE g.scope = ?1 AND g.kind = 'exemption' AND g.id = ?2
	AND g.position < c.position
	AND p.author = ?3 AND p.received >= c.committed_at - ?5)
ORDER BY c.committed_at DESC, c.id LIMIT 50

-- name: enrolments_of_officer
SELECT id FROM enrolment WHERE scope = ?1 AND officer = ?2
AND state = 'active' ORDER BY id

-- name: draw_gave_way
-- (a draw that stands, in which this subject gave way to another)
SELECT id FROM draw WHERE scope = ?1 AND state IN ('drawn', 'verified')
AND replacements LIKE '%"out":"' || ?2 || '"%'
AND replacements LIKE '%"officers":%' ORDER BY id LIMIT 1

-- name: assignment_step
SELECT subject, reassigned_to FROM assignment WHERE scope = ?1 AND id = ?2

-- name: assignment_from_other_subject
SELECT id FROM assignment WHERE scope = ?1 AND reassigned_to = ?2
AND subject <> ?3 ORDER BY id LIMIT 1

-- name: assignment_contested
-- (asked, open or decided)
SELECT 1 FROM conflict WHERE scope = ?1 AND record_kind = 'assignment'
AND record_id = ?2 AND rule = 'done_contested' LIMIT 1

-- name: visits_decided
-- (what two visits are to each other)
SELECT 1 FROM conflict WHERE scope = ?1 AND record_kind = 'visit'
AND rule = 'duplicate_visit' AND state = 'decided'
AND ((record_id = ?2 AND terminal_value LIKE '%"' || ?3 || '"%')
OR (record_id = ?3 AND terminal_value LIKE '%"' || ?2 || '"%')) LIMIT 1

-- name: visit_duplicate_asked
SELECT 1 FROM conflict WHERE scope = ?1 AND record_kind = 'visit'
AND rule = 'duplicate_visit' AND state = 'open'
AND (record_id = ?2 OR terminal_value LIKE '%"' || ?2 || '"%') LIMIT 1

-- name: violations_of_visit
SELECT id FROM violation WHERE scope = ?1 AND visit = ?2 ORDER BY id

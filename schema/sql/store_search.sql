-- What a search's index and a stream of changes read of the log.
-- name: log_kind_since
-- (the newest version of each record of a kind in a range, by position: for
-- ranges that are long)
SELECT n.position, n.id, l.body FROM (SELECT id, max(position) AS position
	FROM log WHERE scope = ?1 AND kind = ?2 AND position > ?3
	AND position <= ?4 GROUP BY id ORDER BY 2 LIMIT ?5) AS n
CROSS JOIN log AS l ON l.scope = ?1 AND l.position = n.position
ORDER BY n.position

-- name: log_kind_range
-- (the same for ranges that are short: + keeps the planner off the index by
-- kind)
SELECT l.position, l.id, l.body FROM log AS l
WHERE l.scope = ?1 AND l.position > ?3 AND l.position <= ?4
AND +l.kind = ?2 AND NOT EXISTS (SELECT 1 FROM log AS m
	WHERE m.scope = l.scope AND m.kind = l.kind AND m.id = l.id
	AND m.position > l.position AND m.position <= ?4)
ORDER BY l.position LIMIT ?5

-- name: log_since
-- (every version in a range, with the packet that wrote it)
SELECT l.position, l.kind, l.id, l.body, l.merged, p.author, p.body
FROM log AS l LEFT JOIN packet AS p ON p.number = l.packet
WHERE l.scope = ?1 AND l.position > ?2 ORDER BY l.position LIMIT ?3

-- name: log_head
SELECT coalesce(max(position), 0) FROM log WHERE scope = ?1

-- name: log_stirred
-- (another number after another connection has written)
PRAGMA data_version

-- The tree of divisions as of a day (backend/domain/division.c).

-- name: division_tree
SELECT code, name, level, parent, valid_from, valid_to, successors
FROM division WHERE substr(code, 1, length(?1)) = ?1
AND (valid_from IS NULL OR valid_from <= ?2)
AND (valid_to IS NULL OR valid_to >= ?2) ORDER BY code, id

-- name: division_before
SELECT code, name, level, parent, valid_from, valid_to, successors
FROM division WHERE code = ?1 AND valid_to < ?2
ORDER BY valid_to DESC, id LIMIT 1

-- name: division_between
SELECT 1 FROM division WHERE code >= ?1 AND code < ?2 LIMIT 1

-- name: division_first
SELECT min(valid_from) FROM division WHERE code = ?1

-- The audit log: store/audit.c. Nothing updates or deletes an entry.
-- script: audit_create
CREATE TABLE audit(
	seq INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL,
	who TEXT NOT NULL, via TEXT NOT NULL, operation TEXT NOT NULL,
	scope TEXT, kind TEXT, id TEXT, outcome TEXT NOT NULL,
	request_id TEXT, detail TEXT, hash BLOB NOT NULL);
CREATE INDEX audit_at ON audit(at_ms);

-- name: audit_put
INSERT INTO audit(seq, at_ms, who, via, operation, scope, kind, id, outcome,
	request_id, detail, hash)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)

-- name: audit_last
SELECT seq, at_ms, hash FROM audit ORDER BY seq DESC LIMIT 1

-- name: audit_hash
SELECT hash FROM audit WHERE seq = ?1

-- name: audit_walk
SELECT seq, at_ms, who, via, operation, scope, kind, id, outcome, request_id,
	detail, hash FROM audit ORDER BY seq

-- name: audit_select
SELECT seq, at_ms, who, via, operation, scope, kind, id, outcome, request_id,
	detail, hash FROM audit
WHERE at_ms >= ?1 AND at_ms < ?2 AND (?3 IS NULL OR who = ?3)
AND (?4 IS NULL OR operation = ?4
	OR substr(operation, 1, length(?4) + 1) = ?4 || ' ')
AND (?5 IS NULL OR scope = ?5) AND seq > ?6
AND (?7 IS NULL OR kind = ?7) AND (?8 IS NULL OR outcome = ?8)
AND (?9 IS NULL OR request_id = ?9)
AND (?10 IS NULL OR id = ?10 OR instr(detail, '"' || ?10 || '"') > 0)
AND (?11 IS NULL OR substr(detail, 1, length(?11) + 4) = 'by ' || ?11 || ';'
	OR substr(detail, 1, length(?11) + 4) = 'by ' || ?11 || ',')
ORDER BY seq

-- name: audit_lately
-- (was this already told since then?)
SELECT 1 FROM audit WHERE at_ms > ?4
AND operation = ?1 AND kind = ?2 AND id = ?3 LIMIT 1

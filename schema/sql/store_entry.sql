-- What the office enters (backend/domain/import_batch.c, ledger/entered.c).

-- name: log_has
SELECT 1 FROM log WHERE scope = ?1 AND kind = ?2 AND id = ?3 LIMIT 1

/* ledger/shred.c - the end of a subject's personal data. */
#include "ledger/ledger.h"

/* The key is in a database of its own, so the two commits cannot be one: the
 * entry is written first and committed last, and between them the key's own row
 * says who destroyed it, when and why. */
enum rc ledger_shred(struct op *op, const char *scope, const char *subject,
		     const char *reason)
{
	const struct audit_entry e = { .by = op_by(op),
				       .operation = "key destroy",
				       .scope = scope,
				       .kind = "subject",
				       .id = subject,
				       .detail = reason };
	bool mine;
	enum rc rc;

	if (!account_may(op->actor, ROLE_ADMINISTRATOR, scope))
		return err_set(
			op->err, RC_DENIED,
			"only an administrator of scope %s destroys keys",
			scope);
	rc = store_write_begin(op->store, &mine, op->err);
	if (rc != RC_OK)
		return rc;
	rc = audit_put(op->store, &e, op->err);
	if (rc == RC_OK)
		rc = store_key_destroy(op->store, scope, subject,
				       op->actor->name, reason, op->err);
	return store_write_end(op->store, mine, rc, op->err);
}

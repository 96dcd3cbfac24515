/* entry_codes.c - who has a credit code. */
#include "domain/entry.h"

#include <string.h>

#include "base/jcs.h"
#include "domain/uscc.h"
#include "sql_store.gen.h"

#define SHOWN_MAX 3 /* of those who share one code, in a message */

static const struct entry_remark shared = {
	"uscc_shared", "credit codes that another subject has"
};

enum rc entry_shared(struct op *op, const char *scope, const struct kind *k,
		     struct entry_fact *fact, struct err *why)
{
	const char *code = json_text(fact->given, "uscc");
	bool found = false;
	struct query *q;

	if (!code || strcmp(k->name, "subject") != 0)
		return RC_OK;
	q = query_begin(op->store->db, SQL_SUBJECTS_OF_CODE);
	query_text(q, 1, scope);
	query_text(q, 2, code);
	while (query_row(q))
		found = found || strcmp(query_get_text(q, 0), fact->id) != 0;
	if (found)
		entry_note(fact, &shared);
	return query_end(q, why);
}

enum rc entry_holder(struct op *op, const char *scope, const char *code,
		     char id[33], struct err *why)
{
	struct query *q = query_begin(op->store->db, SQL_SUBJECTS_OF_CODE);
	struct buf all;
	int n = 0;
	enum rc rc;

	uscc_id(id, code);
	buf_init(&all, ERR_TEXT_MAX);
	query_text(q, 1, scope);
	query_text(q, 2, code);
	for (; query_row(q); n++) {
		snprintf(id, 33, "%s", query_get_text(q, 0));
		if (n < SHOWN_MAX)
			buf_printf(&all, "%s%s", n ? ", " : "", id);
	}
	rc = query_end(q, why);
	if (rc == RC_OK && n > 1)
		rc = err_set(why, RC_INVALID,
			     "%d subjects have the credit code '%s' (%s%s): "
			     "name one by its id in a column 'subject'",
			     n, code, all.data ? all.data : "",
			     n > SHOWN_MAX ? ", ..." : "");
	buf_release(&all);
	return rc;
}

/* ledger/settle_codes.c - subjects that bear one credit code. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "sql_store.gen.h"

#define SHARED "uscc_shared"

static enum rc subject_mark(struct settle *s, const char *id, bool is_shared)
{
	json_t *subject;
	bool fresh;
	enum rc rc = settle_look(s, "subject", id, &subject);

	if (rc != RC_OK || !subject)
		return rc;
	return is_shared ? settle_flag(s, "subject", subject, SHARED, &fresh)
			 : settle_unflag(s, "subject", subject, SHARED);
}

/* Who has the code is flagged where there are several of them; `was_left` says
 * that somebody no longer has it. */
static enum rc code_settle(struct settle *s, const char *code, bool was_left)
{
	json_t *ids = NULL, *id;
	enum rc rc = settle_ids(s, SQL_SUBJECTS_OF_CODE, code, &ids);
	size_t n = json_array_size(ids), i;

	json_array_foreach(ids, i, id)
	{
		if (rc == RC_OK && (n > 1 || was_left))
			rc = subject_mark(s, json_string_value(id), n > 1);
	}
	json_decref(ids);
	return rc;
}

enum rc settle_codes(struct settle *s, const struct take_record *r)
{
	const char *was = json_text(r->base, "uscc");
	const char *now = json_text(r->terminal, "uscc");
	enum rc rc = RC_OK;

	if (was && now && !strcmp(was, now))
		return RC_OK;
	if (was) {
		rc = subject_mark(s, r->id, false);
		if (rc == RC_OK)
			rc = code_settle(s, was, true);
	}
	return rc == RC_OK && now ? code_settle(s, now, false) : rc;
}

/* store/upgrade.c - formats of hufu.db: each is the one before and a script. */
#include "store/audit_impl.h"

#include <stdlib.h>

#include "base/log.h"
#include "sql_store.gen.h"

/* What makes format n of format n - 1. A new folder goes through all of them,
 * so that it is the same as one that was upgraded. */
static const char *const scripts[STORE_FORMAT + 1][4] = {
	[1] = { SQL_STORE_CREATE, NULL },
	[2] = { SQL_STORE_FORMAT_2, SQL_AUDIT_CREATE, SQL_API_CREATE },
	[3] = { SQL_BLAME_CREATE },
	[4] = { SQL_JOB_CREATE },
};

static enum rc scripts_run(struct db *db, int from, struct err *err)
{
	enum rc rc = RC_OK;

	for (int format = from + 1; format <= STORE_FORMAT; format++)
		for (size_t i = 0; rc == RC_OK && scripts[format][i]; i++)
			rc = db_script(db, scripts[format][i], err);
	return rc;
}

enum rc store_tables_create(struct db *db, struct err *err)
{
	return scripts_run(db, 0, err);
}

enum rc store_upgrade(struct store *s, int from, struct err *err)
{
	char format[12];
	enum rc rc = scripts_run(s->db, from, err);

	/* The folder's own epoch may change; what the chain began with not. */
	if (rc == RC_OK && from < 2)
		rc = store_meta_put(s, "audit_epoch", s->epoch, err);
	if (rc == RC_OK && from < 2)
		rc = audit_end_note(s, err);
	snprintf(format, sizeof(format), "%d", STORE_FORMAT);
	return rc == RC_OK ? store_meta_put(s, "format", format, err) : rc;
}

static enum rc format_read(struct store *s, int *out, struct err *err)
{
	char *text = NULL;
	enum rc rc = store_meta_get(s, "format", &text, err);

	if (rc == RC_NOT_FOUND)
		return err_set(err, RC_CORRUPT,
			       "'%s/hufu.db' does not say its format: restore "
			       "it from a backup",
			       s->dir);
	if (rc != RC_OK)
		return rc;
	*out = (int)strtol(text, NULL, 10);
	if (*out > STORE_FORMAT || *out < 1)
		rc = err_set(err, RC_INVALID,
			     "'%s' was written by a later version (format %s, "
			     "this program knows up to %d): update this "
			     "program",
			     s->dir, text, STORE_FORMAT);
	free(text);
	return rc;
}

enum rc store_format_check(struct store *s, struct err *err)
{
	int format = 0, now;
	enum rc rc = format_read(s, &format, err);

	if (rc != RC_OK || format == STORE_FORMAT)
		return rc;
	rc = db_begin(s->db, true, err);
	/* Another program may have been faster. */
	if (rc == RC_OK)
		rc = format_read(s, &now, err);
	if (rc == RC_OK && now < STORE_FORMAT)
		rc = store_upgrade(s, now, err);
	if (rc == RC_OK)
		rc = db_commit(s->db, err);
	if (rc != RC_OK)
		db_rollback(s->db);
	else if (now < STORE_FORMAT)
		log_info("upgrade folder=%s format=%d from=%d", s->dir,
			 STORE_FORMAT, now);
	return rc;
}

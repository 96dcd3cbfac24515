/* import_edition.c - what stood is dated, and kept. */
#include "domain/import_edition.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/entry.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (8 * INT64_C(3600000))
#define EDITIONS_MAX 999

static const struct entry_remark kept = {
	NULL, "changed by a later edition: the earlier is kept with its days"
};

static bool differs(const struct kind *k, const json_t *standing,
		    const json_t *record)
{
	for (size_t i = 0; k->editions[i]; i++) {
		json_t *was = json_object_get(standing, k->editions[i]);
		json_t *is = json_object_get(record, k->editions[i]);

		if (was && (!is || !json_equal(was, is)))
			return true;
	}
	return false;
}

/* The first number that no edition of this record has. */
static enum rc find_id(struct import_batch *b, const char *of, char id[33])
{
	struct err none = { 0 };
	struct op op = *b->op;

	op.err = &none;
	for (int i = 1; i <= EDITIONS_MAX; i++) {
		json_t *record = NULL;
		enum rc rc;

		if (snprintf(id, 33, "%.32sv%d", of, i) > 32)
			break;
		err_clear(&none);
		rc = ledger_record(&op, b->job->scope, b->kind_name, id,
				   &record);
		json_decref(record);
		if (rc == RC_NOT_FOUND)
			return RC_OK;
		if (rc != RC_OK)
			return err_set(b->op->err, rc, "%s", none.text);
	}
	return err_set(b->op->err, RC_INVALID,
		       "'%.32s' has no number left for an earlier edition", of);
}

enum rc edition_end(struct import_batch *b, struct entry_fact *fact,
		    const json_t *standing, json_t *record, json_t **past,
		    char id[33])
{
	const struct kind *k = b->kind;
	const char *from = json_text(standing, EDITION_FROM);
	const char *to = json_text(standing, EDITION_TO);
	int64_t day = (b->op->now_ms + CHINA_MS) / DAY_MS;
	char first[11], last[11];
	enum rc rc;

	*past = NULL;
	if (!k->editions || !standing ||
	    json_object_get(fact->given, EDITION_FROM) ||
	    !differs(k, standing, record))
		return RC_OK;
	if (b->job->valid_from && !date_parse(b->job->valid_from, &day))
		return err_set(b->op->err, RC_INVALID,
			       "'%.20s' is no date like 2026-11-22",
			       b->job->valid_from);
	date_format(first, day);
	date_format(last, day - 1);
	if ((from && strcmp(from, first) >= 0) || (to && strcmp(to, first) < 0))
		return RC_OK;
	rc = find_id(b, fact->id, id);
	if (rc != RC_OK)
		return rc;
	*past = json_copy((json_t *)(uintptr_t)standing);
	if (!*past ||
	    json_object_set_new(*past, EDITION_TO, json_string(last)) ||
	    json_object_del(*past, "id") || json_object_del(*past, "scope") ||
	    json_object_set_new(record, EDITION_FROM, json_string(first)))
		return err_set(b->op->err, RC_NOMEM, "out of memory");
	entry_note(fact, &kept);
	return RC_OK;
}

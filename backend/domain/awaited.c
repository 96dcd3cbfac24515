#include "domain/awaited.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/jcs.h"
#include "domain/calendar.h"
#include "evidence/evidence.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (8 * INT64_C(3600000))
#define ALARMS_MAX 500

static int64_t day_of(int64_t ms)
{
	return (ms + CHINA_MS) / DAY_MS;
}

/* NULL where it is here, or not asked for. */
static enum rc row_make(struct op *op, const char *scope, struct query *q,
			const struct calendar *c, int64_t as_of, bool only_late,
			json_t **out)
{
	const struct evidence_file f = { .scope = scope,
					 .sha256 = query_get_text(q, 1),
					 .bytes = query_get_int(q, 2) };
	int64_t since = day_of(query_get_int(q, 4));
	int days = working_days_between(c, since, as_of);
	struct evidence_seen seen;
	char day[11];
	enum rc rc = evidence_look(op->store->dir, &f, &seen, op->err);

	*out = NULL;
	if (rc != RC_OK || seen.state == EVIDENCE_WHOLE ||
	    (only_late && days <= AWAITED_DAYS))
		return rc;
	date_format(day, since);
	*out = json_pack("{s:s, s:s, s:I, s:s, s:s, s:i, s:b}", "visit",
			 query_get_text(q, 3), "evidence", query_get_text(q, 0),
			 "size", (json_int_t)f.bytes, "state",
			 evidence_state_name(seen.state), "since", day,
			 "working_days", days, "late", days > AWAITED_DAYS);
	return *out ? RC_OK : err_set(op->err, RC_NOMEM, "out of memory");
}

static enum rc rows_read(struct op *op, const char *scope,
			 const struct calendar *c, int64_t as_of,
			 bool only_late, json_t *rows)
{
	struct query *q = query_begin(op->store->db, SQL_EVIDENCE_AWAITED);
	enum rc rc = RC_OK;

	query_text(q, 1, scope);
	while (rc == RC_OK && query_row(q)) {
		json_t *row;

		rc = row_make(op, scope, q, c, as_of, only_late, &row);
		if (row)
			json_array_append_new(rows, row);
	}
	return query_end(q, op->err) == RC_OK ? rc : op->err->code;
}

enum rc awaited_list(struct op *op, const char *scope, const char *as_of,
		     bool only_late, json_t **out)
{
	int64_t day = day_of(op->now_ms);
	struct calendar c = { 0 };
	enum rc rc = RC_OK;

	*out = json_array();
	if (!*out)
		return err_set(op->err, RC_NOMEM, "out of memory");
	if (as_of && !date_parse(as_of, &day))
		rc = err_set(op->err, RC_INVALID, "'%s' is no date", as_of);
	if (rc == RC_OK && registry_kind(op->store->kinds, "evidence")) {
		rc = calendar_open(&c, op);
		if (rc == RC_OK)
			rc = rows_read(op, scope, &c, day, only_late, *out);
		calendar_close(&c);
	}
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* -- alarms -- */

static void alarm_id(char id[33], const char *visit)
{
	char text[80], hex[65];
	int n = snprintf(text, sizeof(text), "evidence_missing\x1f%s", visit);

	sha256_hex(hex, text, (size_t)n);
	memcpy(id, hex, 32);
	id[32] = '\0';
}

static enum rc is_raised(struct op *op, const char *scope, const char *id,
			 bool *raised)
{
	char *text = NULL;
	size_t len;
	enum rc rc = store_record(op->store, scope, "alarm", id, &text, &len,
				  NULL, op->err);

	*raised = rc == RC_OK;
	free(text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The alarm about a visit with n late files; *out NULL where there is one. */
static enum rc alarm_make(struct op *op, const char *scope, const char *visit,
			  int n, const char *id, json_t **out)
{
	json_t *record = NULL, *officers;
	char text[160];
	bool raised;
	enum rc rc = is_raised(op, scope, id, &raised);

	*out = NULL;
	if (rc != RC_OK || raised)
		return rc;
	rc = ledger_record(op, scope, "visit", visit, &record);
	if (rc != RC_OK)
		return rc;
	snprintf(text, sizeof(text),
		 "missing %d file%s of evidence of visit '%.32s' for more than "
		 "%d working days: it cannot be published",
		 n, n == 1 ? "" : "s", visit, AWAITED_DAYS);
	officers = json_object_get(record, "officers");
	*out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:O*}",
			 "town", json_text(record, "town"), "rule",
			 "evidence_missing", "record_kind", "visit",
			 "record_id", visit, "level", "alarm", "text", text,
			 "opened_at", (json_int_t)op->now_ms, "state", "open",
			 "named", officers);
	json_decref(record);
	return *out ? RC_OK : err_set(op->err, RC_NOMEM, "out of memory");
}

struct alarms {
	struct office_record records[ALARMS_MAX];
	char ids[ALARMS_MAX][33];
	size_t n;
};

static enum rc alarms_gather(struct op *op, const char *scope,
			     const json_t *rows, struct alarms *a)
{
	size_t all = json_array_size(rows), i = 0, end;
	enum rc rc = RC_OK;

	while (rc == RC_OK && i < all && a->n < ALARMS_MAX) {
		const char *visit = json_text(json_array_get(rows, i), "visit");
		struct office_record *r = &a->records[a->n];
		json_t *alarm = NULL;

		for (end = i; end < all; end++)
			if (strcmp(visit, json_text(json_array_get(rows, end),
						    "visit")) != 0)
				break;
		alarm_id(a->ids[a->n], visit);
		rc = alarm_make(op, scope, visit, (int)(end - i), a->ids[a->n],
				&alarm);
		if (alarm) {
			*r = (struct office_record){ .kind = "alarm",
						     .id = a->ids[a->n],
						     .record = alarm };
			a->n++;
		}
		i = end;
	}
	return rc;
}

enum rc awaited_alarm(struct op *op, const char *scope, const char *as_of,
		      int *raised)
{
	struct alarms *a = calloc(1, sizeof(*a));
	json_t *rows = NULL;
	enum rc rc = a ? awaited_list(op, scope, as_of, true, &rows)
		       : err_set(op->err, RC_NOMEM, "out of memory");

	*raised = 0;
	if (rc == RC_OK)
		rc = alarms_gather(op, scope, rows, a);
	if (rc == RC_OK && a->n) {
		struct office_write w = { .scope = scope,
					  .operation = "alarm",
					  .message = "evidence that has not "
						     "come",
					  .records = a->records,
					  .n = a->n };

		rc = ledger_office(op, &w);
		*raised = (int)a->n;
	}
	for (size_t i = 0; a && i < a->n; i++)
		json_decref((json_t *)(uintptr_t)a->records[i].record);
	json_decref(rows);
	free(a);
	return rc;
}

/* domain/rectification.c - which orders to correct are late. */
#include "domain/rectification.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/calendar.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)

/* One row of SQL_RECTIFICATIONS. */
enum column {
	COL_ID,
	COL_SUBJECT,
	COL_VISIT,
	COL_STATE,
	COL_SERVED,
	COL_DUE,
	COL_TERM,
	COL_EXTENDED,
};

static bool day_of(struct query *q, int col, int64_t *day)
{
	const char *text = query_get_text(q, col);

	return text && date_parse(text, day);
}

static bool deadline_of(struct query *q, const struct calendar *c,
			int64_t *deadline, bool *is_extended)
{
	int64_t served, extended;
	bool found = day_of(q, COL_DUE, deadline);

	if (!found && !query_is_null(q, COL_TERM) &&
	    day_of(q, COL_SERVED, &served)) {
		*deadline = working_days_add(c, served,
					     (int)query_get_int(q, COL_TERM));
		found = true;
	}
	*is_extended = day_of(q, COL_EXTENDED, &extended) &&
		       (!found || extended > *deadline);
	if (*is_extended)
		*deadline = extended;
	if (!found && !*is_extended)
		return false;
	*deadline = working_days_add(c, *deadline, 0);
	return true;
}

static bool waits_for_proof(const char *state)
{
	return !state || !strcmp(state, "issued") || !strcmp(state, "served");
}

static void text_put(json_t *row, const char *name, struct query *q, int col)
{
	if (!query_is_null(q, col))
		json_object_set_new(row, name,
				    json_string(query_get_text(q, col)));
}

/* The row, or NULL where only overdue ones are asked for. */
static json_t *row_make(struct query *q, const struct calendar *c,
			int64_t as_of, bool only_overdue)
{
	int64_t deadline = 0;
	bool is_extended;
	bool has = deadline_of(q, c, &deadline, &is_extended);
	bool overdue = has && deadline < as_of &&
		       waits_for_proof(query_get_text(q, COL_STATE));
	json_t *row;
	char day[11];

	if (only_overdue && !overdue)
		return NULL;
	row = json_object();
	text_put(row, "id", q, COL_ID);
	text_put(row, "subject", q, COL_SUBJECT);
	text_put(row, "visit", q, COL_VISIT);
	text_put(row, "state", q, COL_STATE);
	text_put(row, "served_on", q, COL_SERVED);
	if (has) {
		date_format(day, deadline);
		json_object_set_new(row, "deadline", json_string(day));
	}
	json_object_set_new(row, "extended", json_boolean(is_extended));
	json_object_set_new(row, "overdue", json_boolean(overdue));
	json_object_set_new(
		row, "working_days_over",
		json_integer(overdue ? working_days_between(c, deadline, as_of)
				     : 0));
	return row;
}

/* Those without a deadline come last. */
static int row_compare(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	const char *dx = json_text(x, "deadline");
	const char *dy = json_text(y, "deadline");
	int order = strcmp(dx ? dx : "~", dy ? dy : "~");

	return order ? order : strcmp(json_text(x, "id"), json_text(y, "id"));
}

static enum rc rows_sort(json_t *rows, json_t **out, struct err *err)
{
	size_t n = json_array_size(rows);
	json_t **list = calloc(n ? n : 1, sizeof(*list));

	if (!list)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		list[i] = json_array_get(rows, i);
	qsort(list, n, sizeof(*list), row_compare);
	*out = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append(*out, list[i]);
	free(list);
	return RC_OK;
}

enum rc rectification_list(struct op *op, const char *scope,
			   const struct rectification_options *o, json_t **out)
{
	struct calendar c;
	json_t *rows = json_array();
	int64_t as_of = op->now_ms / DAY_MS;
	struct query *q;
	enum rc rc = calendar_open(&c, op);

	*out = NULL;
	if (rc == RC_OK && o->as_of && !date_parse(o->as_of, &as_of))
		rc = err_set(op->err, RC_INVALID, "'%s' is no date", o->as_of);
	if (rc == RC_OK) {
		q = query_begin(op->store->db, SQL_RECTIFICATIONS);
		query_text(q, 1, scope);
		while (query_row(q)) {
			json_t *row = row_make(q, &c, as_of, o->overdue);

			if (row)
				json_array_append_new(rows, row);
		}
		rc = query_end(q, op->err);
	}
	if (rc == RC_OK)
		rc = rows_sort(rows, out, op->err);
	json_decref(rows);
	calendar_close(&c);
	return rc;
}

/* store/past.c - kinds as they stood, from the log. */
#include "store/past.h"

#include <ctype.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "kind/rows.h"
#include "sql_store.gen.h"

#define DAY_SECONDS INT64_C(86400)

struct commit_row {
	struct past_point point;
	int64_t seconds;
};

/* *found is false behind the newest. */
static enum rc commit_read(struct store *s, const char *scope, int64_t number,
			   struct commit_row *out, bool *found, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_MAIN_BY_NUMBER);

	memset(out, 0, sizeof(*out));
	query_text(q, 1, scope);
	query_int(q, 2, number);
	*found = query_row(q);
	if (*found) {
		size_t n;
		const void *oid = query_get_blob(q, 0, &n);

		if (oid && n == OID_BYTES)
			hex_encode(out->point.commit, oid, n);
		out->point.position = query_get_int(q, 2);
		out->seconds = query_get_int(q, 5);
	}
	return query_end(q, err);
}

static enum rc newest_number(struct store *s, const char *scope, int64_t *out,
			     struct err *err)
{
	struct query *q = query_begin(s->db, SQL_MAIN_HEAD);

	query_text(q, 1, scope);
	*out = query_row(q) ? query_get_int(q, 3) : 0;
	return query_end(q, err);
}

/* The last commit before a second and up to a position. Commits are numbered
 * without gaps, and neither their seconds nor their positions ever go back:
 * halving finds it in a few steps, however many there are. */
static enum rc point_find(struct store *s, const char *scope, int64_t before,
			  int64_t upto, struct past_point *out, struct err *err)
{
	int64_t from = 0,
		to; /* number `from` fits, or is 0; none behind `to` */
	enum rc rc = newest_number(s, scope, &to, err);
	struct commit_row row;
	bool found;

	memset(out, 0, sizeof(*out));
	while (rc == RC_OK && from < to) {
		int64_t middle = to - (to - from) / 2;

		/* The newest is asked for most often. */
		if (!from && upto == INT64_MAX && before == INT64_MAX)
			middle = to;
		rc = commit_read(s, scope, middle, &row, &found, err);
		if (rc == RC_OK && found && row.seconds < before &&
		    row.point.position <= upto) {
			from = middle;
			*out = row.point;
		} else {
			to = middle - 1;
		}
	}
	return rc;
}

enum rc past_now(struct store *s, const char *scope, struct past_point *out,
		 struct err *err)
{
	return point_find(s, scope, INT64_MAX, INT64_MAX, out, err);
}

enum rc past_day(struct store *s, const char *scope, const char *date,
		 struct past_point *out, struct err *err)
{
	int64_t day;

	if (!date_parse(date, &day))
		return err_set(err, RC_INVALID,
			       "'%.20s' is no date like 2026-11-22", date);
	if (day > host_wall_ms(s->host) / (DAY_SECONDS * 1000))
		return err_set(err, RC_INVALID, "%.20s is yet to come", date);
	return point_find(s, scope, (day + 1) * DAY_SECONDS, INT64_MAX, out,
			  err);
}

enum rc past_position(struct store *s, const char *scope, int64_t position,
		      struct past_point *out, struct err *err)
{
	struct past_point head;
	enum rc rc = past_now(s, scope, &head, err);

	if (rc == RC_OK && (position < 0 || position > head.position))
		return err_set(err, RC_INVALID,
			       "the log of scope '%s' has positions up to %lld",
			       scope, (long long)head.position);
	if (rc == RC_OK)
		rc = point_find(s, scope, INT64_MAX, position, out, err);
	out->position = position;
	return rc;
}

enum rc past_point_parse(struct store *s, const char *scope, const char *text,
			 struct past_point *out, struct err *err)
{
	int64_t position = 0;
	size_t n = 0;

	for (; n < 18 && isdigit((unsigned char)text[n]); n++)
		position = position * 10 + (text[n] - '0');
	if (n > 0 && !text[n])
		return past_position(s, scope, position, out, err);
	return past_day(s, scope, text, out, err);
}

enum rc past_begin(struct past *p, struct store *s, const char *scope,
		   const char *const *kinds, const char *subject,
		   struct err *err)
{
	/* It takes no effect once there are temporary tables. */
	enum rc rc = db_script(s->db, "PRAGMA temp_store=FILE", err);

	*p = (struct past){ .store = s, .scope = scope };
	if (subject)
		snprintf(p->only, sizeof(p->only), "%%\"subject\":\"%.32s\"%%",
			 subject);
	for (size_t i = 0; rc == RC_OK && kinds[i]; i++) {
		const struct kind *k = registry_kind(s->kinds, kinds[i]);

		if (!k || p->nkinds == PAST_KINDS_MAX)
			return err_set(err, RC_NOT_FOUND,
				       "there is no kind '%.60s'", kinds[i]);
		rc = rows_shadow_begin(s->db, k, err);
		p->kinds[p->nkinds++] = k;
	}
	return rc;
}

/* The record in the current row of a query, into the table in front. */
static enum rc row_put(struct past *p, const struct kind *k, struct query *q,
		       struct err *err)
{
	json_t *record = NULL;
	enum rc rc = RC_OK;

	if (!query_is_null(q, 1))
		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &record, err);
	if (rc == RC_OK && record)
		rc = rows_put(p->store->db, k, ROWS_SERVER, record, err);
	json_decref(record);
	return rc;
}

/* Into the empty table: the next `most` records of the kind behind `after`, as
 * they stood at a position. */
static enum rc kind_fill(struct past *p, const struct kind *k, int64_t to,
			 const char *after, int64_t most, char upto[33],
			 struct err *err)
{
	struct query *q = query_begin(p->store->db, SQL_LOG_KIND_AT);
	enum rc rc = RC_OK, ended;
	int64_t n = 0;

	query_text(q, 1, p->scope);
	query_text(q, 2, k->name);
	query_text(q, 3, after);
	query_int(q, 4, to);
	query_text(q, 5, *p->only ? p->only : NULL);
	query_int(q, 6, most);
	upto[0] = '\0';
	while (rc == RC_OK && query_row(q)) {
		if (++n == most)
			snprintf(upto, 33, "%s", query_get_text(q, 0));
		rc = row_put(p, k, q, err);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

static enum rc kind_advance(struct past *p, const struct kind *k, int64_t to,
			    struct err *err)
{
	struct query *q;
	char upto[33];
	enum rc rc = RC_OK, ended;

	if (!p->at)
		return kind_fill(p, k, to, "", INT64_MAX, upto, err);
	q = query_begin(p->store->db, SQL_LOG_KIND_BETWEEN);
	query_text(q, 1, p->scope);
	query_text(q, 2, k->name);
	query_int(q, 3, p->at);
	query_int(q, 4, to);
	query_text(q, 5, *p->only ? p->only : NULL);
	while (rc == RC_OK && query_row(q))
		rc = row_put(p, k, q, err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

enum rc past_fill(struct past *p, int64_t position, const char *after,
		  int64_t most, char upto[33], struct err *err)
{
	enum rc rc = db_begin(p->store->db, false, err);

	if (rc == RC_OK)
		rc = kind_fill(p, p->kinds[0], position, after, most, upto,
			       err);
	if (rc == RC_OK)
		rc = db_commit(p->store->db, err);
	db_rollback(p->store->db);
	return rc;
}

enum rc past_advance(struct past *p, int64_t position, struct err *err)
{
	enum rc rc = db_begin(p->store->db, false, err);

	for (size_t i = 0; rc == RC_OK && i < p->nkinds; i++)
		rc = kind_advance(p, p->kinds[i], position, err);
	for (size_t i = 0; rc == RC_OK && !p->at && i < p->nkinds; i++)
		rc = rows_shadow_index(p->store->db, p->kinds[i], err);
	if (rc == RC_OK)
		rc = db_commit(p->store->db, err);
	db_rollback(p->store->db);
	p->at = position;
	return rc;
}

enum rc past_end(struct past *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < p->nkinds; i++) {
		struct err hiccup = { 0 };

		/* A second time, since the past must not be taken for today. */
		if (rows_shadow_end(p->store->db, p->kinds[i], &hiccup) !=
			    RC_OK &&
		    rows_shadow_end(p->store->db, p->kinds[i], err) != RC_OK)
			rc = RC_IO;
	}
	p->nkinds = 0;
	return rc;
}

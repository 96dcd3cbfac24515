/* domain/draw_freeze.c - what a commitment commits: read from one state of the
 * store. */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/jcs.h"
#include "domain/csv.h"
#include "domain/draw_ticket.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)

struct freezing {
	struct op *op;
	const char *scope;
	const struct draw_options *options;
	json_t *asked; /* exclusions of the file: {id: reason} */
	json_t *frame, *membership, *pool, *excluded;
	json_t *strata; /* [{"name","n","size","members_hash"}] */
};

enum rc draw_exclusions(const char *path, json_t **out, struct err *err)
{
	struct csv_row row;
	struct csv *csv = NULL;
	enum rc rc = csv_open(&csv, path, false, err);

	*out = json_object();
	while (rc == RC_OK && (rc = csv_next(csv, &row, err)) == RC_OK) {
		if (row.state == CSV_END)
			break;
		if (row.state == CSV_REFUSED || row.n != 2 || !row.cells[0].n ||
		    !row.cells[1].n)
			rc = err_set(err, RC_INVALID,
				     "'%s' line %lld is not an id and a reason",
				     path, (long long)row.line);
		else if (row.line > 1 || strcmp(row.cells[0].p, "id") != 0)
			json_object_set_new(*out, row.cells[0].p,
					    json_string(row.cells[1].p));
	}
	csv_close(csv);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

static void exclude(struct freezing *f, const char *id, const char *reason)
{
	json_array_append_new(f->excluded, json_pack("{s:s, s:s}", "id", id,
						     "reason", reason));
}

/* Why an exclusion of the file applies to this id; each must apply once. */
static const char *asked_for(struct freezing *f, const char *id)
{
	return json_text(f->asked, id);
}

static enum rc freeze_frame(struct freezing *f)
{
	struct query *q = query_begin(f->op->store->db, SQL_DRAW_SUBJECTS);

	query_text(q, 1, f->scope);
	query_text(q, 2, f->options->town);
	query_text(q, 3, f->options->industry);
	while (query_row(q)) {
		const char *id = query_get_text(q, 0);
		const char *state = query_get_text(q, 1);
		const char *reason = asked_for(f, id);

		if (reason)
			exclude(f, id, reason);
		else if (state && strcmp(state, "in_business") != 0)
			exclude(f, id, state);
		else
			json_array_append_new(f->frame, json_string(id));
	}
	if (query_end(q, f->op->err) != RC_OK)
		return f->op->err->code;
	if (json_array_size(f->frame) == 0)
		return err_set(
			f->op->err, RC_INVALID,
			"no subject of '%s' is in business and asked for",
			f->scope);
	if (json_array_size(f->frame) > DRAW_IDS_MAX)
		return err_set(f->op->err, RC_INVALID,
			       "a frame has at most %u subjects", DRAW_IDS_MAX);
	return RC_OK;
}

static void copy_text(json_t *to, const char *key, struct query *q, int col)
{
	if (!query_is_null(q, col))
		json_object_set_new(to, key,
				    json_string(query_get_text(q, col)));
}

static enum rc freeze_pool(struct freezing *f, const char *day)
{
	struct query *q = query_begin(f->op->store->db, SQL_DRAW_POOL);
	int64_t wanted = f->options->officers ? f->options->officers : 2;
	int64_t candidates = 0;

	query_text(q, 1, f->scope);
	while (query_row(q)) {
		json_t *o = json_object();
		const char *reason = asked_for(f, query_get_text(q, 0));

		copy_text(o, "id", q, 0);
		copy_text(o, "state", q, 1);
		copy_text(o, "certificate", q, 2);
		copy_text(o, "certificate_from", q, 3);
		copy_text(o, "certificate_to", q, 4);
		if (reason)
			json_object_set_new(o, "excluded", json_string(reason));
		candidates += !draw_officer_refused(o, day);
		json_array_append_new(f->pool, o);
	}
	if (query_end(q, f->op->err) != RC_OK)
		return f->op->err->code;
	if (wanted < 2 || wanted > 10)
		return err_set(f->op->err, RC_INVALID,
			       "a subject is checked by 2 to 10 officers");
	if (candidates < wanted)
		return err_set(f->op->err, RC_INVALID,
			       "%lld of %zu officers of '%s' may be drawn on "
			       "%s, %lld are needed",
			       (long long)candidates, json_array_size(f->pool),
			       f->scope, day, (long long)wanted);
	return RC_OK;
}

static void add_stratum(struct freezing *f, const char *name, size_t len,
			int64_t n)
{
	json_array_append_new(f->strata, json_pack("{s:s%, s:I}", "name", name,
						   len, "n", (json_int_t)n));
}

/* "A=10,B=20": the named grades in the order given. */
/* The next NAME=N of a quota; *at stands behind it and its comma then. */
static bool quota_next(const char **at, size_t *name_bytes, long long *n)
{
	const char *digits;
	char *end;

	*name_bytes = strcspn(*at, "=,");
	if (!*name_bytes || *name_bytes > 30 || (*at)[*name_bytes] != '=')
		return false;
	digits = *at + *name_bytes + 1;
	*n = strtoll(digits, &end, 10);
	if (end == digits || *n < 0 || (*end && (*end != ',' || !end[1])))
		return false;
	*at = end + (*end == ',');
	return true;
}

bool draw_quota_is_legal(const char *text)
{
	size_t strata = 0, name_bytes;
	long long n;

	/* One more is for grades without a quota. */
	while (*text && strata < DRAW_STRATA_MAX - 1 &&
	       quota_next(&text, &name_bytes, &n))
		strata++;
	return strata > 0 && !*text;
}

static enum rc read_quota(struct freezing *f)
{
	const char *at = f->options->quota, *name;
	size_t name_bytes;
	long long n;

	if (!at) {
		add_stratum(f, "all", 3, f->options->count);
		return f->options->count > 0
			       ? RC_OK
			       : err_set(f->op->err, RC_INVALID,
					 "how many? a count above 0, or quotas "
					 "by grade");
	}
	if (!draw_quota_is_legal(at))
		return err_set(f->op->err, RC_INVALID,
			       "quotas are like A=10,B=20, not '%.60s'", at);
	for (name = at; quota_next(&at, &name_bytes, &n); name = at)
		add_stratum(f, name, name_bytes, n);
	return RC_OK;
}

static size_t stratum_of(struct freezing *f, const char *name)
{
	size_t n = json_array_size(f->strata);

	for (size_t k = 0; k < n; k++)
		if (strcmp(json_text(json_array_get(f->strata, k), "name"),
			   name) == 0)
			return k;
	/* A grade without a quota is a stratum of which nobody is drawn. */
	if (n < DRAW_STRATA_MAX)
		add_stratum(f, name, strlen(name), 0);
	return n;
}

/* Both lists are in the order of ids: one walk. The newest rating of a subject
 * comes first. */
static enum rc freeze_grades(struct freezing *f)
{
	struct query *q = query_begin(f->op->store->db, SQL_DRAW_GRADES);
	bool more;

	query_text(q, 1, f->scope);
	more = query_row(q);
	for (size_t i = 0; i < json_array_size(f->frame); i++) {
		const char *id = json_string_value(json_array_get(f->frame, i));
		const char *grade = NULL;

		while (more && strcmp(query_get_text(q, 0), id) < 0)
			more = query_row(q);
		if (more && strcmp(query_get_text(q, 0), id) == 0)
			grade = query_get_text(q, 1);
		json_array_append_new(f->membership,
				      json_integer((json_int_t)stratum_of(
					      f, grade ? grade : "unrated")));
	}
	if (query_end(q, f->op->err) != RC_OK)
		return f->op->err->code;
	if (json_array_size(f->strata) >= DRAW_STRATA_MAX)
		return err_set(f->op->err, RC_INVALID,
			       "the ratings have too many grades");
	return RC_OK;
}

static enum rc freeze_strata(struct freezing *f)
{
	int64_t sizes[DRAW_STRATA_MAX] = { 0 };
	enum rc rc = read_quota(f);

	if (rc == RC_OK && f->options->quota)
		rc = freeze_grades(f);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(f->frame); i++) {
		if (!f->options->quota)
			json_array_append_new(f->membership, json_integer(0));
		sizes[json_integer_value(json_array_get(f->membership, i))]++;
	}
	for (size_t k = 0; rc == RC_OK && k < json_array_size(f->strata); k++) {
		json_t *s = json_array_get(f->strata, k);
		char hash[65];

		draw_hash_members(hash, f->frame, f->membership, k);
		json_object_set_new(s, "size", json_integer(sizes[k]));
		json_object_set_new(s, "members_hash", json_string(hash));
		if (json_int(s, "n", 0) > sizes[k])
			rc = err_set(f->op->err, RC_INVALID,
				     "stratum '%s' has %lld subjects, fewer "
				     "than its quota of %lld",
				     json_text(s, "name"), (long long)sizes[k],
				     (long long)json_int(s, "n", 0));
	}
	return rc;
}

static json_t *rules_of(const struct freezing *f, const char *day,
			const char *exclusions_hash)
{
	const struct draw_options *o = f->options;
	json_t *rules =
		json_pack("{s:s, s:s, s:s}", "day", day, "exclusions_hash",
			  exclusions_hash, "load_limit", DRAW_LOAD_LIMIT);

	if (o->due)
		json_object_set_new(rules, "due", json_string(o->due));
	if (o->industry)
		json_object_set_new(rules, "industry",
				    json_string(o->industry));
	if (o->item)
		json_object_set_new(rules, "item", json_string(o->item));
	if (o->town)
		json_object_set_new(rules, "town", json_string(o->town));
	return rules;
}

static enum rc committed_of(struct freezing *f, const char *day, json_t **out)
{
	char frame[65], pool[65], exclusions[65];
	const struct draw_options *o = f->options;
	struct err *err = f->op->err;
	enum rc rc = draw_hash(pool, f->pool, err);

	if (rc == RC_OK)
		rc = draw_hash(exclusions, f->excluded, err);
	if (rc != RC_OK)
		return rc;
	draw_hash_lines(frame, f->frame);
	*out = json_pack(
		"{s:s, s:s, s:I, s:I, s:s, s:o, s:s, s:s, s:O}", "algorithm",
		DRAW_ALGORITHM, "frame_hash", frame, "frame_size",
		(json_int_t)json_array_size(f->frame), "officers_per_subject",
		(json_int_t)(o->officers ? o->officers : 2), "pool_hash", pool,
		"rules", rules_of(f, day, exclusions), "scope", f->scope,
		"seed_source",
		o->seed_source ? o->seed_source : "given at the reveal",
		"strata", f->strata);
	return *out ? RC_OK
		    : err_set(err, RC_INVALID,
			      "the source of the seed, a "
			      "reason or a name is not UTF-8");
}

/* An exclusion that excludes nobody is a slip of the pen, found now rather than
 * by the one who was to be left out. */
static enum rc all_were_found(struct freezing *f)
{
	const char *id;
	json_t *reason;

	json_object_foreach(f->asked, id, reason)
	{
		bool found = false;

		for (size_t i = 0; i < json_array_size(f->excluded); i++)
			found |=
				strcmp(json_text(json_array_get(f->excluded, i),
						 "id"),
				       id) == 0;
		for (size_t i = 0; i < json_array_size(f->pool); i++)
			found |= strcmp(json_text(json_array_get(f->pool, i),
						  "id"),
					id) == 0;
		if (!found)
			return err_set(f->op->err, RC_INVALID,
				       "'%.32s' is to be excluded and is "
				       "neither a subject asked for nor an "
				       "officer",
				       id);
	}
	return RC_OK;
}

static enum rc freeze_all(struct freezing *f, json_t **committed)
{
	char day[11];
	enum rc rc = db_begin(f->op->store->db, false, f->op->err);

	date_format(day, f->op->now_ms / DAY_MS);
	if (rc != RC_OK)
		return rc;
	rc = freeze_frame(f);
	if (rc == RC_OK)
		rc = freeze_pool(f, day);
	if (rc == RC_OK)
		rc = all_were_found(f);
	if (rc == RC_OK)
		rc = freeze_strata(f);
	db_rollback(f->op->store->db);
	return rc == RC_OK ? committed_of(f, day, committed) : rc;
}

enum rc draw_freeze(struct op *op, const char *scope,
		    const struct draw_options *options, json_t **committed,
		    json_t **material)
{
	struct freezing f = { .op = op,
			      .scope = scope,
			      .options = options,
			      .frame = json_array(),
			      .membership = json_array(),
			      .pool = json_array(),
			      .excluded = json_array(),
			      .strata = json_array() };
	enum rc rc = RC_OK;

	*committed = *material = NULL;
	if (options->exclude)
		rc = draw_exclusions(options->exclude, &f.asked, op->err);
	if (rc == RC_OK)
		rc = freeze_all(&f, committed);
	if (rc == RC_OK)
		*material = json_pack(
			"{s:O, s:O, s:O, s:O}", "excluded", f.excluded, "frame",
			f.frame, "membership", f.membership, "pool", f.pool);
	json_decref(f.asked);
	json_decref(f.frame);
	json_decref(f.membership);
	json_decref(f.pool);
	json_decref(f.excluded);
	json_decref(f.strata);
	return rc;
}

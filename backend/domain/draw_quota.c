/* domain/draw_quota.c - how many of each grade: numbers, or ratios with a
 * floor, and which subjects are in which stratum.
 *
 * A ratio is in basis points; n = ceil(size x ratio / 10000), and at least 1
 * where there is anybody. A grade without a quota, or with none, is refused:
 * no class is exempt from draws for good. */
#include "domain/draw_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define STRATUM_NAME_MAX 30

/* "5%", "0.5%" or "12.25%" in basis points; *at stands behind it then. */
static bool percent_next(const char **at, int64_t *out)
{
	char *end;
	int64_t n = strtoll(*at, &end, 10) * 100, place = 10;

	if (end == *at || **at < '0' || **at > '9' || n > 10000)
		return false;
	if (*end == '.') {
		const char *digit = end + 1;

		for (; *digit >= '0' && *digit <= '9' && place; place /= 10)
			n += place * (*digit++ - '0');
		if (digit == end + 1)
			return false;
		end += digit - end;
	}
	if (*end != '%' || n < 1 || n > 10000)
		return false;
	*at = end + 1;
	*out = n;
	return true;
}

static bool number_next(const char **at, int64_t *out)
{
	char *end;

	*out = strtoll(*at, &end, 10);
	if (end == *at || **at < '0' || **at > '9')
		return false;
	*at = end;
	return true;
}

/* The next NAME=N of a quota, or NAME=N% of ratios. */
static bool quota_next(const char **at, bool is_ratio, const char **name,
		       size_t *name_bytes, int64_t *n)
{
	*name = *at;
	*name_bytes = strcspn(*at, "=,");
	if (!*name_bytes || *name_bytes > STRATUM_NAME_MAX ||
	    (*at)[*name_bytes] != '=')
		return false;
	*at += *name_bytes + 1;
	if (!(is_ratio ? percent_next(at, n) : number_next(at, n)))
		return false;
	if (!**at)
		return true;
	return *(*at)++ == ',' && **at;
}

static bool quotas_are_legal(const char *text, bool is_ratio)
{
	const char *name;
	size_t strata = 0, bytes;
	int64_t n;

	while (*text && strata < DRAW_STRATA_MAX &&
	       quota_next(&text, is_ratio, &name, &bytes, &n))
		strata++;
	return strata > 0 && !*text;
}

bool draw_quota_is_legal(const char *text)
{
	return quotas_are_legal(text, false);
}

bool draw_ratio_is_legal(const char *text)
{
	const char *at = text;
	int64_t n;

	return quotas_are_legal(text, true) || (percent_next(&at, &n) && !*at);
}

/* The product's own rule is recorded in the product's name, not in that of
 * whoever draws first. */
static enum rc default_record(struct op *op, const char *schema)
{
	struct account product = *op->actor;
	struct op as_product = *op;
	struct office_record r = { .kind = "ratio_rule" };
	json_t *record = NULL;
	char path[4096], id[21];
	const char *const keys[] = { "default", "1", NULL };
	enum rc rc;

	snprintf(path, sizeof(path), "%s/ratio_rules/default.json", schema);
	rc = draw_file_read(path, &record, op->err);
	import_id(id, "hufu", "ratio_rule", keys);
	product.roles = ROLE_ADMINISTRATOR;
	snprintf(product.scopes, sizeof(product.scopes), "*");
	as_product.actor = &product;
	r.id = id;
	r.record = record;
	if (rc == RC_OK)
		rc = draw_put_all(&as_product, "catalog",
				  "record the default ratios of draws", &r, 1);
	json_decref(record);
	return rc;
}

static enum rc rule_find(struct op *op, const char *code, const char *day,
			 char name[64], char ratios[1001])
{
	struct query *q = query_begin(op->store->db, SQL_RATIO_RULE_IN_FORCE);

	query_text(q, 1, code);
	query_text(q, 2, day);
	if (query_row(q)) {
		snprintf(name, 64, "%.32s version %lld", code,
			 (long long)query_get_int(q, 1));
		snprintf(ratios, 1001, "%s", query_get_text(q, 2));
	} else {
		*name = *ratios = '\0';
	}
	return query_end(q, op->err);
}

enum rc draw_ratio_rule_ready(struct op *op, const struct draw_options *o)
{
	char name[64], ratios[1001];
	int64_t n = 0;
	enum rc rc;

	if (!o->ratio_rule || strcmp(o->ratio_rule, "default") != 0 ||
	    !o->schema)
		return RC_OK;
	rc = rule_find(op, "default", "9999-12-31", name, ratios);
	if (rc == RC_OK && !*name)
		rc = db_int(op->store->db,
			    "SELECT count(*) FROM ratio_rule WHERE code = "
			    "'default'",
			    0, &n, op->err);
	return rc == RC_OK && !*name && !n ? default_record(op, o->schema) : rc;
}

static json_t *stratum_add(struct freezing *f, const char *name, size_t len)
{
	json_t *s = json_pack("{s:s%}", "name", name, len);

	json_array_append_new(f->strata, s);
	return s;
}

/* The named grades in the order given. */
static enum rc read_quotas(struct freezing *f, const char *text, bool is_ratio)
{
	const char *at = text, *name;
	size_t bytes;
	int64_t n;

	if (!quotas_are_legal(text, is_ratio))
		return err_set(f->op->err, RC_INVALID,
			       "%s are like %s, not '%.60s'",
			       is_ratio ? "ratios" : "quotas",
			       is_ratio ? "A=5%,B=10%" : "A=10,B=20", text);
	while (*at && quota_next(&at, is_ratio, &name, &bytes, &n)) {
		json_t *s = stratum_add(f, name, bytes);

		json_object_set_new(s, is_ratio ? "ratio_bp" : "n",
				    json_integer(n));
		if (n == 0)
			return err_set(f->op->err, RC_INVALID,
				       "grade '%s' has a quota of 0: no class "
				       "is exempt from a draw",
				       json_text(s, "name"));
	}
	return RC_OK;
}

static enum rc read_rule(struct freezing *f)
{
	char ratios[1001];
	enum rc rc = rule_find(f->op, f->options->ratio_rule, f->day,
			       f->ratio_rule, ratios);

	if (rc == RC_OK && !*ratios)
		rc = err_set(f->op->err, RC_NOT_FOUND,
			     "there is no ratio rule '%.32s' in force on %s",
			     f->options->ratio_rule, f->day);
	return rc == RC_OK ? read_quotas(f, ratios, true) : rc;
}

static enum rc read_all(struct freezing *f)
{
	const struct draw_options *o = f->options;
	const char *at = o->ratio;
	int64_t bp;
	json_t *s;

	if (o->quota)
		return read_quotas(f, o->quota, false);
	if (o->ratio_rule)
		return read_rule(f);
	if (at && !(percent_next(&at, &bp) && !*at))
		return read_quotas(f, o->ratio, true);
	s = stratum_add(f, "all", 3);
	if (at)
		json_object_set_new(s, "ratio_bp", json_integer(bp));
	else
		json_object_set_new(s, "n", json_integer(o->count));
	return at || o->count > 0
		       ? RC_OK
		       : err_set(f->op->err, RC_INVALID,
				 "how many? a count above 0, quotas or ratios "
				 "by grade");
}

static size_t stratum_of(const struct freezing *f, const char *grade)
{
	size_t n = json_array_size(f->strata);

	for (size_t k = 0; k < n; k++)
		if (!strcmp(json_text(json_array_get(f->strata, k), "name"),
			    grade))
			return k;
	return n;
}

/* Subjects in strata, under lots that nobody can link to them without the
 * key. */
static enum rc divide(struct freezing *f)
{
	size_t strata = json_array_size(f->strata);
	unsigned char key[32];

	f->membership = json_array();
	for (size_t i = 0; i < json_array_size(f->frame); i++) {
		const char *grade =
			json_string_value(json_array_get(f->grades, i));
		size_t k = stratum_of(f, grade);

		if (k == strata)
			return err_set(f->op->err, RC_INVALID,
				       "grade '%s' has subjects and no quota: "
				       "no class is exempt from a draw",
				       grade);
		json_array_append_new(f->membership,
				      json_integer((json_int_t)k));
	}
	host_random(f->op->store->host, key, sizeof(key));
	hex_encode(f->key, key, sizeof(key));
	return draw_lots(f->key, f->frame, f->membership, strata, &f->lots,
			 f->op->err);
}

static enum rc size_up(struct freezing *f, json_t *stratum, size_t size)
{
	int64_t bp = json_int(stratum, "ratio_bp", 0);

	json_object_set_new(stratum, "size", json_integer((json_int_t)size));
	if (bp) {
		json_object_set_new(stratum, "expected_bp",
				    json_integer((json_int_t)size * bp));
		json_object_set_new(stratum, "n",
				    json_integer(draw_share(size, bp)));
	}
	/* A class of which there is nobody has nobody to draw. */
	if (!size && f->options->quota)
		json_object_set_new(stratum, "n", json_integer(0));
	if (json_int(stratum, "n", 0) > (int64_t)size)
		return err_set(f->op->err, RC_INVALID,
			       "stratum '%s' has %zu subjects, fewer than its "
			       "quota of %lld",
			       json_text(stratum, "name"), size,
			       (long long)json_int(stratum, "n", 0));
	return RC_OK;
}

/* Enough officers for all who are drawn? */
static enum rc load_fits(const struct freezing *f)
{
	int64_t drawn = 0, room = f->options->load_max * f->candidates;

	for (size_t k = 0; k < json_array_size(f->strata); k++)
		drawn += json_int(json_array_get(f->strata, k), "n", 0);
	if (!f->options->load_max || drawn * f->wanted <= room)
		return RC_OK;
	return err_set(f->op->err, RC_INVALID,
		       "%lld subjects with %lld officers each are more than "
		       "%lld officers with %lld subjects each",
		       (long long)drawn, (long long)f->wanted,
		       (long long)f->candidates,
		       (long long)f->options->load_max);
}

bool draw_divides(const struct draw_options *o)
{
	return o->quota || o->ratio_rule || (o->ratio && strchr(o->ratio, '='));
}

bool draw_asks_grades(const struct draw_options *o)
{
	return draw_divides(o) || o->grades;
}

enum rc draw_freeze_strata(struct freezing *f)
{
	bool is_graded = draw_divides(f->options);
	char hash[65];
	enum rc rc = read_all(f);

	if (rc == RC_OK && is_graded)
		rc = divide(f);
	for (size_t k = 0; rc == RC_OK && k < json_array_size(f->strata); k++) {
		const json_t *ids =
			is_graded ? json_array_get(f->lots, k) : f->frame;
		json_t *s = json_array_get(f->strata, k);

		draw_hash_lines(hash, ids);
		json_object_set_new(s, "members_hash", json_string(hash));
		rc = size_up(f, s, json_array_size(ids));
	}
	return rc == RC_OK ? load_fits(f) : rc;
}

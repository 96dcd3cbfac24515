/* domain/draw_freeze.c - what a commitment commits: read from one state of the
 * store. */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "domain/csv.h"

#define DAY_MS INT64_C(86400000)

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

/* The next word of a list that stands at *at, or NULL at its end. */
static const char *word_next(const char **at, size_t *n)
{
	const char *word = *at;

	if (!word || !*word)
		return NULL;
	*n = strcspn(word, ",");
	*at = word + *n + (word[*n] == ',');
	return word;
}

json_t *draw_words(const char *list)
{
	json_t *words = list ? json_array() : NULL;
	const char *word;
	size_t n;

	while ((word = word_next(&list, &n)))
		json_array_append_new(words, json_stringn(word, n));
	return words;
}

bool draw_word_in(const char *list, const char *word)
{
	const char *at = list, *one;
	size_t n;

	while (word && (one = word_next(&at, &n)))
		if (strlen(word) == n && memcmp(one, word, n) == 0)
			return true;
	return !list;
}

static void set_hash(json_t *o, const char *key, const json_t *value,
		     struct err *err)
{
	char hash[65];

	if (draw_hash(hash, value, err) == RC_OK)
		json_object_set_new(o, key, json_string(hash));
}

static void set_words(json_t *o, const char *key, const char *list)
{
	if (list)
		json_object_set_new(o, key, draw_words(list));
}

#define SEED_PARTS_MIN 3
#define SEED_PARTS_MAX 20

/* [{"hash","name"}], or NULL when it is not a legal list. */
static json_t *seed_parts_of(const char *text)
{
	json_t *parts = json_array();
	const char *word;
	bool fits = true;
	size_t n;

	while (fits && (word = word_next(&text, &n))) {
		const char *equals = memchr(word, '=', n);
		size_t name = equals ? (size_t)(equals - word) : 0;
		json_t *part =
			name ? json_pack("{s:s%, s:s%}", "name", word, name,
					 "hash", equals + 1, n - name - 1)
			     : NULL;

		fits = part && name <= 60 && n - name - 1 == 64 &&
		       strspn(equals + 1, "0123456789abcdef") >= 64;
		for (size_t i = 0; fits && i < json_array_size(parts); i++)
			fits = strcmp(json_text(json_array_get(parts, i),
						"name"),
				      json_text(part, "name")) != 0;
		if (part)
			json_array_append_new(parts, part);
	}
	if (fits && json_array_size(parts) >= SEED_PARTS_MIN &&
	    json_array_size(parts) <= SEED_PARTS_MAX)
		return parts;
	json_decref(parts);
	return NULL;
}

bool draw_seed_parts_are_legal(const char *text)
{
	json_t *parts = seed_parts_of(text);
	bool are = parts != NULL;

	json_decref(parts);
	return are;
}

static json_t *rules_of(const struct freezing *f)
{
	const struct draw_options *o = f->options;
	int64_t period = o->period_days < 0 ? DRAW_PERIOD_DAYS : o->period_days;
	json_t *rules = json_pack("{s:s}", "day", f->day);

	set_hash(rules, "exclusions_hash", f->excluded, f->op->err);
	set_hash(rules, "recusals_hash", f->recusals, f->op->err);
	set_hash(rules, "reasons_hash", f->reasons, f->op->err);
	set_words(rules, "states", o->states ? o->states : "in_business");
	set_words(rules, "towns", o->towns);
	set_words(rules, "flags", o->flags);
	set_words(rules, "tags", o->tags);
	set_words(rules, "grades", o->grades);
	draw_set_text(rules, "due", o->due);
	draw_set_text(rules, "industry", o->industry);
	draw_set_text(rules, "item", o->item);
	if (draw_asks_grades(o))
		draw_set_text(rules, "scheme",
			      o->scheme ? o->scheme : SCHEME_DEFAULT);
	draw_set_text(rules, "visited_before", o->visited_before);
	draw_set_text(rules, "ratio_rule", f->ratio_rule);
	if (o->ratio || o->ratio_rule)
		draw_set_text(rules, "rounding", DRAW_ROUNDING);
	if (o->load_max)
		json_object_set_new(rules, "load_max",
				    json_integer(o->load_max));
	if (o->item && period)
		json_object_set_new(rules, "period_days", json_integer(period));
	return rules;
}

static enum rc committed_of(struct freezing *f, json_t **out)
{
	const struct draw_options *o = f->options;
	char frame[65], key_hash[65];

	draw_hash_lines(frame, f->frame);
	*out = json_pack("{s:s, s:s, s:I, s:I, s:o, s:s, s:s, s:O}",
			 "algorithm", DRAW_ALGORITHM, "frame_hash", frame,
			 "frame_size", (json_int_t)json_array_size(f->frame),
			 "officers_per_subject", (json_int_t)f->wanted, "rules",
			 rules_of(f), "scope", f->scope, "seed_source",
			 o->seed_source ? o->seed_source : DRAW_SEED_NO_SOURCE,
			 "strata", f->strata);
	if (!*out)
		return err_set(f->op->err, RC_INVALID,
			       "the source of the seed, a reason or a name is "
			       "not UTF-8");
	set_hash(*out, "pool_hash", f->pool, f->op->err);
	draw_set_text(*out, "seed_at", f->seed_at);
	if (o->seed_parts)
		json_object_set_new(*out, "seed_parts",
				    seed_parts_of(o->seed_parts));
	if (*f->key) {
		draw_key_hash(key_hash, f->key);
		json_object_set_new(*out, "key_hash", json_string(key_hash));
	}
	return f->op->err->code;
}

static bool has_id(const json_t *objects, const char *id)
{
	for (size_t i = 0; i < json_array_size(objects); i++)
		if (!strcmp(json_text(json_array_get(objects, i), "id"), id))
			return true;
	return false;
}

/* An exclusion that excludes nobody is a slip of the pen, found now rather than
 * by the one who was to be left out. */
static enum rc all_were_found(struct freezing *f)
{
	const char *id;
	json_t *reason;

	json_object_foreach(f->asked, id, reason)
	{
		if (!has_id(f->excluded, id) && !has_id(f->pool, id))
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
	enum rc rc = db_begin(f->op->store->db, false, f->op->err);

	if (rc != RC_OK)
		return rc;
	rc = draw_freeze_frame(f);
	if (rc == RC_OK)
		rc = draw_freeze_pool(f);
	if (rc == RC_OK)
		rc = all_were_found(f);
	if (rc == RC_OK)
		rc = draw_freeze_strata(f);
	db_rollback(f->op->store->db);
	return rc == RC_OK ? committed_of(f, committed) : rc;
}

static json_t *material_of(const struct freezing *f)
{
	json_t *material =
		json_pack("{s:O, s:O, s:O, s:O, s:O}", "excluded", f->excluded,
			  "frame", f->frame, "pool", f->pool, "recusals",
			  f->recusals, "reasons", f->reasons);

	if (*f->key) {
		json_object_set(material, "lots", f->lots);
		json_object_set(material, "membership", f->membership);
		json_object_set_new(material, "key", json_string(f->key));
	}
	return material;
}

/* Without the salt, few words would fit the hash. */
static json_t *reasons_new(struct op *op)
{
	unsigned char salt[32];
	char text[2 * sizeof(salt) + 1];

	host_random(op->store->host, salt, sizeof(salt));
	hex_encode(text, salt, sizeof(salt));
	return json_pack("{s:[], s:[], s:s}", "officers", "recusals", "salt",
			 text);
}

enum rc draw_freeze(struct op *op, const char *scope,
		    const struct draw_options *options, json_t **committed,
		    json_t **material)
{
	struct freezing f = { .op = op,
			      .scope = scope,
			      .options = options,
			      .frame = json_array(),
			      .pool = json_array(),
			      .excluded = json_array(),
			      .recusals = json_array(),
			      .reasons = reasons_new(op),
			      .grades = json_array(),
			      .strata = json_array() };
	enum rc rc;

	date_format(f.day, op->now_ms / DAY_MS);
	rc = draw_seed_words(op, options, f.seed_at);
	if (rc == RC_OK)
		rc = draw_sense(op, scope, f.day, options);
	if (rc == RC_OK)
		rc = draw_ratio_rule_ready(op, options);
	*committed = *material = NULL;
	f.asked = json_incref((json_t *)(uintptr_t)options->excluded);
	if (rc == RC_OK && options->exclude)
		rc = draw_exclusions(options->exclude, &f.asked, op->err);
	if (rc == RC_OK)
		rc = freeze_all(&f, committed);
	if (rc == RC_OK)
		*material = material_of(&f);
	json_decref(f.asked);
	json_decref(f.frame);
	json_decref(f.pool);
	json_decref(f.excluded);
	json_decref(f.recusals);
	json_decref(f.reasons);
	json_decref(f.grades);
	json_decref(f.strata);
	json_decref(f.membership);
	json_decref(f.lots);
	return rc;
}

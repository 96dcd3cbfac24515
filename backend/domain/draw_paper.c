/* domain/draw_paper.c - hashes of a paper's parts, and whether they are what
 * was committed. */
#include "domain/draw_paper.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_replace.h"
#include "domain/draw_shape.h"
#include "domain/draw_ticket.h"

#define HASH_MAX 65

enum rc draw_hash(char out[65], const json_t *value, struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, DRAW_PAPER_BYTES_MAX);
	rc = jcs_write(&text, value, err);
	if (rc == RC_OK)
		sha256_hex(out, text.data, text.len);
	buf_release(&text);
	return rc;
}

static void add_line(struct sha256 *h, const json_t *id)
{
	sha256_add(h, json_string_value(id), json_string_length(id));
	sha256_add(h, "\n", 1);
}

static void end_hex(struct sha256 *h, char out[65])
{
	unsigned char hash[SHA256_BYTES];

	sha256_end(h, hash);
	hex_encode(out, hash, sizeof(hash));
}

void draw_hash_lines(char out[65], const json_t *ids)
{
	struct sha256 h;

	sha256_begin(&h);
	for (size_t i = 0; i < json_array_size(ids); i++)
		add_line(&h, json_array_get(ids, i));
	end_hex(&h, out);
}

void draw_hash_members(char out[65], const json_t *frame,
		       const json_t *membership, size_t stratum)
{
	struct sha256 h;

	sha256_begin(&h);
	for (size_t i = 0; i < json_array_size(frame); i++)
		if (json_integer_value(json_array_get(membership, i)) ==
		    (json_int_t)stratum)
			add_line(&h, json_array_get(frame, i));
	end_hex(&h, out);
}

enum rc draw_population(char out[65], const json_t *rules, struct err *err)
{
	static const char *const asks[] = { "flags", "grades", "industry",
					    "item",  "states", "tags",
					    "towns", "town",   NULL };
	json_t *of = json_object();
	enum rc rc;

	for (int i = 0; asks[i]; i++)
		json_object_set(of, asks[i], json_object_get(rules, asks[i]));
	rc = of ? draw_hash(out, of, err)
		: err_set(err, RC_NOMEM, "out of memory");
	json_decref(of);
	return rc;
}

int64_t draw_share(size_t size, int64_t ratio_bp)
{
	return ((int64_t)size * ratio_bp + 9999) / 10000;
}

bool draw_is_by_grade(const json_t *paper)
{
	return json_object_get(json_object_get(paper, "committed"), "key_hash");
}

bool draw_is_public(const json_t *paper)
{
	return draw_is_by_grade(paper) && !json_object_get(paper, "key");
}

void draw_make_public(json_t *paper)
{
	json_object_del(paper, "reasons");
	if (!draw_is_by_grade(paper))
		return;
	json_object_del(paper, "key");
	json_object_del(paper, "membership");
}

static enum rc differs(struct err *err, const char *what, const char *said,
		       const char *found)
{
	return err_set(err, RC_CORRUPT,
		       "%s: the paper says '%.64s', its content gives '%.64s'",
		       what, said ? said : "", found);
}

enum rc paper_same_text(const json_t *o, const char *key, const char *found,
			struct err *err)
{
	const char *said = json_text(o, key);

	return said && strcmp(said, found) == 0
		       ? RC_OK
		       : differs(err, key, said, found);
}

static enum rc same_hash(const json_t *o, const char *key, const json_t *value,
			 struct err *err)
{
	char found[HASH_MAX];
	enum rc rc = draw_hash(found, value, err);

	return rc == RC_OK ? paper_same_text(o, key, found, err) : rc;
}

enum rc paper_same_count(const json_t *o, const char *key, size_t found,
			 const char *of, struct err *err)
{
	if (json_int(o, key, -1) == (int64_t)found)
		return RC_OK;
	return err_set(err, RC_CORRUPT,
		       "%s%s: the paper says %lld, its content gives %zu", key,
		       of, (long long)json_int(o, key, -1), found);
}

static enum rc check_frame(const json_t *paper, const json_t *committed,
			   struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	size_t n = json_array_size(frame);
	const char *before = "";
	char found[HASH_MAX];
	enum rc rc;

	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(frame, i));

		if (!id || !name_is_id(id) || strcmp(before, id) >= 0)
			return err_set(err, RC_CORRUPT,
				       "frame line %zu: '%.32s' is no id, or "
				       "not after the line before",
				       i + 1, id ? id : "");
		before = id;
	}
	draw_hash_lines(found, frame);
	rc = paper_same_text(committed, "frame_hash", found, err);
	if (rc == RC_OK)
		rc = paper_same_count(committed, "frame_size", n, "", err);
	return rc;
}

/* Sorted by subject, then officer. */
static enum rc check_recusals(const json_t *paper, struct err *err)
{
	const json_t *recusals = json_object_get(paper, "recusals");

	for (size_t i = 1; i < json_array_size(recusals); i++) {
		const json_t *a = json_array_get(recusals, i - 1);
		const json_t *b = json_array_get(recusals, i);
		int order = strcmp(json_text(a, "subject"),
				   json_text(b, "subject"));

		if (order > 0 ||
		    (order == 0 && strcmp(json_text(a, "officer"),
					  json_text(b, "officer")) >= 0))
			return err_set(err, RC_CORRUPT,
				       "recusal %zu is not after the one "
				       "before",
				       i + 1);
	}
	return RC_OK;
}

static enum rc check_pool(const json_t *pool, struct err *err)
{
	const char *before = "";

	for (size_t i = 0; i < json_array_size(pool); i++) {
		const char *id = json_text(json_array_get(pool, i), "id");

		if (!id || !name_is_id(id) || strcmp(before, id) >= 0)
			return err_set(err, RC_CORRUPT,
				       "officer %zu of the pool: '%.32s' is no "
				       "id, or not after the one before",
				       i + 1, id ? id : "");
		before = id;
	}
	return RC_OK;
}

const json_t *draw_announced(const json_t *paper)
{
	return json_int(paper, "format", 0) == 1
		       ? paper
		       : json_object_get(paper, "committed");
}

/* What every paper says in the same words. */
static enum rc check_words(const json_t *paper, const json_t *committed,
			   struct err *err)
{
	const json_t *rules = json_object_get(committed, "rules");
	int64_t officers = json_int(committed, "officers_per_subject", 0);
	int64_t format = json_int(paper, "format", 0);
	const char *algorithm = format < 3    ? DRAW_ALGORITHM_1
				: format == 3 ? DRAW_ALGORITHM_3
					      : DRAW_ALGORITHM;
	enum rc rc = paper_same_text(committed, "algorithm", algorithm, err);

	if (rc == RC_OK && format == 1)
		rc = paper_same_text(paper, "algorithm", algorithm, err);
	if (rc == RC_OK && format > 1)
		rc = paper_same_count(committed, "format", (size_t)format, "",
				      err);
	if (rc == RC_OK && format < 3)
		rc = paper_same_text(rules, "load_limit", DRAW_LOAD_LIMIT, err);
	if (rc == RC_OK && json_object_get(rules, "rounding"))
		rc = paper_same_text(rules, "rounding", DRAW_ROUNDING, err);
	if (rc == RC_OK && (officers < 1 || officers > 10))
		rc = err_set(err, RC_CORRUPT,
			     "a subject is checked by 1 to 10 officers");
	return rc;
}

static enum rc check_hashes(const json_t *paper, const json_t *committed,
			    struct err *err)
{
	const json_t *rules = json_object_get(committed, "rules");
	enum rc rc = same_hash(committed, "pool_hash",
			       json_object_get(paper, "pool"), err);

	if (rc == RC_OK)
		rc = same_hash(rules, "exclusions_hash",
			       json_object_get(paper, "excluded"), err);
	if (rc == RC_OK && json_int(paper, "format", 0) >= 3)
		rc = same_hash(rules, "recusals_hash",
			       json_object_get(paper, "recusals"), err);
	if (rc == RC_OK && json_object_get(paper, "reasons"))
		rc = same_hash(rules, "reasons_hash",
			       json_object_get(paper, "reasons"), err);
	return rc;
}

enum rc draw_paper_check(const json_t *paper, struct err *err)
{
	const json_t *committed = json_object_get(paper, "committed");
	enum rc rc = draw_shape_check(paper, err);

	if (rc == RC_OK)
		rc = check_words(paper, committed, err);
	if (rc == RC_OK)
		rc = same_hash(paper, "commitment", committed, err);
	if (rc == RC_OK)
		rc = check_frame(paper, committed, err);
	if (rc == RC_OK)
		rc = paper_strata_check(paper, err);
	if (rc == RC_OK)
		rc = check_pool(json_object_get(paper, "pool"), err);
	if (rc == RC_OK)
		rc = check_recusals(paper, err);
	return rc == RC_OK ? check_hashes(paper, committed, err) : rc;
}

/* Where two lists of texts, or of lists of texts, part. */
static enum rc same_list(const char *what, const json_t *said,
			 const json_t *found, struct err *err)
{
	size_t n = json_array_size(found);

	for (size_t i = 0; i < n || i < json_array_size(said); i++) {
		const json_t *a = json_array_get(said, i);
		const json_t *b = json_array_get(found, i);
		char where[80];

		if (a && b && json_equal(a, b))
			continue;
		snprintf(where, sizeof(where), "%.60s %zu", what, i + 1);
		if (json_is_array(a) && json_is_array(b))
			return same_list(where, a, b, err);
		return err_set(err, RC_CORRUPT,
			       "%s: the paper says '%.64s', the seed gives "
			       "'%.64s'",
			       where, a ? json_string_value(a) : "nothing",
			       b ? json_string_value(b) : "nothing");
	}
	return RC_OK;
}

enum rc draw_verify(const json_t *paper, struct err *err)
{
	static const char *const lists[] = { "drawn", "result", "reserve",
					     "pairs" };
	const char *seed = json_text(paper, "seed");
	json_t *outcome = NULL;
	enum rc rc = draw_paper_check(paper, err);

	if (rc == RC_OK)
		rc = draw_state_check(paper, err);
	if (rc != RC_OK || !json_object_get(paper, "result"))
		return rc;
	rc = draw_outcome(paper, seed, &outcome, err);
	for (size_t i = 0; rc == RC_OK && i < 4; i++)
		rc = same_list(lists[i], json_object_get(paper, lists[i]),
			       json_object_get(outcome, lists[i]), err);
	if (rc == RC_OK)
		rc = paper_same_text(paper, "result_hash",
				     json_text(outcome, "result_hash"), err);
	if (rc == RC_OK)
		rc = draw_replacements_check(paper, err);
	json_decref(outcome);
	return rc;
}

bool draw_not_covered(const json_t *paper, char out[DRAW_OPEN_SIZE])
{
	static const char *const of_format_1[] = { "id",       "committed_at",
						   "name",     "reason",
						   "replaces", NULL };
	bool is_first = json_int(paper, "format", 0) == 1;
	bool has_parts = json_object_get(json_object_get(paper, "committed"),
					 "seed_parts");
	const struct {
		const char *key, *said;
		bool holds;
	} open[] = {
		{ "seed", "seed", has_parts },
		{ "revealed_at", "revealed_at", false },
		{ "void_reason", "void_reason", false },
		{ "replacements", "time and reason of replacements", false },
	};
	size_t at = 0;

	*out = '\0';
	for (int i = 0; is_first && of_format_1[i]; i++)
		if (json_object_get(paper, of_format_1[i]))
			at += (size_t)snprintf(out + at, DRAW_OPEN_SIZE - at,
					       "%s%s", at ? ", " : "",
					       of_format_1[i]);
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (json_object_get(paper, open[i].key) && !open[i].holds)
			at += (size_t)snprintf(out + at, DRAW_OPEN_SIZE - at,
					       "%s%s", at ? ", " : "",
					       open[i].said);
	return at > 0;
}

json_t *draw_summary(const json_t *paper)
{
	const json_t *replaced = json_object_get(paper, "replacements");
	char open[DRAW_OPEN_SIZE] = "";

	draw_not_covered(paper, open);
	return json_pack(
		"{s:s, s:b, s:b, s:b, s:I, s:I, s:I, s:s, s:b}", "id",
		json_text(draw_announced(paper), "id"), "drawn",
		json_object_get(paper, "result") != NULL, "void",
		strcmp(json_text(paper, "state"), "void") == 0, "public",
		draw_is_public(paper), "subjects",
		(json_int_t)json_array_size(json_object_get(paper, "result")),
		"frame",
		(json_int_t)json_array_size(json_object_get(paper, "frame")),
		"replaced", (json_int_t)json_array_size(replaced),
		"not_covered", open, "seed_announced",
		!draw_seed_is_anybodys(paper));
}

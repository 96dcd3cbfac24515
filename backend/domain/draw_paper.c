/* domain/draw_paper.c - hashes of a paper's parts, and whether they are what
 * was committed. */
#include "domain/draw_paper.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
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

const char *draw_officer_refused(const json_t *officer, const char *day)
{
	const char *state = json_text(officer, "state");
	const char *from = json_text(officer, "certificate_from");
	const char *to = json_text(officer, "certificate_to");
	const char *excluded = json_text(officer, "excluded");

	if (excluded)
		return excluded;
	if (state && strcmp(state, "active") != 0)
		return "not active";
	if (!to && !json_text(officer, "certificate"))
		return "no certificate";
	if (to && strcmp(to, day) < 0)
		return "certificate expired";
	if (from && strcmp(from, day) > 0)
		return "certificate not valid yet";
	return NULL;
}

static enum rc differs(struct err *err, const char *what, const char *said,
		       const char *found)
{
	return err_set(err, RC_CORRUPT,
		       "%s: the paper says '%.64s', its content gives '%.64s'",
		       what, said ? said : "", found);
}

static enum rc same_text(const json_t *o, const char *key, const char *found,
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

	return rc == RC_OK ? same_text(o, key, found, err) : rc;
}

static enum rc same_count(const json_t *o, const char *key, size_t found,
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
	rc = same_text(committed, "frame_hash", found, err);
	if (rc == RC_OK)
		rc = same_count(committed, "frame_size", n, "", err);
	return rc;
}

static enum rc check_stratum(const json_t *paper, const json_t *stratum,
			     size_t place, size_t size, struct err *err)
{
	int64_t n = json_int(stratum, "n", -1);
	char found[HASH_MAX];
	enum rc rc;

	if (n < 0 || n > (int64_t)size)
		return err_set(err, RC_CORRUPT, "stratum %zu has not its quota",
			       place);
	rc = same_count(stratum, "size", size, " of a stratum", err);
	if (rc != RC_OK)
		return rc;
	draw_hash_members(found, json_object_get(paper, "frame"),
			  json_object_get(paper, "membership"), place);
	return same_text(stratum, "members_hash", found, err);
}

static enum rc check_strata(const json_t *paper, const json_t *committed,
			    struct err *err)
{
	const json_t *strata = json_object_get(committed, "strata");
	const json_t *membership = json_object_get(paper, "membership");
	const json_t *frame = json_object_get(paper, "frame");
	size_t sizes[DRAW_STRATA_MAX] = { 0 };
	size_t count = json_array_size(strata);
	enum rc rc = RC_OK;

	if (!count || count > DRAW_STRATA_MAX ||
	    json_array_size(membership) != json_array_size(frame))
		return err_set(err, RC_CORRUPT,
			       "strata and membership do not fit the frame");
	for (size_t i = 0; i < json_array_size(membership); i++) {
		const json_t *place = json_array_get(membership, i);
		json_int_t k = json_integer_value(place);

		if (!json_is_integer(place) || k < 0 || k >= (json_int_t)count)
			return err_set(err, RC_CORRUPT,
				       "membership %zu names no stratum",
				       i + 1);
		sizes[k]++;
	}
	for (size_t k = 0; rc == RC_OK && k < count; k++)
		rc = check_stratum(paper, json_array_get(strata, k), k,
				   sizes[k], err);
	return rc;
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
	bool is_old = json_int(paper, "format", 0) == 1;
	enum rc rc = same_text(committed, "algorithm", DRAW_ALGORITHM, err);

	if (rc == RC_OK && is_old)
		rc = same_text(paper, "algorithm", DRAW_ALGORITHM, err);
	if (rc == RC_OK && !is_old)
		rc = same_count(committed, "format", DRAW_FORMAT, "", err);
	if (rc == RC_OK)
		rc = same_text(rules, "load_limit", DRAW_LOAD_LIMIT, err);
	if (rc == RC_OK && (officers < 1 || officers > 10))
		rc = err_set(err, RC_CORRUPT,
			     "a subject is checked by 1 to 10 officers");
	return rc;
}

enum rc draw_paper_check(const json_t *paper, struct err *err)
{
	const json_t *committed = json_object_get(paper, "committed");
	const json_t *pool = json_object_get(paper, "pool");
	enum rc rc = draw_shape_check(paper, err);

	if (rc == RC_OK)
		rc = check_words(paper, committed, err);
	if (rc == RC_OK)
		rc = same_hash(paper, "commitment", committed, err);
	if (rc == RC_OK)
		rc = check_frame(paper, committed, err);
	if (rc == RC_OK)
		rc = check_strata(paper, committed, err);
	if (rc == RC_OK)
		rc = check_pool(pool, err);
	if (rc == RC_OK)
		rc = same_hash(committed, "pool_hash", pool, err);
	if (rc == RC_OK)
		rc = same_hash(json_object_get(committed, "rules"),
			       "exclusions_hash",
			       json_object_get(paper, "excluded"), err);
	return rc;
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
	static const char *const lists[] = { "result", "reserve", "pairs" };
	const char *seed = json_text(paper, "seed");
	json_t *outcome = NULL;
	enum rc rc = draw_paper_check(paper, err);

	if (rc == RC_OK)
		rc = draw_state_check(paper, err);
	if (rc != RC_OK || !json_object_get(paper, "result"))
		return rc;
	rc = draw_outcome(paper, seed, &outcome, err);
	for (size_t i = 0; rc == RC_OK && i < 3; i++)
		rc = same_list(lists[i], json_object_get(paper, lists[i]),
			       json_object_get(outcome, lists[i]), err);
	if (rc == RC_OK)
		rc = same_text(paper, "result_hash",
			       json_text(outcome, "result_hash"), err);
	json_decref(outcome);
	return rc;
}

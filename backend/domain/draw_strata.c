/* domain/draw_strata.c - are the strata of a paper those of its frame, with the
 * quotas that their ratios give? */
#include "domain/draw_shape.h"

#include "base/jcs.h"
#include "domain/draw_lots.h"
#include "domain/draw_paper.h"

#define HASH_SIZE 65

/* The ids of a stratum as committed; the quota that its ratio gives. */
static enum rc check_stratum(const json_t *stratum, size_t place, size_t size,
			     const char *members_hash, struct err *err)
{
	int64_t n = json_int(stratum, "n", -1);
	int64_t bp = json_int(stratum, "ratio_bp", 0);
	bool has_ratio = json_object_get(stratum, "ratio_bp");
	enum rc rc;

	if (n < 0 || n > (int64_t)size ||
	    (has_ratio && (bp < 1 || bp > 10000 || n != draw_share(size, bp))))
		return err_set(err, RC_CORRUPT, "stratum %zu has not its quota",
			       place);
	if (has_ratio != !!json_object_get(stratum, "expected_bp") ||
	    (has_ratio &&
	     json_int(stratum, "expected_bp", -1) != (int64_t)size * bp))
		return err_set(err, RC_CORRUPT,
			       "expected_bp of stratum %zu is not size times "
			       "ratio_bp",
			       place);
	rc = paper_same_count(stratum, "size", size, " of a stratum", err);
	return rc == RC_OK ? paper_same_text(stratum, "members_hash",
					     members_hash, err)
			   : rc;
}

static enum rc check_membership(const json_t *paper, size_t strata,
				size_t sizes[DRAW_STRATA_MAX], struct err *err)
{
	const json_t *membership = json_object_get(paper, "membership");
	size_t n = json_array_size(json_object_get(paper, "frame"));

	if (json_array_size(membership) != n)
		return err_set(err, RC_CORRUPT,
			       "strata and membership do not fit the frame");
	for (size_t i = 0; i < n; i++) {
		const json_t *place = json_array_get(membership, i);
		json_int_t k = json_integer_value(place);

		if (!json_is_integer(place) || k < 0 || k >= (json_int_t)strata)
			return err_set(err, RC_CORRUPT,
				       "membership %zu names no stratum",
				       i + 1);
		sizes[k]++;
	}
	return RC_OK;
}

static enum rc check_strata_1(const json_t *paper, const json_t *strata,
			      struct err *err)
{
	size_t sizes[DRAW_STRATA_MAX] = { 0 };
	enum rc rc =
		check_membership(paper, json_array_size(strata), sizes, err);

	for (size_t k = 0; rc == RC_OK && k < json_array_size(strata); k++) {
		char found[HASH_SIZE];

		draw_hash_members(found, json_object_get(paper, "frame"),
				  json_object_get(paper, "membership"), k);
		rc = check_stratum(json_array_get(strata, k), k, sizes[k],
				   found, err);
	}
	return rc;
}

/* Whoever has the key can tell whether the lots are those of the frame. */
static enum rc check_lots(const json_t *paper, size_t strata, struct err *err)
{
	const char *key = json_text(paper, "key");
	size_t sizes[DRAW_STRATA_MAX] = { 0 };
	json_t *lots = NULL;
	char hash[HASH_SIZE];
	enum rc rc;

	if (!key)
		return RC_OK;
	draw_key_hash(hash, key);
	rc = paper_same_text(json_object_get(paper, "committed"), "key_hash",
			     hash, err);
	if (rc == RC_OK)
		rc = check_membership(paper, strata, sizes, err);
	if (rc == RC_OK)
		rc = draw_lots(key, json_object_get(paper, "frame"),
			       json_object_get(paper, "membership"), strata,
			       &lots, err);
	if (rc == RC_OK && !json_equal(lots, json_object_get(paper, "lots")))
		rc = err_set(err, RC_CORRUPT,
			     "lots: not those of the frame by this key");
	json_decref(lots);
	return rc;
}

static bool is_sorted(const json_t *ids)
{
	for (size_t i = 1; i < json_array_size(ids); i++)
		if (strcmp(json_string_value(json_array_get(ids, i - 1)),
			   json_string_value(json_array_get(ids, i))) >= 0)
			return false;
	return true;
}

static enum rc check_strata_3(const json_t *paper, const json_t *strata,
			      struct err *err)
{
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *lots = json_object_get(paper, "lots");
	size_t n = json_array_size(strata), sum = 0;
	enum rc rc = RC_OK;

	if (n != (lots ? json_array_size(lots) : 1))
		return err_set(err, RC_CORRUPT, "lots do not fit the strata");
	for (size_t k = 0; rc == RC_OK && k < n; k++) {
		const json_t *ids = lots ? json_array_get(lots, k) : frame;
		const json_t *stratum = json_array_get(strata, k);
		char found[HASH_SIZE];

		sum += json_array_size(ids);
		draw_hash_lines(found, ids);
		rc = check_stratum(stratum, k, json_array_size(ids), found,
				   err);
		if (rc == RC_OK &&
		    (!is_sorted(ids) ||
		     (json_array_size(ids) && json_int(stratum, "n", 0) == 0)))
			rc = err_set(err, RC_CORRUPT,
				     "stratum %zu is not sorted, or exempt", k);
	}
	if (rc == RC_OK && sum != json_array_size(frame))
		rc = err_set(err, RC_CORRUPT,
			     "%zu lots for a frame of %zu subjects", sum,
			     json_array_size(frame));
	return rc == RC_OK ? check_lots(paper, n, err) : rc;
}

enum rc paper_strata_check(const json_t *paper, struct err *err)
{
	const json_t *strata =
		json_object_get(json_object_get(paper, "committed"), "strata");
	size_t count = json_array_size(strata);

	if (!count || count > DRAW_STRATA_MAX)
		return err_set(err, RC_CORRUPT, "there are no strata");
	return json_int(paper, "format", 0) < 3
		       ? check_strata_1(paper, strata, err)
		       : check_strata_3(paper, strata, err);
}

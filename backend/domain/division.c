/* division.c - the tree of a day, and what became of abolished codes. */
#include "domain/division.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)
#define SUCCESSORS_MAX 64 /* of one code, through all steps */

const char *division_town_kind(const char *code)
{
	int town;

	if (strlen(code) != DIVISION_DIGITS ||
	    strspn(code, "0123456789") != DIVISION_DIGITS ||
	    strcmp(code + 9, "000") != 0)
		return NULL;
	town = (code[6] - '0') * 100 + (code[7] - '0') * 10 + (code[8] - '0');
	return town == 0    ? NULL
	       : town < 100 ? "subdistrict"
	       : town < 200 ? "town"
	       : town < 400 ? "township"
	       : town < 600 ? "zone"
			    : NULL;
}

static void copy_text(json_t *to, const char *key, struct query *q, int col)
{
	if (!query_is_null(q, col))
		json_object_set_new(to, key,
				    json_string(query_get_text(q, col)));
}

static json_t *division_of(struct query *q)
{
	static const char *const texts[] = {
		"code", "name", "level", "parent", "valid_from", "valid_to"
	};
	const char *set = query_get_text(q, 6), *town_kind;
	struct err ignored = { 0 };
	json_t *d = json_object(), *successors = NULL;

	for (int i = 0; i < 6; i++)
		copy_text(d, texts[i], q, i);
	if (set && json_read(set, strlen(set), &successors, &ignored) == RC_OK)
		json_object_set_new(d, "successors", successors);
	town_kind = division_town_kind(query_get_text(q, 0));
	if (town_kind)
		json_object_set_new(d, "town_kind", json_string(town_kind));
	return d;
}

/* All of a prefix that held on the day, behind `list`. */
static enum rc tree_of(struct op *op, const char *prefix, const char *day,
		       json_t *list)
{
	struct query *q = query_begin(op->store->db, SQL_DIVISION_TREE);

	query_text(q, 1, prefix);
	query_text(q, 2, day);
	while (query_row(q))
		json_array_append_new(list, division_of(q));
	return query_end(q, op->err);
}

static enum rc before(struct op *op, const char *code, const char *day,
		      json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_DIVISION_BEFORE);

	*out = NULL;
	query_text(q, 1, code);
	query_text(q, 2, day);
	if (query_row(q))
		*out = division_of(q);
	return query_end(q, op->err);
}

/* What a code became: its record of the day, or those of its successors. The
 * list of codes to look at grows while it is walked. */
static enum rc successors_of(struct op *op, const json_t *abolished,
			     const char *day, json_t *list)
{
	json_t *todo = json_array(), *codes, *gone = NULL;
	enum rc rc = RC_OK;

	codes = json_object_get(abolished, "successors");
	json_array_extend(todo, codes);
	for (size_t i = 0;
	     rc == RC_OK && i < json_array_size(todo) && i < SUCCESSORS_MAX;
	     i++) {
		const char *code = json_string_value(json_array_get(todo, i));
		size_t had = json_array_size(list);

		rc = tree_of(op, code, day, list);
		if (rc != RC_OK || json_array_size(list) > had)
			continue;
		rc = before(op, code, day, &gone);
		json_array_extend(todo, json_object_get(gone, "successors"));
		json_decref(gone);
	}
	json_decref(todo);
	return rc;
}

/* The digits that everything below a code shares. */
static void prefix_of(char prefix[DIVISION_DIGITS + 1], const char *code)
{
	static const size_t ends[] = { 2, 4, 6, 9 };
	size_t n = DIVISION_DIGITS;

	snprintf(prefix, DIVISION_DIGITS + 1, "%s", code);
	for (size_t i = sizeof(ends) / sizeof(*ends); i > 0; i--) {
		if (strspn(code + ends[i - 1], "0") !=
		    DIVISION_DIGITS - ends[i - 1])
			break;
		n = ends[i - 1];
	}
	prefix[n] = '\0';
}

static enum rc read_code(char code[DIVISION_DIGITS + 1], const char *text,
			 struct err *err)
{
	size_t n = strlen(text);

	if (n < 6 || n > DIVISION_DIGITS || strspn(text, "0123456789") != n)
		return err_set(err, RC_INVALID,
			       "'%.20s' is no code of 6 to 12 digits", text);
	memset(code, '0', DIVISION_DIGITS);
	memcpy(code, text, n);
	code[DIVISION_DIGITS] = '\0';
	return RC_OK;
}

/* Does the list begin with the division itself? */
static bool has_itself(const json_t *list, const char *code)
{
	const char *first = json_text(json_array_get(list, 0), "code");

	return !*code || (first && strcmp(first, code) == 0);
}

/* A table that begins later says nothing of the day: a code may have been in
 * force long before. */
static enum rc not_found(struct op *op, const char *code, const char *day)
{
	struct query *q = query_begin(op->store->db, SQL_DIVISION_FIRST);
	char first[11] = "";
	enum rc rc;

	query_text(q, 1, code);
	if (query_row(q) && !query_is_null(q, 0))
		snprintf(first, sizeof(first), "%s", query_get_text(q, 0));
	rc = query_end(q, op->err);
	if (rc != RC_OK)
		return rc;
	if (*first && strcmp(first, day) > 0)
		return err_set(
			op->err, RC_NOT_FOUND,
			"the table of divisions has '%s' from %s on, and "
			"says nothing of %s",
			code, first, day);
	return err_set(op->err, RC_NOT_FOUND,
		       "there is no division '%s' in the table", code);
}

static enum rc find(struct op *op, const char *code, const char *day,
		    json_t *list, json_t **gone)
{
	char prefix[DIVISION_DIGITS + 1] = "";
	enum rc rc;

	if (*code)
		prefix_of(prefix, code);
	rc = tree_of(op, prefix, day, list);
	if (rc != RC_OK || has_itself(list, code))
		return rc;
	/* Towns whose county is not there yet, or no more, are not asked for.
	 */
	json_array_clear(list);
	rc = before(op, code, day, gone);
	if (rc == RC_OK && *gone)
		rc = successors_of(op, *gone, day, list);
	return rc == RC_OK && !*gone ? not_found(op, code, day) : rc;
}

enum rc division_tree(struct op *op, const char *code, const char *as_of,
		      json_t **out)
{
	char whole[DIVISION_DIGITS + 1] = "", day[11];
	int64_t days = op->now_ms / DAY_MS;
	json_t *list, *gone = NULL;
	enum rc rc;

	*out = NULL;
	if (as_of && !date_parse(as_of, &days))
		return err_set(op->err, RC_INVALID,
			       "'%.20s' is no date like 2026-11-22", as_of);
	date_format(day, days);
	rc = code ? read_code(whole, code, op->err) : RC_OK;
	if (rc != RC_OK)
		return rc;
	list = json_array();
	rc = find(op, whole, day, list, &gone);
	if (rc == RC_OK) {
		*out = json_pack("{s:s, s:O}", "as_of", day, "divisions", list);
		if (gone)
			json_object_set(*out, "abolished", gone);
	}
	json_decref(gone);
	json_decref(list);
	return rc;
}

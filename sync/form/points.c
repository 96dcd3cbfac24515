/* form/points.c - the shape of a checklist. */
#include "form/points.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"

#define POINT_ID_MAX 32

static bool is_id(const char *id)
{
	size_t n = id ? strlen(id) : 0;

	return n > 0 && n <= POINT_ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static bool is_integer_text(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	return n > 0 && n <= 15 && !s[n];
}

const json_t *points_find(const json_t *points, const char *id)
{
	for (size_t i = 0; id && i < json_array_size(points); i++) {
		const json_t *p = json_array_get(points, i);
		const char *its = json_text(p, "id");

		if (its && strcmp(its, id) == 0)
			return p;
	}
	return NULL;
}

bool point_is_gate(const json_t *points, const char *id)
{
	for (size_t i = 0; i < json_array_size(points); i++) {
		const json_t *p = json_array_get(points, i);
		const char *gate =
			json_text(json_object_get(p, "skip"), "point");

		if (gate && strcmp(gate, id) == 0)
			return true;
	}
	return false;
}

bool point_allows(const json_t *point, const char *value)
{
	static const char *const check[] = { "pass", "fail", NULL };
	const char *type = json_text(point, "type");

	if (!type || !value || !*value)
		return false;
	if (strcmp(value, POINT_NA) == 0)
		return true;
	if (strcmp(type, "check") == 0)
		return words_have(check, value);
	if (strcmp(type, "choice") == 0)
		return json_has_text(json_object_get(point, "values"), value);
	return strcmp(type, "number") != 0 || is_integer_text(value);
}

bool point_fails(const json_t *point, const char *value)
{
	const char *type = json_text(point, "type");

	if (strcmp(value, POINT_NA) == 0)
		return false;
	if (strcmp(type, "check") == 0)
		return strcmp(value, "fail") == 0;
	return strcmp(type, "choice") == 0 &&
	       !json_has_text(json_object_get(point, "pass"), value);
}

const char *point_on_fail(const json_t *point)
{
	const char *word = json_text(point, "on_fail");

	if (word)
		return word;
	return json_is_true(json_object_get(point, "key")) ? "case"
							   : "deadline";
}

static bool are_texts(const json_t *list, size_t least)
{
	if (!json_is_array(list) || json_array_size(list) < least)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *t = json_string_value(json_array_get(list, i));

		if (!t || !*t || strcmp(t, POINT_NA) == 0)
			return false;
	}
	return true;
}

static enum rc check_values(const json_t *p, const char *id, struct err *err)
{
	const json_t *values = json_object_get(p, "values");
	const json_t *pass = json_object_get(p, "pass");

	if (strcmp(json_text(p, "type"), "choice") != 0) {
		if (values || pass)
			return err_set(err, RC_INVALID,
				       "point '%s': only a choice has values",
				       id);
		return RC_OK;
	}
	if (!are_texts(values, 2) || !are_texts(pass, 1))
		return err_set(err, RC_INVALID,
			       "point '%s': a choice has at least two values, "
			       "and 'pass' names those in order",
			       id);
	for (size_t i = 0; i < json_array_size(pass); i++) {
		const char *word = json_string_value(json_array_get(pass, i));

		if (!json_has_text(values, word))
			return err_set(err, RC_INVALID,
				       "point '%s': 'pass' names '%.60s', "
				       "which is no value",
				       id, word);
	}
	return RC_OK;
}

/* A gate stands before what it skips, so that nothing waits for itself. */
static enum rc check_skip(const json_t *points, size_t at, const char *id,
			  struct err *err)
{
	const json_t *skip =
		json_object_get(json_array_get(points, at), "skip");
	const char *gate = json_text(skip, "point");
	const json_t *is = json_object_get(skip, "is"), *found = NULL;

	if (!skip)
		return RC_OK;
	if (!gate || !are_texts(is, 1))
		return err_set(err, RC_INVALID,
			       "point '%s': 'skip' needs a point and a list "
			       "'is' of its values",
			       id);
	for (size_t i = 0; i < at && !found; i++)
		if (strcmp(json_text(json_array_get(points, i), "id"), gate) ==
		    0)
			found = json_array_get(points, i);
	if (!found)
		return err_set(err, RC_INVALID,
			       "point '%s' is skipped by '%.60s', which is no "
			       "point before it",
			       id, gate);
	for (size_t i = 0; i < json_array_size(is); i++) {
		const char *value = json_string_value(json_array_get(is, i));

		if (!point_allows(found, value))
			return err_set(err, RC_INVALID,
				       "point '%s' is skipped when '%s' is "
				       "'%.60s', which it cannot be",
				       id, gate, value);
	}
	return RC_OK;
}

static enum rc check_flag(const json_t *p, const char *id, const char *name,
			  struct err *err)
{
	const json_t *flag = json_object_get(p, name);

	if (!flag || json_is_boolean(flag))
		return RC_OK;
	return err_set(err, RC_INVALID, "point '%s': '%s' is true or false", id,
		       name);
}

static enum rc check_point(const json_t *points, size_t at, struct err *err)
{
	static const char *const types[] = { "check", "choice", "text",
					     "number", NULL };
	static const char *const ends[] = { "spot", "deadline", "case", NULL };
	const json_t *p = json_array_get(points, at);
	const char *id = json_text(p, "id"), *text = json_text(p, "text");
	const json_t *on_fail = json_object_get(p, "on_fail");
	enum rc rc;

	if (!is_id(id))
		return err_set(err, RC_INVALID,
			       "point %zu has no id of 1 to %d of a-z0-9_",
			       at + 1, POINT_ID_MAX);
	if (points_find(points, id) != p)
		return err_set(err, RC_INVALID, "point '%s' stands twice", id);
	if (!text || !*text)
		return err_set(err, RC_INVALID, "point '%s' has no text", id);
	if (!words_have(types, json_text(p, "type")))
		return err_set(err, RC_INVALID,
			       "point '%s': 'type' is check, choice, text or "
			       "number",
			       id);
	if (on_fail && !words_have(ends, json_string_value(on_fail)))
		return err_set(err, RC_INVALID,
			       "point '%s': 'on_fail' is spot, deadline or "
			       "case",
			       id);
	rc = check_flag(p, id, "key", err);
	if (rc == RC_OK)
		rc = check_flag(p, id, "evidence_required", err);
	if (rc == RC_OK)
		rc = check_values(p, id, err);
	return rc == RC_OK ? check_skip(points, at, id, err) : rc;
}

enum rc points_check(const json_t *points, struct err *err)
{
	size_t n = json_array_size(points);
	enum rc rc = RC_OK;

	if (!json_is_array(points) || n < 1 || n > POINTS_MAX)
		return err_set(err, RC_INVALID,
			       "a checklist is a list of 1 to %d points",
			       POINTS_MAX);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = check_point(points, i, err);
	return rc;
}

/* kind/codes.c - which codes a record may have, and which beside each other. */
#include "kind/codes.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/kind_impl.h"

static const json_t *list_of(const struct field *f)
{
	return json_object_get(f->codes, "list");
}

static bool is_in_force(const json_t *entry, const char *day)
{
	const char *from = json_text(entry, "from");
	const char *to = json_text(entry, "to");

	return !day || ((!from || strcmp(from, day) <= 0) &&
			(!to || strcmp(day, to) <= 0));
}

/* The entry of that day; any of the code where `day` is NULL. */
static const json_t *entry_of(const struct field *f, const char *code,
			      const char *day)
{
	const json_t *list = list_of(f);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);

		if (strcmp(json_text(e, "code"), code) == 0 &&
		    is_in_force(e, day))
			return e;
	}
	return NULL;
}

static bool is_alone(const struct field *f, const char *code, const char *day)
{
	return json_is_true(json_object_get(entry_of(f, code, day), "alone"));
}

static bool has_value(const json_t *record, const char *field)
{
	const json_t *value = json_object_get(record, field);

	if (json_is_string(value))
		return json_string_length(value) > 0;
	return value && (!json_is_array(value) || json_array_size(value) > 0);
}

static enum rc code_check(const struct field *f, const json_t *record,
			  const char *code, bool has_others, struct err *err)
{
	const char *dated = json_text(f->codes, "dated");
	const char *day = dated ? json_text(record, dated) : NULL;
	const json_t *e = entry_of(f, code, day);
	const json_t *needs = json_object_get(e, "needs");

	if (!e && entry_of(f, code, NULL))
		return err_set(err, RC_INVALID,
			       "code '%.20s' of '%s' is not in force on %s",
			       code, f->name, day);
	if (!e)
		return err_set(err, RC_INVALID,
			       "field '%s' has no code '%.20s'", f->name, code);
	if (has_others && is_alone(f, code, day))
		return err_set(err, RC_INVALID,
			       "code '%s' of '%s' stands alone, or not at all",
			       code, f->name);
	for (size_t i = 0; i < json_array_size(needs); i++) {
		const char *name = json_string_value(json_array_get(needs, i));

		if (!has_value(record, name))
			return err_set(err, RC_INVALID,
				       "code '%s' of '%s' needs '%s'", code,
				       f->name, name);
	}
	return RC_OK;
}

enum rc codes_check(const struct field *f, const json_t *record,
		    struct err *err)
{
	const json_t *value = json_object_get(record, f->name);
	size_t n = json_array_size(value);
	enum rc rc = RC_OK;

	if (!f->codes)
		return RC_OK;
	if (json_is_string(value))
		return code_check(f, record, json_string_value(value), false,
				  err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = code_check(f, record,
				json_string_value(json_array_get(value, i)),
				n > 1, err);
	return rc;
}

const char *codes_clean(const struct field *f, const json_t *record)
{
	const json_t *set = json_object_get(record, f->name);

	for (size_t i = 0; f->codes && i < json_array_size(set); i++) {
		const char *code = json_string_value(json_array_get(set, i));

		if (json_is_true(
			    json_object_get(entry_of(f, code, NULL), "clean")))
			return code;
	}
	return NULL;
}

bool codes_part(const struct field *f, json_t *set)
{
	size_t others = 0, alone = 0;

	for (size_t i = 0; i < json_array_size(set); i++) {
		const char *code = json_string_value(json_array_get(set, i));

		if (is_alone(f, code, NULL))
			alone++;
		else
			others++;
	}
	if (!alone || alone + others < 2)
		return false;
	for (size_t i = json_array_size(set); i > 0; i--) {
		const char *code =
			json_string_value(json_array_get(set, i - 1));

		/* Of several that all stand alone the first stands. */
		if (is_alone(f, code, NULL) && (others || i > 1))
			json_array_remove(set, i - 1);
	}
	return true;
}

static enum rc wrong(const struct kind *k, const struct field *f,
		     struct err *err, const char *what, const char *word)
{
	return err_set(err, RC_INVALID, "kind '%s': the codes of '%s' %s '%s'",
		       k->name, f->name, what, word ? word : "");
}

static enum rc entry_declared(const struct kind *k, const struct field *f,
			      const json_t *e, struct err *err)
{
	static const char *const days[] = { "from", "to" };
	const char *code = json_text(e, "code");
	const json_t *needs = json_object_get(e, "needs");

	if (!code || !*code)
		return wrong(k, f, err, "have an entry without", "code");
	for (size_t i = 0; i < 2; i++) {
		const json_t *day = json_object_get(e, days[i]);
		const char *text = json_string_value(day);

		if (day && (!text || !name_is_date(text)))
			return wrong(k, f, err, "have no date in", days[i]);
	}
	for (size_t i = 0; i < json_array_size(needs); i++) {
		const char *name = json_string_value(json_array_get(needs, i));

		if (!name || !kind_field(k, name))
			return wrong(k, f, err, "need what is no field:", name);
	}
	return RC_OK;
}

enum rc codes_declared(const struct kind *k, const struct field *f,
		       struct err *err)
{
	const char *dated = json_text(f->codes, "dated");
	const struct field *day = dated ? kind_field(k, dated) : NULL;
	enum rc rc = RC_OK;

	if (f->type != FIELD_SET && f->type != FIELD_TEXT)
		return wrong(k, f, err, "do not suit its", "type");
	if (json_object_get(f->codes, "dated") &&
	    (!day || day->type != FIELD_DATE))
		return wrong(k, f, err, "are dated by what is no date:", dated);
	if (!json_array_size(list_of(f)))
		return wrong(k, f, err, "have no", "list");
	for (size_t i = 0; rc == RC_OK && i < json_array_size(list_of(f)); i++)
		rc = entry_declared(k, f, json_array_get(list_of(f), i), err);
	return rc;
}

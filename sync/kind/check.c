/* kind/check.c - are values legal, may they be written, and in which form are
 * sets canonical. */
#include "kind/kind_impl.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "form/points.h"
#include "kind/fsm.h"
#include "kind/marks.h"

const struct field *kind_field(const struct kind *k, const char *name)
{
	for (size_t i = 0; i < k->nfields; i++)
		if (strcmp(k->fields[i].name, name) == 0)
			return &k->fields[i];
	return NULL;
}

static bool is_text(const json_t *value)
{
	return json_is_string(value) &&
	       utf8_is_valid(json_string_value(value),
			     json_string_length(value));
}

static bool is_integer(const json_t *value)
{
	return json_is_integer(value) &&
	       json_integer_value(value) <= JSON_INT_MAX &&
	       json_integer_value(value) >= -JSON_INT_MAX;
}

/* Texts are free of NUL when they are compared. */
static int text_compare(const json_t *a, const json_t *b)
{
	return strcmp(json_string_value(a), json_string_value(b));
}

static bool is_texts(const json_t *array)
{
	if (!json_is_array(array))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!is_text(json_array_get(array, i)))
			return false;
	return true;
}

static bool is_sorted(const json_t *texts)
{
	for (size_t i = 1; i < json_array_size(texts); i++)
		if (text_compare(json_array_get(texts, i - 1),
				 json_array_get(texts, i)) >= 0)
			return false;
	return true;
}

bool field_fits(const struct field *f, const json_t *value)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_DATE:
	case FIELD_REF: return is_text(value);
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_MONEY:
	case FIELD_COORDINATE: return is_integer(value);
	case FIELD_BOOL: return json_is_boolean(value);
	case FIELD_SET: return is_texts(value);
	case FIELD_JSON: return json_is_object(value) || json_is_array(value);
	case FIELD__MAX: break;
	}
	return false;
}

static const char *type_wanted(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT: return "a text";
	case FIELD_INT: return "an integer";
	case FIELD_BOOL: return "true or false";
	case FIELD_DATE: return "a date like 2026-11-22";
	case FIELD_TIME: return "a time in milliseconds";
	case FIELD_MONEY: return "an amount in fen";
	case FIELD_COORDINATE: return "a coordinate in 1e-7 degrees";
	case FIELD_REF: return "the id of a record";
	case FIELD_SET: return "a list of texts";
	case FIELD_JSON: return "an object or a list";
	case FIELD__MAX: break;
	}
	return "known";
}

static size_t utf8_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool has_value(const struct field *f, const char *text)
{
	if (!f->values)
		return true;
	for (const char *const *v = f->values; *v; v++)
		if (strcmp(*v, text) == 0)
			return true;
	return false;
}

static enum rc check_text(const struct field *f, const json_t *value,
			  struct err *err)
{
	const char *text = json_string_value(value);
	int64_t max = f->max && f->type == FIELD_TEXT ? f->max : KIND_TEXT_MAX;

	/* A character has at most four bytes: short texts are not counted. */
	if (json_string_length(value) > (size_t)max &&
	    utf8_characters(text) > (size_t)max)
		return err_set(err, RC_INVALID,
			       "field '%s' has more than %lld characters",
			       f->name, (long long)max);
	if (!has_value(f, text))
		return err_set(err, RC_INVALID, "field '%s' cannot be '%.60s'",
			       f->name, text);
	return RC_OK;
}

bool field_takes(const struct field *f, const json_t *text)
{
	struct err ignored = { 0 };

	return check_text(f, text, &ignored) == RC_OK;
}

static enum rc check_set(const struct field *f, const json_t *set,
			 struct err *err)
{
	int64_t max = f->max ? f->max : KIND_TEXT_MAX;

	if (json_array_size(set) > (size_t)max)
		return err_set(err, RC_INVALID,
			       "field '%s' has more than %lld members", f->name,
			       (long long)max);
	if (!is_sorted(set))
		return err_set(err, RC_INVALID,
			       "field '%s' is not sorted, or repeats itself",
			       f->name);
	for (size_t i = 0; i < json_array_size(set); i++) {
		enum rc rc = check_text(f, json_array_get(set, i), err);

		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* What has no canonical bytes cannot be a record. */
static enum rc check_canonical(const char *name, const json_t *value,
			       struct err *err)
{
	struct err why = { 0 };
	struct buf scratch;
	enum rc rc;

	buf_init(&scratch, RECORD_BYTES_MAX);
	rc = jcs_write(&scratch, value, &why);
	if (rc != RC_OK)
		err_set(err, rc, "field '%s': %s", name, why.text);
	buf_release(&scratch);
	return rc;
}

static enum rc check_json(const struct field *f, const json_t *value,
			  struct err *err)
{
	struct err why = { 0 };
	enum rc rc = check_canonical(f->name, value, err);

	if (rc != RC_OK || !f->is_points)
		return rc;
	rc = points_check(value, &why);
	return rc == RC_OK
		       ? rc
		       : err_set(err, rc, "field '%s': %s", f->name, why.text);
}

enum rc field_check(const struct kind *k, const struct field *f,
		    const json_t *value, struct err *err)
{
	bool legal = field_fits(f, value);

	(void)k;
	if (legal && f->type == FIELD_DATE)
		legal = name_is_date(json_string_value(value));
	else if (legal && f->type == FIELD_REF)
		legal = name_is_id(json_string_value(value));
	else if (legal && f->type == FIELD_COORDINATE)
		legal = json_integer_value(value) <= COORDINATE_MAX &&
			json_integer_value(value) >= -COORDINATE_MAX;
	if (!legal)
		return err_set(err, RC_INVALID, "field '%s' is not %s", f->name,
			       type_wanted(f->type));
	switch (f->type) {
	case FIELD_TEXT: return check_text(f, value, err);
	case FIELD_SET: return check_set(f, value, err);
	case FIELD_JSON: return check_json(f, value, err);
	default: return RC_OK;
	}
}

static enum rc check_place(const struct kind *k, const json_t *record,
			   struct err *err)
{
	const char *id = json_text(record, "id");
	const char *scope = json_text(record, "scope");
	const char *town = json_text(record, "town");

	if (!id || !name_is_id(id))
		return err_set(err, RC_INVALID,
			       "the id is not 1 to 32 of a-z and 0-9");
	if (!scope || !name_is_scope(scope) ||
	    (strcmp(scope, "catalog") == 0) != k->is_catalog)
		return err_set(err, RC_INVALID, "scope '%.20s' is not %s",
			       scope ? scope : "",
			       k->is_catalog ? "catalog" : "a county's");
	if (!town || !name_is_town(town))
		return err_set(err, RC_INVALID, "town '%.20s' is not 3 digits",
			       town ? town : "");
	return RC_OK;
}

static bool is_place(const char *name)
{
	return strcmp(name, "id") == 0 || strcmp(name, "scope") == 0 ||
	       strcmp(name, "town") == 0;
}

static enum rc check_unknown(const char *name, const json_t *value,
			     struct err *err)
{
	if (!name_is_field(name))
		return err_set(err, RC_INVALID,
			       "'%.60s' cannot be the name of a field", name);
	return check_canonical(name, value, err);
}

static bool is_empty(const json_t *value)
{
	return !value || (json_is_string(value) && !json_string_length(value));
}

static enum rc check_record(const struct kind *k, const json_t *record,
			    struct err *err)
{
	json_t *o = json_unconst(record);
	const char *name;
	json_t *value;
	enum rc rc = check_place(k, record, err);

	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++)
		if (k->fields[i].required &&
		    is_empty(json_object_get(record, k->fields[i].name)))
			rc = err_set(err, RC_INVALID, "field '%s' is missing",
				     k->fields[i].name);
	if (rc != RC_OK)
		return rc;
	json_object_foreach(o, name, value)
	{
		const struct field *f = kind_field(k, name);

		if (is_place(name))
			continue;
		rc = f ? field_check(k, f, value, err)
		       : check_unknown(name, value, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc kind_check(const struct kind *k, const json_t *record, struct err *err)
{
	const char *id = json_text(record, "id");
	struct err why = { 0 };
	enum rc rc;

	if (!json_is_object(record))
		return err_set(err, RC_INVALID, "%s: a record is an object",
			       k->name);
	rc = check_record(k, record, &why);
	if (rc != RC_OK)
		err_set(err, rc, "%s '%.32s': %s", k->name, id ? id : "",
			why.text);
	return rc;
}

/* inspector, coordinator */
static void roles_say(char *out, size_t size, unsigned roles)
{
	size_t len = 0;

	for (unsigned role = 1; role <= ROLE_DRAW && len < size; role <<= 1)
		if (roles & role)
			len += (size_t)snprintf(out + len, size - len, "%s%s",
						len ? ", " : "",
						role_name(role));
}

static enum rc may_write_field(const struct kind *k, unsigned role,
			       const char *name, struct err *err)
{
	const struct field *f = kind_field(k, name);

	unsigned writers = f ? f->writers : k->writers;
	char who[120] = "", may[120] = "";

	if (writers & role)
		return RC_OK;
	roles_say(who, sizeof(who), role);
	roles_say(may, sizeof(may), writers);
	return err_set(err, RC_DENIED,
		       "%s cannot write field '%s' of '%s': it is set by %s",
		       who, name, k->name, may);
}

bool kind_is_observed(const struct kind *k, const struct field *f,
		      unsigned role, const json_t *before, const json_t *after)
{
	const json_t *was = json_object_get(before, f->name);
	const json_t *now = json_object_get(after, f->name);
	struct err wrong = { 0 };

	return !k->is_sealed && role & ROLE_INSPECTOR && f->rule == MERGE_REF &&
	       !(f->writers & role) && now && !(was && json_equal(was, now)) &&
	       field_check(k, f, now, &wrong) == RC_OK;
}

unsigned kind_writers(const struct kind *k)
{
	unsigned writers = k->writers;

	for (size_t i = 0; i < k->nfields; i++)
		writers |= k->fields[i].writers;
	return writers;
}

enum rc kind_may_write(const struct kind *k, unsigned role,
		       const json_t *before, const json_t *after,
		       struct err *err)
{
	json_t *old = json_unconst(before), *now = json_unconst(after);
	char who[120] = "";
	const char *name;
	json_t *value;
	enum rc rc;

	if (!before && !(k->writers & role)) {
		roles_say(who, sizeof(who), role);
		return err_set(err, RC_DENIED, "%s cannot write '%s'", who,
			       k->name);
	}
	json_object_foreach(now, name, value)
	{
		json_t *was = json_object_get(old, name);

		if ((was && json_equal(was, value)) ||
		    ((!before || role & ROLE_SERVER) && is_place(name)))
			continue;
		/* What its own words say is nobody's opinion. */
		if (!before && !(role & ROLE_INSPECTOR) &&
		    strcmp(name, FSM_FLAGS) == 0 && marks_earn_all(k, now))
			continue;
		rc = may_write_field(k, role, name, err);
		if (rc != RC_OK)
			return rc;
	}
	json_object_foreach(old, name, value)
	{
		if (json_object_get(now, name))
			continue;
		rc = may_write_field(k, role, name, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static void set_swap(json_t *set, size_t a, size_t b)
{
	json_t *x = json_incref(json_array_get(set, a));
	json_t *y = json_incref(json_array_get(set, b));

	json_array_set_new(set, a, y);
	json_array_set_new(set, b, x);
}

static void set_sink(json_t *set, size_t at, size_t n)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n)
			return;
		if (child + 1 < n &&
		    text_compare(json_array_get(set, child),
				 json_array_get(set, child + 1)) < 0)
			child++;
		if (text_compare(json_array_get(set, at),
				 json_array_get(set, child)) >= 0)
			return;
		set_swap(set, at, child);
		at = child;
	}
}

/* A heap sort in place: it needs no memory, so it cannot fail, and its time has
 * a bound whatever a tablet sends. */
static void set_sort(json_t *set)
{
	size_t n = json_array_size(set);

	for (size_t i = n / 2; i > 0; i--)
		set_sink(set, i - 1, n);
	for (size_t i = n; i > 1; i--) {
		set_swap(set, 0, i - 1);
		set_sink(set, 0, i - 1);
	}
}

static void set_unrepeat(json_t *set)
{
	size_t n = json_array_size(set), kept = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *member = json_array_get(set, i);

		if (kept > 0 &&
		    text_compare(json_array_get(set, kept - 1), member) == 0)
			continue;
		if (kept != i)
			json_array_set(set, kept, member);
		kept++;
	}
	for (; n > kept; n--)
		json_array_remove(set, n - 1);
}

void kind_normalise(const struct kind *k, json_t *record)
{
	for (size_t i = 0; i < k->nfields; i++) {
		json_t *set = json_object_get(record, k->fields[i].name);

		if (k->fields[i].type != FIELD_SET || !is_texts(set) ||
		    is_sorted(set))
			continue;
		set_sort(set);
		set_unrepeat(set);
	}
}

/* entry_text.c - characters that no screen and no paper shows as what they are:
 * controls, and marks that turn the direction of what stands behind them. */
#include "domain/entry.h"

#include <string.h>

#include "base/jcs.h"
#include "base/plain.h"

const struct entry_remark entry_cleaned = {
	"cleaned", "texts with control or bidi characters, which were left out"
};

bool entry_is_plain(const char *text)
{
	for (; *text; text++)
		if (plain_hidden(text))
			return false;
	return true;
}

bool entry_all_plain(const json_t *value)
{
	const json_t *one;
	const char *name;
	size_t i;

	if (json_is_string(value))
		return entry_is_plain(json_string_value(value));
	json_object_foreach((json_t *)(uintptr_t)value, name,
			    one) if (!entry_all_plain(one)) return false;
	json_array_foreach(value, i,
			   one) if (!entry_all_plain(one)) return false;
	return true;
}

/* `text` without them, and without white space that is at its ends then. */
static json_t *cleaned(const char *text)
{
	size_t n = strlen(text), len = 0, first;
	char *out = malloc(n + 1);
	json_t *value;

	if (!out)
		return NULL;
	while (*text) {
		size_t skip = plain_hidden(text);

		if (!skip)
			out[len++] = *text++;
		text += skip;
	}
	while (len > 0 && strchr(" \t\r\n", out[len - 1]))
		len--;
	out[len] = '\0';
	first = strspn(out, " \t\r\n");
	value = len > first ? json_stringn(out + first, len - first)
			    : json_null();
	free(out);
	return value;
}

/* The same of a set's members; one of which nothing is left goes. */
static json_t *cleaned_set(const json_t *set)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(set, i, one)
	{
		json_t *clean = json_is_string(one)
					? cleaned(json_string_value(one))
					: json_incref(one);

		if (!clean || (!json_is_null(clean) &&
			       json_array_append(out, clean) != 0)) {
			json_decref(clean);
			json_decref(out);
			return NULL;
		}
		json_decref(clean);
	}
	return out;
}

enum rc entry_clean(const struct kind *k, json_t *given, const json_t *standing,
		    struct entry_fact *fact, struct err *err)
{
	bool any = false;
	json_t *value;
	const char *name;
	void *next;

	json_object_foreach_safe(given, next, name, value)
	{
		const struct field *f = kind_field(k, name);
		const char *text = json_string_value(value);
		json_t *clean;

		if (!f || (f->type != FIELD_TEXT && f->type != FIELD_SET) ||
		    entry_all_plain(value) ||
		    json_equal(value, json_object_get(standing, name)))
			continue;
		clean = text ? cleaned(text) : cleaned_set(value);
		if (!clean || json_object_set_new(given, name, clean) != 0)
			return err_set(err, RC_NOMEM, "out of memory");
		any = true;
	}
	if (any)
		entry_note(fact, &entry_cleaned);
	return RC_OK;
}

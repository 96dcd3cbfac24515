/* entry_text.c - characters that no screen and no paper shows as what they are:
 * controls, and marks that turn the direction of what stands behind them. */
#include "domain/entry.h"

#include <string.h>

#include "base/jcs.h"

const struct entry_remark entry_cleaned = {
	"cleaned", "texts with control or bidi characters, which were left out"
};

/* How many bytes of UTF-8 are such a character: 0 for any other. */
static size_t hidden_at(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p < 0x20)
		return *p && !strchr("\t\r\n", *p);
	if (*p == 0x7f)
		return 1;
	if (*p == 0xc2) /* U+0080 to U+009F */
		return p[1] < 0xa0 ? 2 : 0;
	if (*p == 0xd8) /* U+061C */
		return p[1] == 0x9c ? 2 : 0;
	if (*p != 0xe2)
		return 0;
	if (p[1] == 0x80) /* U+200E, U+200F, U+202A to U+202E */
		return p[2] == 0x8e || p[2] == 0x8f ||
				       (p[2] >= 0xaa && p[2] <= 0xae)
			       ? 3
			       : 0;
	/* U+2066 to U+2069 */
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9 ? 3 : 0;
}

bool entry_is_plain(const char *text)
{
	for (; *text; text++)
		if (hidden_at(text))
			return false;
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
		size_t skip = hidden_at(text);

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

		if (!f || !text || f->type != FIELD_TEXT ||
		    entry_is_plain(text) ||
		    json_equal(value, json_object_get(standing, name)))
			continue;
		clean = cleaned(text);
		if (!clean || json_object_set_new(given, name, clean) != 0)
			return err_set(err, RC_NOMEM, "out of memory");
		any = true;
	}
	if (any)
		entry_note(fact, &entry_cleaned);
	return RC_OK;
}

/* entry.c - facts over what stands, and the flags that come and go with them.
 */
#include "domain/entry.h"

#include <assert.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/convert.h"
#include "domain/uscc.h"

#define WHITE " \t\r\n" /* as convert_value drops it */

void entry_note(struct entry_fact *fact, const struct entry_remark *remark)
{
	int i = 0;

	while (i < ENTRY_REMARKS_MAX - 1 && fact->remarks[i])
		i++;
	assert(!fact->remarks[i]);
	fact->remarks[i] = remark;
}

void entry_lower_code(char *text)
{
	char code[USCC_CHARS + 1];

	if (uscc_normalise(code, text, strlen(text)) && uscc_is_valid(code))
		uscc_id(text, code);
}

enum rc entry_value(const struct field *f, const char *text, json_t **out,
		    struct err *err)
{
	char id[USCC_CHARS + 1];

	if (f->type == FIELD_REF && strlen(text) == USCC_CHARS) {
		snprintf(id, sizeof(id), "%s", text);
		entry_lower_code(id);
		text = id;
	}
	return convert_value(f, text, out, err);
}

/* Would a file that shows what stands bring what is given? An import drops
 * white space around a text, and an empty text is none: that a text was
 * exported is no reason to change it. */
static bool reads_the_same(const json_t *standing, const json_t *given)
{
	const char *text = json_string_value(standing);
	const char *want = json_is_null(given) ? "" : json_string_value(given);
	size_t n;

	if (!text || !want)
		return false;
	text += strspn(text, WHITE);
	n = strlen(text);
	while (n > 0 && strchr(WHITE, text[n - 1]))
		n--;
	return n == strlen(want) && memcmp(text, want, n) == 0;
}

static int lay(json_t *record, const json_t *facts)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)facts, name, value)
	{
		if (reads_the_same(json_object_get(record, name), value) ||
		    !strcmp(name, "flags"))
			continue;
		if (json_is_null(value))
			json_object_del(record, name);
		else if (json_object_set(record, name, value) != 0)
			return -1;
	}
	return 0;
}

/* As convert_value takes a text: without the white space around it. */
static enum rc tidy(const struct kind *k, json_t *given, struct err *why)
{
	json_t *value;
	const char *name;
	void *next;

	json_object_foreach_safe(given, next, name, value)
	{
		const struct field *f = kind_field(k, name);
		const char *text = json_string_value(value);
		size_t n;

		if (f && !entry_all_plain(value))
			return err_set(why, RC_INVALID,
				       "field '%s' holds a control character "
				       "or one that turns the direction: leave "
				       "it out",
				       name);
		if (!f || !text || f->type != FIELD_TEXT)
			continue;
		text += strspn(text, WHITE);
		n = strlen(text);
		while (n > 0 && strchr(WHITE, text[n - 1]))
			n--;
		if (json_object_set_new(given, name,
					n ? json_stringn(text, n)
					  : json_null()) != 0)
			return err_set(why, RC_NOMEM, "out of memory");
	}
	return RC_OK;
}

static bool is_own(const struct entry_fact *fact, const char *flag)
{
	for (size_t i = 0; fact->own && fact->own[i]; i++)
		if (fact->own[i]->flag && !strcmp(fact->own[i]->flag, flag))
			return true;
	return false;
}

/* Flags, less what this entry decides, and what it earned, in canonical order;
 * a flag that is there already is there once. A new reference, or NULL when
 * memory ran out. */
static json_t *flags_with(const struct kind *k, const json_t *flags,
			  const struct entry_fact *fact)
{
	json_t *set = json_array(), *record = json_object(), *flag;
	int bad = json_object_set(record, "flags", set);
	size_t i;

	json_array_foreach(flags, i,
			   flag) if (!is_own(fact, json_string_value(flag)))
		bad |= json_array_append(set, flag);
	for (i = 0; i < ENTRY_REMARKS_MAX && fact->remarks[i]; i++)
		if (fact->remarks[i]->flag)
			bad |= json_array_append_new(
				set, json_string(fact->remarks[i]->flag));
	kind_normalise(k, record);
	json_decref(record);
	if (!bad)
		return set;
	json_decref(set);
	return NULL;
}

/* A set without members is no field. */
static int put_flags(json_t *record, json_t *flags)
{
	int bad = flags ? 0 : -1;

	if (json_array_size(flags) > 0)
		bad |= json_object_set(record, "flags", flags);
	else if (!bad && json_object_get(record, "flags"))
		bad |= json_object_del(record, "flags");
	json_decref(flags);
	return bad;
}

json_t *entry_record(const struct kind *k, const char *scope,
		     const struct entry_fact *fact, const json_t *standing)
{
	json_t *record = standing ? json_copy((json_t *)(uintptr_t)standing)
				  : json_object();
	int bad = 0;

	if (!standing) {
		bad |= json_object_set_new(record, "town", json_string("000"));
		if (fact->first)
			bad |= lay(record, fact->first);
	}
	bad |= json_object_set_new(record, "id", json_string(fact->id));
	bad |= json_object_set_new(record, "scope", json_string(scope));
	bad |= lay(record, fact->given);
	if (kind_field(k, "flags") && (fact->own || fact->remarks[0]))
		bad |= put_flags(
			record,
			flags_with(k, json_object_get(record, "flags"), fact));
	if (bad) {
		json_decref(record);
		return NULL;
	}
	return record;
}

bool entry_claims(const struct kind *k, const struct entry_fact *fact,
		  json_t *record)
{
	const json_t *given = json_object_get(fact->given, "flags");
	json_t *flags = json_object_get(record, "flags"), *wants;
	bool claims;

	if (!given || !kind_field(k, "flags"))
		return false;
	wants = flags_with(k, given, fact);
	claims = flags ? !json_equal(flags, wants) : json_array_size(wants) > 0;
	if (claims)
		put_flags(record, json_incref(wants));
	json_decref(wants);
	return claims;
}

enum rc entry_make(struct op *op, const char *scope, const struct kind *k,
		   json_t *given, struct entry_fact *fact,
		   const json_t *standing, json_t **record, bool *is_marked,
		   struct err *why)
{
	static const struct entry_remark *const of_code[] = {
		&entry_wrong_check, &entry_wrong_inner, NULL
	};
	struct entry_towns towns = { 0 };
	enum rc rc = tidy(k, given, why);

	*record = NULL;
	fact->given = given;
	if (json_object_get(given, "uscc"))
		fact->own = of_code;
	if (rc == RC_OK)
		rc = entry_check(op, scope, k, &towns, given, fact, why);
	if (rc == RC_OK)
		rc = entry_shared(op, scope, k, fact, why);
	if (rc == RC_OK) {
		*record = entry_record(k, scope, fact, standing);
		if (!*record)
			rc = err_set(why, RC_NOMEM, "out of memory");
		else
			*is_marked = !entry_claims(k, fact, *record);
	}
	fact->given = NULL;
	return rc;
}

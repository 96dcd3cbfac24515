#include "contract/schema.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "base/plain.h"
#include "contract/point.h"

#define DEPTH_MAX 48
#define POINTER_MAX 400

/* The way into a value, for messages. */
struct place {
	const json_t *document;
	json_t *errors; /* what was found */
	char pointer[POINTER_MAX];
	size_t len;
	int depth;
};

static void found(struct place *p, const char *detail)
{
	if (json_array_size(p->errors) < SCHEMA_ERRORS_MAX)
		json_array_append_new(p->errors,
				      json_pack("{s:s, s:s}", "pointer",
						p->pointer, "detail", detail));
}

static size_t enter(struct place *p, const char *name)
{
	size_t before = p->len;

	/* RFC 6901: ~ is ~0, / is ~1. */
	for (const char *c = name; p->len + 3 < POINTER_MAX; c++) {
		if (c == name)
			p->pointer[p->len++] = '/';
		if (!*c)
			break;
		if (*c == '~' || *c == '/') {
			p->pointer[p->len++] = '~';
			p->pointer[p->len++] = *c == '~' ? '0' : '1';
		} else {
			p->pointer[p->len++] = *c;
		}
	}
	p->pointer[p->len] = '\0';
	return before;
}

static void leave(struct place *p, size_t before)
{
	p->len = before;
	p->pointer[before] = '\0';
}

static bool type_is(const json_t *value, const char *type)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return !strcmp(type, "object");
	case JSON_ARRAY: return !strcmp(type, "array");
	case JSON_STRING: return !strcmp(type, "string");
	case JSON_INTEGER:
		return !strcmp(type, "integer") || !strcmp(type, "number");
	case JSON_REAL: return !strcmp(type, "number");
	case JSON_TRUE:
	case JSON_FALSE: return !strcmp(type, "boolean");
	case JSON_NULL: return !strcmp(type, "null");
	}
	return false;
}

static bool type_fits(const json_t *value, const json_t *type)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type))
		return type_is(value, json_string_value(type));
	json_array_foreach(
		type, i,
		one) if (type_is(value, json_string_value(one))) return true;
	return false;
}

/* "integer or null" */
static void type_say(const json_t *type, char *out, size_t size)
{
	const json_t *one;
	size_t i, n = 0;

	if (json_is_string(type)) {
		snprintf(out, size, "%s", json_string_value(type));
		return;
	}
	json_array_foreach(type, i, one) if (n < size) n +=
		(size_t)snprintf(out + n, size - n, "%s%s", i ? " or " : "",
				 json_string_value(one));
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* 2026-11-22T09:30:00Z, with a fraction or an offset. */
static bool is_date_time(const char *s)
{
	int64_t ms;

	return time_parse(s, &ms);
}

static bool is_date(const char *s)
{
	int64_t days;

	return date_parse(s, &days);
}

static bool matches(const char *pattern, const char *s)
{
	regex_t r;
	bool yes;

	if (regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	yes = regexec(&r, s, 0, NULL, 0) == 0;
	regfree(&r);
	return yes;
}

static void text_check(struct place *p, const json_t *schema, const char *s)
{
	const char *format = json_text(schema, "format");
	const char *pattern = json_text(schema, "pattern");
	int64_t least = json_int(schema, "minLength", 0);
	int64_t most = json_int(schema, "maxLength", -1);
	int64_t n = (int64_t)characters(s);
	char why[160];

	if (n < least) {
		snprintf(why, sizeof(why), "is shorter than %lld characters",
			 (long long)least);
		found(p, least == 1 ? "is empty" : why);
	}
	if (most >= 0 && n > most) {
		snprintf(why, sizeof(why), "is longer than %lld characters",
			 (long long)most);
		found(p, why);
	}
	if (format && !strcmp(format, "date") && !is_date(s))
		found(p, "is no date such as 2026-11-22");
	if (format && !strcmp(format, "date-time") && !is_date_time(s))
		found(p, "is no time such as 2026-11-22T09:30:00Z");
	if (pattern && !matches(pattern, s)) {
		snprintf(why, sizeof(why), "does not match %s", pattern);
		found(p, why);
	}
}

static void number_check(struct place *p, const json_t *schema,
			 const json_t *value)
{
	const json_t *least = json_object_get(schema, "minimum");
	const json_t *most = json_object_get(schema, "maximum");
	char why[80];

	if (least && json_number_value(value) < json_number_value(least)) {
		snprintf(why, sizeof(why), "is below %g",
			 json_number_value(least));
		found(p, why);
	}
	if (most && json_number_value(value) > json_number_value(most)) {
		snprintf(why, sizeof(why), "is above %g",
			 json_number_value(most));
		found(p, why);
	}
}

static void value_check(struct place *p, const json_t *schema,
			const json_t *value);

static void array_check(struct place *p, const json_t *schema,
			const json_t *value)
{
	const json_t *items = json_object_get(schema, "items"), *one;
	int64_t n = (int64_t)json_array_size(value);
	int64_t least = json_int(schema, "minItems", 0);
	int64_t most = json_int(schema, "maxItems", -1);
	char why[80], index[24];
	size_t i;

	if (n < least || (most >= 0 && n > most)) {
		snprintf(why, sizeof(why), "has %lld members, not %lld to %lld",
			 (long long)n, (long long)least, (long long)most);
		found(p, why);
	}
	json_array_foreach(value, i, one)
	{
		size_t before;

		snprintf(index, sizeof(index), "%zu", i);
		before = enter(p, index);
		if (items)
			value_check(p, items, one);
		for (size_t j = 0;
		     j < i &&
		     json_is_true(json_object_get(schema, "uniqueItems"));
		     j++)
			if (json_equal(json_array_get(value, j), one)) {
				found(p, "is there twice");
				break;
			}
		leave(p, before);
		if (json_array_size(p->errors) >= SCHEMA_ERRORS_MAX)
			break;
	}
}

static void object_check(struct place *p, const json_t *schema,
			 const json_t *value)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	const json_t *required = json_object_get(schema, "required"), *one;
	const char *name;
	size_t i;

	json_array_foreach(
		required, i,
		one) if (!json_object_get(value, json_string_value(one)))
	{
		size_t before = enter(p, json_string_value(one));

		found(p, "is missing");
		leave(p, before);
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, one)
	{
		const json_t *of = json_object_get(properties, name);
		size_t before = enter(p, name);

		if (json_is_true(json_object_get(of, "readOnly")))
			found(p, "is set by the server: leave it away");
		else if (of)
			value_check(p, of, one);
		else if (json_is_false(others))
			found(p, "is not known here");
		else if (json_is_object(others))
			value_check(p, others, one);
		leave(p, before);
	}
}

/* How many of the schemas fit, without a word about those that do not. */
static size_t fitting(struct place *p, const json_t *schemas,
		      const json_t *value)
{
	json_t *errors = p->errors;
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(schemas, i, one)
	{
		p->errors = json_array();
		value_check(p, one, value);
		n += p->errors && json_array_size(p->errors) == 0;
		json_decref(p->errors);
	}
	p->errors = errors;
	return n;
}

static void several_check(struct place *p, const json_t *schema,
			  const json_t *value)
{
	const json_t *any = json_object_get(schema, "anyOf");
	const json_t *one = json_object_get(schema, "oneOf");
	const json_t *all = json_object_get(schema, "allOf"), *each;
	size_t i;

	if (any && fitting(p, any, value) == 0)
		found(p, "has none of the shapes that are allowed here");
	if (one && fitting(p, one, value) != 1)
		found(p, "does not have just one of the shapes that are "
			 "allowed here");
	json_array_foreach(all, i, each) value_check(p, each, value);
}

static void choice_check(struct place *p, const json_t *schema,
			 const json_t *value)
{
	const json_t *list = json_object_get(schema, "enum"), *one;
	const json_t *only = json_object_get(schema, "const");
	char why[200] = "is none of ";
	size_t i, n = strlen(why);

	if (only && !json_equal(only, value))
		found(p, "is not the one value that is allowed here");
	if (!list)
		return;
	json_array_foreach(list, i, one)
	{
		if (json_equal(one, value))
			return;
		if (json_is_string(one) && n < sizeof(why))
			n += (size_t)snprintf(why + n, sizeof(why) - n, "%s%s",
					      i ? ", " : "",
					      json_string_value(one));
	}
	found(p, why);
}

static void value_check(struct place *p, const json_t *schema,
			const json_t *value)
{
	const char *ref = json_text(schema, "$ref");
	const json_t *type = json_object_get(schema, "type");
	char why[100];

	if (json_is_boolean(schema)) {
		if (json_is_false(schema))
			found(p, "is not allowed here");
		return;
	}
	if (++p->depth > DEPTH_MAX) {
		found(p, "is nested too deeply");
		p->depth--;
		return;
	}
	if (ref)
		value_check(p, json_point(p->document, ref), value);
	if (type && !type_fits(value, type)) {
		snprintf(why, sizeof(why), "is not of type ");
		type_say(type, why + strlen(why), sizeof(why) - strlen(why));
		found(p, why);
		p->depth--;
		return;
	}
	choice_check(p, schema, value);
	several_check(p, schema, value);
	if (json_is_string(value))
		text_check(p, schema, json_string_value(value));
	if (json_is_number(value))
		number_check(p, schema, value);
	if (json_is_array(value))
		array_check(p, schema, value);
	if (json_is_object(value))
		object_check(p, schema, value);
	p->depth--;
}

json_t *schema_errors(const json_t *document, const json_t *schema,
		      const json_t *value)
{
	struct place p = { .document = document, .errors = json_array() };

	if (p.errors)
		value_check(&p, schema, value);
	return p.errors;
}

static void hidden_check(struct place *p, const json_t *value);

static void hidden_below(struct place *p, const char *name, const json_t *value)
{
	size_t before = enter(p, name);

	hidden_check(p, value);
	leave(p, before);
}

static void hidden_check(struct place *p, const json_t *value)
{
	const char *text = json_string_value(value), *name;
	const json_t *one;
	char index[24];
	size_t i;

	while (text && *text && !plain_hidden(text))
		text++;
	if (text && *text)
		found(p, "holds a control character or one that turns the "
			 "direction: leave it out");
	json_object_foreach((json_t *)(uintptr_t)value, name, one)
		hidden_below(p, name, one);
	json_array_foreach(value, i, one)
	{
		snprintf(index, sizeof(index), "%zu", i);
		hidden_below(p, index, one);
	}
}

json_t *schema_hidden(const json_t *value)
{
	struct place p = { .errors = json_array() };

	if (p.errors)
		hidden_check(&p, value);
	return p.errors;
}

/* What each word holds: a schema, a list or an object of them, or no schema. */
enum word { WORD_PLAIN, WORD_SCHEMA, WORD_LIST, WORD_OBJECT };

static const struct {
	const char *name;
	enum word holds;
} words[] = {
	{ "type", WORD_PLAIN },        { "enum", WORD_PLAIN },
	{ "const", WORD_PLAIN },       { "required", WORD_PLAIN },
	{ "minItems", WORD_PLAIN },    { "maxItems", WORD_PLAIN },
	{ "uniqueItems", WORD_PLAIN }, { "minLength", WORD_PLAIN },
	{ "maxLength", WORD_PLAIN },   { "pattern", WORD_PLAIN },
	{ "minimum", WORD_PLAIN },     { "maximum", WORD_PLAIN },
	{ "format", WORD_PLAIN },      { "title", WORD_PLAIN },
	{ "description", WORD_PLAIN }, { "examples", WORD_PLAIN },
	{ "default", WORD_PLAIN },     { "readOnly", WORD_PLAIN },
	{ "deprecated", WORD_PLAIN },  { "$ref", WORD_PLAIN },
	{ "items", WORD_SCHEMA },      { "additionalProperties", WORD_SCHEMA },
	{ "properties", WORD_OBJECT }, { "oneOf", WORD_LIST },
	{ "anyOf", WORD_LIST },        { "allOf", WORD_LIST },
};

static enum rc word_check(const json_t *document, const char *name,
			  const json_t *held, const char *where,
			  struct err *err)
{
	enum rc rc = RC_OK;
	const json_t *each;
	const char *key;
	char inner[POINTER_MAX];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].name, name))
			break;
	if (i == sizeof(words) / sizeof(*words))
		return err_set(err, RC_INVALID, "%s: the word '%s' is unknown",
			       where, name);
	snprintf(inner, sizeof(inner), "%s/%s", where, name);
	if (words[i].holds == WORD_SCHEMA)
		return schema_check_words(document, held, inner, err);
	if (words[i].holds == WORD_LIST) {
		json_array_foreach(held, i, each) if (rc == RC_OK) rc =
			schema_check_words(document, each, inner, err);
		return rc;
	}
	if (words[i].holds == WORD_OBJECT)
		json_object_foreach((json_t *)(uintptr_t)held, key,
				    each) if (rc == RC_OK)
		{
			snprintf(inner, sizeof(inner), "%s/%s/%s", where, name,
				 key);
			rc = schema_check_words(document, each, inner, err);
		}
	return rc;
}

enum rc schema_check_words(const json_t *document, const json_t *schema,
			   const char *where, struct err *err)
{
	const char *ref = json_text(schema, "$ref");
	const char *pattern = json_text(schema, "pattern");
	const json_t *held;
	const char *name;
	enum rc rc = RC_OK;
	regex_t r;

	if (json_is_boolean(schema))
		return RC_OK;
	if (!json_is_object(schema))
		return err_set(err, RC_INVALID, "%s: is no schema", where);
	if (ref && !json_point(document, ref))
		return err_set(err, RC_INVALID, "%s: there is no '%s'", where,
			       ref);
	if (pattern && regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, RC_INVALID, "%s: '%s' is no pattern", where,
			       pattern);
	if (pattern)
		regfree(&r);
	json_object_foreach((json_t *)(uintptr_t)schema, name,
			    held) if (rc == RC_OK) rc =
		word_check(document, name, held, where, err);
	return rc;
}

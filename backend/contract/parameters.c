/* contract/parameters.c - what a request says beside its body, typed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "contract/contract.h"
#include "contract/schema.h"

#define QUERY_MAX 4096

static void wrong(json_t *errors, const char *name, const char *detail)
{
	char at[80];

	snprintf(at, sizeof(at), "%s", name);
	json_array_append_new(errors, json_pack("{s:s, s:s}", "pointer", at,
						"detail", detail));
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A piece of a query, decoded; NULL where it is no UTF-8 or holds a NUL. */
static json_t *decoded(const char *p, size_t n)
{
	char text[QUERY_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(text); i++) {
		if (p[i] == '%') {
			if (n - i < 3 || digit(p[i + 1]) < 0 ||
			    digit(p[i + 2]) < 0)
				return NULL;
			text[len++] =
				(char)(digit(p[i + 1]) * 16 + digit(p[i + 2]));
			i += 2;
		} else {
			text[len++] = p[i] == '+' ? ' ' : p[i];
		}
	}
	return memchr(text, '\0', len) ? NULL : json_stringn(text, len);
}

/* name -> text of a query; a name that comes twice is an error. */
static json_t *query_read(const char *query, json_t *errors)
{
	json_t *out = json_object();

	while (*query) {
		size_t n = strcspn(query, "&");
		const char *equals = memchr(query, '=', n);
		size_t named = equals ? (size_t)(equals - query) : n;
		json_t *name = decoded(query, named);
		json_t *value = equals ? decoded(equals + 1, n - named - 1)
				       : json_string("");

		if (name && value && json_string_length(name)) {
			if (json_object_get(out, json_string_value(name)))
				wrong(errors, json_string_value(name),
				      "is there twice");
			json_object_set(out, json_string_value(name), value);
		} else if (n > 0) {
			wrong(errors, "query", "is malformed");
		}
		json_decref(name);
		json_decref(value);
		query += n + (query[n] == '&');
	}
	return out;
}

static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, ",");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == ',');
	}
	return list;
}

static const char *type_of(const json_t *document, const json_t *schema)
{
	const char *ref = json_text(schema, "$ref");
	const char *type;

	if (ref && !strncmp(ref, "#/components/schemas/", 21))
		schema = json_object_get(
			json_object_get(json_object_get(document, "components"),
					"schemas"),
			ref + 21);
	type = json_text(schema, "type");
	return type ? type : "string";
}

/* Text as the schema's type; text stays what it is where it does not fit, and
 * the schema then says so. */
static json_t *typed(const json_t *document, const json_t *schema,
		     const char *text)
{
	const char *type = type_of(document, schema);
	char *end;
	long long v;

	if (!strcmp(type, "array"))
		return list_of(text);
	if (!strcmp(type, "boolean") &&
	    (!strcmp(text, "true") || !strcmp(text, "false")))
		return json_boolean(text[0] == 't');
	if (!strcmp(type, "integer") && *text && *text != ' ') {
		errno = 0;
		v = strtoll(text, &end, 10);
		if (!*end && !errno && v <= JSON_INT_MAX && v >= -JSON_INT_MAX)
			return json_integer(v);
	}
	return json_string(text);
}

static void value_take(const json_t *document, const json_t *p,
		       const char *text, json_t *out, json_t *errors)
{
	const json_t *schema = json_object_get(p, "schema");
	const char *name = json_text(p, "name");
	json_t *value = typed(document, schema, text), *found, *one;
	size_t i;

	found = value ? schema_errors(document, schema, value) : NULL;
	json_array_foreach(found, i, one)
		wrong(errors, name, json_text(one, "detail"));
	if (found && json_array_size(found) == 0)
		json_object_set(out, name, value);
	json_decref(found);
	json_decref(value);
}

enum rc contract_parameters(const struct contract *c,
			    const struct operation *op, const char *query,
			    const json_t *path,
			    const char *(*header)(void *ctx, const char *name),
			    void *ctx, json_t **out, json_t **errors,
			    struct err *err)
{
	const json_t *document = contract_document(c), *p;
	json_t *asked;
	const char *name;
	json_t *value;
	size_t i;

	*out = json_object();
	*errors = json_array();
	asked = query_read(query, *errors);
	if (!*out || !*errors || !asked) {
		json_decref(asked);
		return err_set(err, RC_NOMEM, "out of memory");
	}
	json_array_foreach(op->parameters, i, p)
	{
		const json_t *schema = json_object_get(p, "schema");
		const char *in = json_text(p, "in"), *text;

		name = json_text(p, "name");
		if (!strcmp(in, "path"))
			text = json_text(path, name);
		else if (!strcmp(in, "header"))
			text = header ? header(ctx, name) : NULL;
		else
			text = json_text(asked, name);
		if (text)
			value_take(document, p, text, *out, *errors);
		else if (json_object_get(schema, "default"))
			json_object_set(*out, name,
					json_object_get(schema, "default"));
		/* A missing If-Match has a status of its own (428). */
		else if (json_is_true(json_object_get(p, "required")) &&
			 strcmp(in, "header") != 0)
			wrong(*errors, name, "is missing");
		if (!strcmp(in, "query"))
			json_object_del(asked, name);
	}
	json_object_foreach(asked, name, value)
		wrong(*errors, name, "is no parameter of this operation");
	json_decref(asked);
	return RC_OK;
}

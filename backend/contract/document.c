/* contract/document.c - paths and schemas that follow from the kinds. */
#include "contract/document.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/jcs.h"
#include "contract/embedded.h"
#include "contract/example.h"
#include "contract/point.h"
#include "contract/refusals.h"

#define TEXT_MAX_BYTES (1u << 20)

static bool kind_is_written(const json_t *document, const char *kind)
{
	const json_t *all = json_point(document, "/x-hufu/resources");

	return !json_is_false(
		json_object_get(json_object_get(all, kind), "write"));
}

void document_plural(const json_t *document, const char *kind, char out[64])
{
	const json_t *all = json_point(document, "/x-hufu/resources");
	const char *said = json_text(json_object_get(all, kind), "plural");

	if (said)
		snprintf(out, 64, "%s", said);
	else
		snprintf(out, 64, "%ss", kind);
}

/* "external-ratings" and "external_rating" to "ExternalRatings". */
static void camel(const char *word, char out[64])
{
	size_t n = 0;
	bool begins = true;

	for (; *word && n < 63; word++) {
		if (*word == '_' || *word == '-') {
			begins = true;
			continue;
		}
		out[n++] = begins ? (char)toupper((unsigned char)*word) : *word;
		begins = false;
	}
	out[n] = '\0';
}

struct word {
	const char *token, *text;
};

/* `text` with every token replaced. */
static void replace(struct buf *out, const char *text, const struct word *words)
{
	while (*text) {
		const struct word *w = words;

		while (w->token && strncmp(text, w->token, strlen(w->token)))
			w++;
		if (w->token) {
			buf_puts(out, w->text);
			text += strlen(w->token);
		} else {
			buf_byte(out, *text++);
		}
	}
}

/* `value` with the words in all its texts, a new reference: a text stays a
 * text, whatever a label holds. NULL when memory ran out. */
static json_t *worded(const json_t *value, const struct word *words)
{
	json_t *in = (json_t *)(uintptr_t)value, *out, *one;
	const char *name;
	struct buf text;
	int bad = 0;
	size_t i;

	if (json_is_string(value)) {
		buf_init(&text, TEXT_MAX_BYTES);
		replace(&text, json_string_value(value), words);
		out = text.rc != RC_OK ? NULL
		      : text.data      ? json_stringn(text.data, text.len)
				       : json_string("");
		buf_release(&text);
		return out;
	}
	if (!json_is_object(value) && !json_is_array(value))
		return json_incref(in);
	out = json_is_object(value) ? json_object() : json_array();
	json_object_foreach(in, name, one) bad |=
		json_object_set_new(out, name, worded(one, words));
	json_array_foreach(in, i, one) bad |=
		json_array_append_new(out, worded(one, words));
	if (!bad)
		return out;
	json_decref(out);
	return NULL;
}

/* A copy of `item` with the words of a kind in it. */
static enum rc item_for(const json_t *document, const struct kind *k,
			const json_t *item, json_t **out, struct err *err)
{
	char plural[64], one[64], many[64];
	const struct word words[] = {
		{ "{resource}", plural },   { "{kind}", k->name },
		{ "{Kinds}", many },        { "{Kind}", one },
		{ "{label}", k->label_en }, { NULL, NULL }
	};

	document_plural(document, k->name, plural);
	camel(k->name, one);
	camel(plural, many);
	*out = worded(item, words);
	return *out ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

static const char *const scalar_type[FIELD__MAX] = {
	[FIELD_TEXT] = "string",        [FIELD_INT] = "integer",
	[FIELD_BOOL] = "boolean",       [FIELD_DATE] = "string",
	[FIELD_TIME] = "string",        [FIELD_MONEY] = "integer",
	[FIELD_COORDINATE] = "integer", [FIELD_REF] = "string",
	[FIELD_SET] = "array",          [FIELD_JSON] = NULL,
};

static void limits_put(json_t *schema, const struct field *f)
{
	const char *id = "^[a-z0-9]{1,32}$";
	int64_t degrees = strcmp(f->name, "latitude") ? 180 : 90;

	if (f->type == FIELD_TEXT && !f->values)
		json_object_set_new(schema, "maxLength",
				    json_integer(f->max ? f->max : 4000));
	if (f->type == FIELD_REF)
		json_object_set_new(schema, "pattern", json_string(id));
	if (f->type == FIELD_DATE)
		json_object_set_new(schema, "format", json_string("date"));
	if (f->type == FIELD_TIME)
		json_object_set_new(schema, "format", json_string("date-time"));
	if (f->type == FIELD_SET)
		json_object_set_new(schema, "items",
				    json_pack("{s:s}", "type", "string"));
	if (f->type == FIELD_COORDINATE) {
		json_object_set_new(schema, "minimum",
				    json_integer(-degrees * 10000000));
		json_object_set_new(schema, "maximum",
				    json_integer(degrees * 10000000));
	}
}

bool document_is_read_only(const struct field *f)
{
	return f->acting || !(f->writers & ~(unsigned)ROLES_OF_NOBODY);
}

/* What a field holds; `or_null` for a patch. */
static json_t *field_schema(const struct field *f, bool or_null)
{
	json_t *schema = json_object(), *values = json_array();
	const char *type = scalar_type[f->type];

	json_object_set_new(schema, "description",
			    json_sprintf("%s (%s)", f->label_en, f->label_zh));
	if (type && or_null)
		json_object_set_new(schema, "type",
				    json_pack("[s, s]", type, "null"));
	else if (type)
		json_object_set_new(schema, "type", json_string(type));
	for (const char *const *v = f->values; v && *v; v++)
		json_array_append_new(values, json_string(*v));
	if (or_null && f->values)
		json_array_append_new(values, json_null());
	if (f->values)
		json_object_set(schema, "enum", values);
	json_decref(values);
	limits_put(schema, f);
	if (document_is_read_only(f))
		json_object_set_new(schema, "readOnly", json_true());
	return schema;
}

static void common_properties(json_t *properties, const struct kind *k)
{
	static const char *const refs[][2] = {
		{ "id", "#/components/schemas/Id" },
		{ "scope", "#/components/schemas/ScopeCode" },
		{ "town", "#/components/schemas/Town" },
	};

	(void)k;
	for (size_t i = 0; i < 3; i++)
		json_object_set_new(properties, refs[i][0],
				    json_pack("{s:s}", "$ref", refs[i][1]));
}

/* May no account make or change records of the kind by itself? */
static bool is_kept(const json_t *document, const struct kind *k)
{
	return !kind_is_written(document, k->name) ||
	       !(k->writers & ~(unsigned)ROLES_OF_NOBODY);
}

/* A record as it is read. */
static json_t *schema_read(const json_t *document, const struct kind *k)
{
	json_t *properties = json_object(), *one;

	common_properties(properties, k);
	json_object_set_new(
		properties, "etag",
		json_pack("{s:s}", "$ref", "#/components/schemas/Etag"));
	for (size_t i = 0; i < k->nfields; i++) {
		one = field_schema(&k->fields[i], false);
		if (is_kept(document, k))
			json_object_set_new(one, "readOnly", json_true());
		json_object_set_new(properties, k->fields[i].name, one);
	}
	return json_pack("{s:s, s:s, s:[s, s, s, s], s:o}", "type", "object",
			 "title", k->label_zh, "required", "id", "scope",
			 "town", "etag", "properties", properties);
}

/* A record as it is made, or a patch of one. */
static json_t *schema_written(const struct kind *k, bool is_patch)
{
	json_t *properties = json_object(), *required = json_array(), *out;

	if (!is_patch)
		common_properties(properties, k);
	else
		json_object_set_new(properties, "town",
				    json_pack("{s:s}", "$ref",
					      "#/components/schemas/Town"));
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		if (is_patch && f->rule == MERGE_FSM)
			continue;
		json_object_set_new(properties, f->name,
				    field_schema(f, is_patch));
		if (f->required && !is_patch && !document_is_read_only(f))
			json_array_append_new(required, json_string(f->name));
	}
	out = json_pack("{s:s, s:o, s:b}", "type", "object", "properties",
			properties, "additionalProperties", 0);
	if (json_array_size(required))
		json_object_set(out, "required", required);
	json_decref(required);
	json_object_set_new(out, "examples",
			    json_pack("[o]", is_patch ? example_patch(k)
						      : example_record(k)));
	return out;
}

static json_t *reply_of(const char *name)
{
	char ref[100];

	snprintf(ref, sizeof(ref), "#/components/schemas/%s", name);
	return json_pack("{s:s, s:{s:{s:s}}, s:{s:{s:{s:s}}}}", "description",
			 "The record as it now stands", "headers", "ETag",
			 "$ref", "#/components/headers/ETag", "content",
			 "application/json", "schema", "$ref", ref);
}

/* What is there already keeps its meaning. */
static enum rc part_add(json_t *parts, const char *name, json_t *part,
			struct err *err)
{
	bool is_taken = json_object_get(parts, name) != NULL;

	if (!is_taken && json_object_set_new(parts, name, part) == 0)
		return RC_OK;
	if (!is_taken)
		return err_set(err, RC_NOMEM, "out of memory");
	json_decref(part);
	return err_set(err, RC_INVALID, "the API has another '%s'", name);
}

static enum rc kind_schemas(json_t *document, const struct kind *k,
			    struct err *err)
{
	json_t *parts = json_object_get(document, "components");
	json_t *schemas = json_object_get(parts, "schemas");
	json_t *replies = json_object_get(parts, "responses");
	char name[64], other[80];
	enum rc rc;

	camel(k->name, name);
	rc = part_add(schemas, name, schema_read(document, k), err);
	if (rc == RC_OK)
		rc = part_add(replies, name, reply_of(name), err);
	snprintf(other, sizeof(other), "%sNew", name);
	if (rc == RC_OK)
		rc = part_add(schemas, other, schema_written(k, false), err);
	snprintf(other, sizeof(other), "%sPatch", name);
	return rc == RC_OK
		       ? part_add(schemas, other, schema_written(k, true), err)
		       : rc;
}

static void parameter_put(json_t *parameters, const char *name, json_t *schema,
			  const char *what)
{
	json_array_append_new(parameters,
			      json_pack("{s:s, s:s, s:o, s:s, s:b}", "name",
					name, "in", "query", "schema", schema,
					"description", what, "x-filter", 1));
}

/* What a list is filtered by: the field's label, and its words where it has no
 * others. */
static void filter_put(json_t *parameters, const struct field *f)
{
	struct buf what;

	buf_init(&what, 4096);
	buf_puts(&what, f->label_en);
	for (size_t i = 0; f->values && f->values[i]; i++)
		buf_printf(&what, "%s%s", i ? ", " : ": one or more of ",
			   f->values[i]);
	parameter_put(
		parameters, f->name,
		json_pack("{s:s, s:i}", "type", "string", "maxLength", 400),
		what.data ? what.data : f->label_en);
	buf_release(&what);
}

static bool is_ordered(const struct field *f)
{
	return f->type == FIELD_DATE || f->type == FIELD_TIME ||
	       f->type == FIELD_INT || f->type == FIELD_MONEY;
}

static bool has_parameter(const json_t *document, const json_t *parameters,
			  const char *name)
{
	const json_t *p;
	size_t i;

	json_array_foreach(parameters, i, p)
	{
		const char *ref = json_text(p, "$ref");
		const char *has = json_text(
			ref ? json_point(document, ref + 1) : p, "name");

		if (has && !strcmp(has, name))
			return true;
	}
	return false;
}

/* One parameter for each field that a list can be filtered by. What every list
 * has keeps its meaning: a field `fields` is no filter. */
static void filters_put(const json_t *document, json_t *parameters,
			const struct kind *k)
{
	char name[40];

	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		json_t *bound = field_schema(f, false);

		json_object_del(bound, "description");
		json_object_del(bound, "readOnly");
		if (f->type == FIELD_JSON || k->is_sealed ||
		    has_parameter(document, parameters, f->name)) {
			json_decref(bound);
			continue;
		}
		filter_put(parameters, f);
		for (int end = 0; end < 2 && is_ordered(f); end++) {
			snprintf(name, sizeof(name), "%s.%s", f->name,
				 end ? "to" : "from");
			parameter_put(parameters, name, json_copy(bound),
				      end ? "not after" : "not before");
		}
		json_decref(bound);
	}
}

/* What is declared for a kind alone takes the place of what every kind has; of
 * another kind, or of none, it would hide it. */
static enum rc declared_check(const json_t *declared, const char *path,
			      const struct kind *k, struct err *err)
{
	json_t *op;
	const char *method;

	json_object_foreach((json_t *)(uintptr_t)declared, method, op)
	{
		const json_t *x = json_object_get(op, "x-hufu");
		const char *of = json_text(x, "kind");

		if (!of)
			of = json_text(json_object_get(x, "with"), "kind");
		if (json_is_object(op) && (!of || strcmp(of, k->name) != 0))
			return err_set(err, RC_INVALID,
				       "%s is there for %s already", path,
				       json_text(op, "operationId"));
	}
	return RC_OK;
}

/* One path of a kind: operations that it does not have are left out. */
static enum rc path_for(json_t *document, const struct kind *k,
			const char *path, const json_t *item, json_t *paths,
			struct err *err)
{
	char plural[64], at[200];
	struct word words[] = { { "{resource}", plural }, { NULL, NULL } };
	json_t *made = NULL, *get;
	struct buf name;
	enum rc rc = item_for(document, k, item, &made, err);

	if (rc != RC_OK)
		return rc;
	document_plural(document, k->name, plural);
	buf_init(&name, sizeof(at) - 1);
	replace(&name, path, words);
	snprintf(at, sizeof(at), "%s", name.data ? name.data : "");
	buf_release(&name);
	if (is_kept(document, k)) {
		json_object_del(made, "post");
		json_object_del(made, "patch");
	}
	get = json_object_get(made, "get");
	json_object_set_new(json_object_get(get, "x-hufu"), "kind",
			    json_string(k->name));
	json_object_set_new(
		json_object_get(json_object_get(made, "post"), "x-hufu"),
		"kind", json_string(k->name));
	json_object_set_new(
		json_object_get(json_object_get(made, "patch"), "x-hufu"),
		"kind", json_string(k->name));
	if (json_is_true(json_object_get(
		    json_object_get(json_object_get(get, "x-hufu"), "with"),
		    "filters")))
		filters_put(document, json_object_get(get, "parameters"), k);
	rc = declared_check(json_object_get(paths, at), at, k, err);
	if (rc == RC_OK && json_object_get(paths, at))
		json_object_update_missing(json_object_get(paths, at), made);
	else if (rc == RC_OK)
		json_object_set(paths, at, made);
	json_decref(made);
	return rc;
}

static enum rc paths_make(json_t *document, const struct registry *kinds,
			  struct err *err)
{
	json_t *declared = json_object_get(document, "paths");
	json_t *paths = json_object(), *item;
	const char *path;
	enum rc rc = paths ? RC_OK : err_set(err, RC_NOMEM, "out of memory");

	json_object_foreach(declared, path,
			    item) if (!strstr(path, "{resource}"))
		json_object_set(paths, path, item);
	for (size_t i = 0; i < registry_count(kinds) && rc == RC_OK; i++)
		json_object_foreach(declared, path,
				    item) if (rc == RC_OK &&
					      strstr(path, "{resource}")) rc =
			path_for(document, registry_at(kinds, i), path, item,
				 paths, err);
	if (rc == RC_OK)
		json_object_set(document, "paths", paths);
	json_decref(paths);
	return rc;
}

/* What every reply carries, said once: a reference to the header in each reply
 * that is written out. */
static void header_put(json_t *reply)
{
	json_t *headers = json_object_get(reply, "headers");

	if (json_object_get(reply, "$ref"))
		return;
	if (!headers) {
		headers = json_object();
		json_object_set_new(reply, "headers", headers);
	}
	json_object_set_new(
		headers, "Request-Id",
		json_pack("{s:s}", "$ref", "#/components/headers/RequestId"));
}

static void headers_put(json_t *document)
{
	json_t *paths = json_object_get(document, "paths"), *path, *op, *reply;
	const char *key;

	json_object_foreach(
		json_object_get(json_object_get(document, "components"),
				"responses"),
		key, reply) header_put(reply);
	json_object_foreach(paths, key, path)
	{
		const char *method, *status;

		json_object_foreach(path, method, op)
		{
			json_object_foreach(json_object_get(op, "responses"),
					    status, reply) header_put(reply);
		}
	}
}

enum rc document_make(const struct registry *kinds, json_t **out,
		      struct err *err)
{
	enum rc rc =
		json_read(api_json_begin,
			  (size_t)(api_json_end - api_json_begin), out, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < registry_count(kinds); i++)
		rc = kind_schemas(*out, registry_at(kinds, i), err);
	if (rc == RC_OK)
		rc = paths_make(*out, kinds, err);
	if (rc != RC_OK)
		return rc;
	refusals_put(*out);
	problem_types_put(*out);
	headers_put(*out);
	return rc;
}

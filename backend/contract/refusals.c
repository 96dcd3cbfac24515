/* contract/refusals.c - which statuses an operation can be refused with, by
 * what it declares: parameters, body, scope, who may. */
#include "contract/refusals.h"

#include <string.h>

#include "base/jcs.h"
#include "contract/point.h"

/* What one operation has. */
struct traits {
	bool changes, is_public, has_scope, has_place, has_body, matches, keyed;
	bool has_etag; /* of what it reads */
};

static bool has_header(const json_t *document, const json_t *op,
		       const char *name)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(op, "parameters"), i, p)
	{
		const char *ref = json_text(p, "$ref");
		const char *is = json_text(
			ref ? json_point(document, ref + 1) : p, "name");

		if (is && !strcmp(is, name))
			return true;
	}
	return false;
}

static bool is_for_public(const json_t *x)
{
	const json_t *roles = json_object_get(x, "roles"), *one;
	size_t i;

	json_array_foreach(roles, i, one) if (!strcmp(json_string_value(one),
						      "public")) return true;
	return false;
}

/* Does the reply 200 come with an etag? Who sends it back may hear 304. */
static bool gives_etag(const json_t *document, const json_t *op)
{
	const json_t *reply =
		json_object_get(json_object_get(op, "responses"), "200");
	const char *ref = json_text(reply, "$ref");

	return json_object_get(
		json_object_get(ref ? json_point(document, ref + 1) : reply,
				"headers"),
		"ETag");
}

static struct traits traits_of(const json_t *document, const char *path,
			       const char *method, const json_t *op)
{
	const json_t *x = json_object_get(op, "x-hufu");
	const char *scope = json_text(x, "scope");

	return (struct traits){
		.changes = strcmp(method, "get") != 0,
		.is_public = is_for_public(x),
		.has_scope = scope && strcmp(scope, "none") != 0,
		.has_place = strchr(path, '{') != NULL,
		.has_body = json_object_get(op, "requestBody") != NULL,
		.matches = has_header(document, op, "If-Match"),
		.keyed = has_header(document, op, "Idempotency-Key"),
		.has_etag = !strcmp(method, "get") && gives_etag(document, op),
	};
}

static void put_as(json_t *replies, int status, bool is_possible,
		   const char *response)
{
	char word[8];

	snprintf(word, sizeof(word), "%d", status);
	if (is_possible && !json_object_get(replies, word))
		json_object_set_new(replies, word,
				    json_pack("{s:s+}", "$ref",
					      "#/components/responses/",
					      response));
}

static void put(json_t *replies, int status, bool is_possible)
{
	put_as(replies, status, is_possible, "problem");
}

/* What is declared by hand stays. */
static void op_put(const struct traits *t, json_t *replies)
{
	put_as(replies, 304, t->has_etag, "notModified");
	put(replies, 400, true);
	put(replies, 401, true);
	put(replies, 403, !t->is_public || t->changes || t->has_scope);
	put(replies, 404, t->has_place || t->has_scope || t->changes);
	put(replies, 409, t->changes);
	put(replies, 412, t->matches);
	put(replies, 413, t->has_body);
	put(replies, 415, t->has_body);
	put(replies, 422, t->keyed || t->has_body);
	put(replies, 428, t->matches || t->keyed);
	put(replies, 429, true);
}

void refusals_put(json_t *document)
{
	json_t *item, *op;
	const char *path, *method;

	json_object_foreach(json_object_get(document, "paths"), path, item)
		json_object_foreach(item, method, op)
	{
		const json_t *with =
			json_object_get(json_object_get(op, "x-hufu"), "with");
		struct traits t;

		/* What speaks for itself says so by hand. */
		if (!json_is_object(op) ||
		    json_is_true(json_object_get(with, "raw")))
			continue;
		t = traits_of(document, path, method, op);
		op_put(&t, json_object_get(op, "responses"));
	}
}

/* One of those that are declared. */
void problem_types_put(json_t *document)
{
	json_t *all = json_object_get(json_object_get(document, "x-hufu"),
				      "problems");
	json_t *type = (json_t *)(uintptr_t)json_point(
		document, "/components/schemas/Problem/properties/type");
	json_t *words = json_array(), *one;
	const char *name;

	json_object_foreach(all, name, one) json_array_append_new(
		words, json_sprintf("/problems/%s", name));
	json_object_set_new(type, "enum", words);
}

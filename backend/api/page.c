#include "api/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "contract/point.h"

#define MARK_SIZE 13

static enum rc cursor_wrong(struct call *c)
{
	return call_wrong(c, "cursor",
			  "is not the next of an earlier page of this list");
}

/* "c2.", eight digits of which list it is, and a dot: the operation, the scope
 * and what the path names. Filters may change from page to page. */
static void cursor_mark(const struct call *c, char out[MARK_SIZE])
{
	const char *id = json_text(c->args, "id");
	unsigned char hash[SHA256_BYTES];
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, c->operation->id, strlen(c->operation->id) + 1);
	sha256_add(&h, c->scope, strlen(c->scope) + 1);
	sha256_add(&h, id ? id : "", id ? strlen(id) : 0);
	sha256_end(&h, hash);
	memcpy(out, "c2.", 3);
	hex_encode(out + 3, hash, 4);
	memcpy(out + 11, ".", 2);
}

enum rc page_behind(struct call *c, const char **last)
{
	const char *cursor = json_text(c->args, "cursor");
	char mark[MARK_SIZE];

	*last = NULL;
	if (!cursor)
		return RC_OK;
	cursor_mark(c, mark);
	if (strncmp(cursor, mark, strlen(mark)) != 0)
		return cursor_wrong(c);
	*last = cursor + strlen(mark);
	return RC_OK;
}

enum rc page_after(struct call *c, const char **after)
{
	enum rc rc = page_behind(c, after);

	if (rc == RC_OK && *after && !name_is_id(*after))
		rc = cursor_wrong(c);
	if (!*after)
		*after = "";
	return rc;
}

/* Every record has them, and shows them whatever is asked for. */
static bool is_everywhere(const char *name)
{
	static const char *const names[] = { "id", "scope", "town", "etag" };

	for (size_t i = 0; i < 4; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

enum rc page_fields(struct call *c)
{
	const json_t *fields = json_object_get(c->args, "fields"), *one;
	size_t i;

	json_array_foreach(fields, i, one)
	{
		const char *name = json_string_value(one);

		char why[100];

		if (kind_field(c->kind, name) || is_everywhere(name))
			continue;
		snprintf(why, sizeof(why),
			 "names '%.40s', and this kind has no such field",
			 name);
		return call_wrong(c, "fields", why);
	}
	return RC_OK;
}

enum rc page_from(struct call *c, int64_t *from)
{
	const char *after;
	char *end;
	enum rc rc = page_after(c, &after);

	*from = 0;
	if (rc != RC_OK || !*after)
		return rc;
	*from = strtoll(after, &end, 10);
	return *end || *from < 0 || *from > JSON_INT_MAX ? cursor_wrong(c)
							 : RC_OK;
}

/* What a schema is, behind $ref. */
static const json_t *schema_of(const struct call *c, const json_t *schema)
{
	const char *ref = json_text(schema, "$ref");

	return ref ? json_point(contract_document(c->contract), ref) : schema;
}

static const json_t *member_of(const struct call *c, const json_t *schema,
			       const char *name)
{
	return json_object_get(
		json_object_get(schema_of(c, schema), "properties"), name);
}

enum rc page_members(struct call *c)
{
	const json_t *fields = json_object_get(c->args, "fields"), *one;
	const json_t *items = member_of(
		c, contract_reply(c->contract, c->operation, 200), "items");
	size_t i;

	json_array_foreach(fields, i, one)
	{
		if (!member_of(c, json_object_get(items, "items"),
			       json_string_value(one)))
			return call_wrong(c, "fields",
					  "names a member that these items do "
					  "not have");
	}
	return RC_OK;
}

json_t *page_words(const char *list)
{
	json_t *out = json_array();

	while (*list) {
		size_t n = strcspn(list, ",");

		json_array_append_new(out, json_stringn(list, n));
		list += n + (list[n] == ',');
	}
	return out;
}

void page_next(struct call *c, const char *last)
{
	char next[MARK_SIZE + 128], mark[MARK_SIZE];

	cursor_mark(c, mark);
	snprintf(next, sizeof(next), "%s%s", mark, last);
	json_object_set_new(c->result, "next", json_string(next));
}

json_t *page_item(const struct call *c, json_t *item, const char *key)
{
	const json_t *fields = json_object_get(c->args, "fields");
	json_t *out, *one;
	size_t i;

	if (!fields)
		return json_incref(item);
	out = json_object();
	json_object_set(out, key, json_object_get(item, key));
	json_array_foreach(fields, i, one)
	{
		const char *name = json_string_value(one);

		if (json_object_get(item, name))
			json_object_set(out, name, json_object_get(item, name));
	}
	return out;
}

void page_time(json_t *item, const char *name, int64_t ms)
{
	char text[25];

	if (!ms)
		return;
	time_format(text, ms);
	json_object_set_new(item, name, json_string(text));
}

struct keyed {
	const char *at;
	json_t *item;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct keyed *)a)->at,
		      ((const struct keyed *)b)->at);
}

/* The items in the order of the key; NULL: out of memory. */
static struct keyed *sorted(const json_t *items, const char *key)
{
	size_t n = json_array_size(items);
	struct keyed *all = calloc(n + 1, sizeof(*all));

	for (size_t i = 0; all && i < n; i++) {
		all[i].item = json_array_get(items, i);
		all[i].at = json_text(all[i].item, key);
	}
	if (all)
		qsort(all, n, sizeof(*all), compare);
	return all;
}

enum rc page_cut(struct call *c, const char *key)
{
	size_t limit = (size_t)json_int(c->args, "limit", 100);
	const json_t *items = json_object_get(c->result, "items");
	struct keyed *all = sorted(items, key);
	json_t *page = json_array();
	const char *after, *last = NULL;
	enum rc rc = page_after(c, &after);

	if (rc == RC_OK)
		rc = page_members(c);
	if (!all)
		rc = err_set(&c->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; rc == RC_OK && i < json_array_size(items); i++) {
		if (strcmp(all[i].at, after) <= 0)
			continue;
		if (json_array_size(page) == limit) {
			page_next(c, last);
			break;
		}
		json_array_append_new(page, page_item(c, all[i].item, key));
		last = all[i].at;
	}
	free(all);
	json_object_set(c->result, "items", page);
	json_decref(page);
	return rc;
}

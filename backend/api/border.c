#include "api/border.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/plain.h"
#include "object/oid.h"

static bool is_wanted(const json_t *fields, const char *name)
{
	static const char *const always[] = { "id", "scope", "town" };
	const json_t *one;
	size_t i;

	for (i = 0; i < 3; i++)
		if (!strcmp(always[i], name))
			return true;
	if (!fields)
		return true;
	json_array_foreach(fields, i, one) if (!strcmp(json_string_value(one),
						       name)) return true;
	return false;
}

enum rc border_etag(const char *stored, size_t len, char out[41],
		    struct err *err)
{
	struct oid oid;
	enum rc rc = oid_of(&oid, OBJECT_BLOB, stored, len, err);

	if (rc == RC_OK)
		oid_hex(out, &oid);
	return rc;
}

/* The kind whose fields are the members of a JSON field: {"fields_of":
 * "visit"}, or {"in": "record_kind"}, which names it in the record. NULL: of
 * none. */
static const struct kind *fields_of(const struct call *c, const struct kind *k,
				    const char *name, const json_t *record)
{
	const json_t *all = json_object_get(k->definition, "fields"), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		const json_t *of = json_object_get(one, "fields_of");
		const char *in = json_text(of, "in");
		const char *kind =
			in ? json_text(record, in) : json_string_value(of);

		if (of && !strcmp(json_text(one, "name"), name))
			return kind ? registry_kind(c->store->kinds, kind)
				    : NULL;
	}
	return NULL;
}

static json_t *time_out(const struct field *f, json_t *value)
{
	char text[25];

	if (!f || f->type != FIELD_TIME || !json_is_integer(value))
		return json_incref(value);
	time_format(text, json_integer_value(value));
	return json_string(text);
}

json_t *border_value(struct call *c, const struct kind *k, const char *name,
		     const json_t *record, json_t *value)
{
	const struct field *f = kind_field(k, name);
	const struct kind *inner =
		f && f->type == FIELD_JSON && json_is_object(value)
			? fields_of(c, k, name, record)
			: NULL;
	json_t *out, *one;

	if (!inner)
		return time_out(f, value);
	out = json_object();
	json_object_foreach(value, name, one) json_object_set_new(
		out, name, time_out(kind_field(inner, name), one));
	return out;
}

/* Unsealed; NULL (RC_OK) where the key is no more. */
static enum rc plain_of(struct call *c, const struct kind *k, json_t *outer,
			json_t **plain)
{
	struct err why = { 0 };
	enum rc rc = record_plain(c->store, k, outer, plain, &why);

	if (rc == RC_DENIED)
		return RC_OK;
	return rc == RC_OK ? rc : err_set(&c->err, rc, "%s", why.text);
}

enum rc border_out(struct call *c, const struct kind *k, const char *stored,
		   size_t len, const json_t *fields, json_t **out)
{
	json_t *outer = NULL, *plain = NULL, *record = json_object(), *value;
	const char *name;
	char etag[41];
	enum rc rc = json_read(stored, len, &outer, &c->err);

	if (rc == RC_OK)
		rc = plain_of(c, k, outer, &plain);
	if (rc == RC_OK)
		rc = border_etag(stored, len, etag, &c->err);
	if (rc != RC_OK)
		goto out;
	json_object_foreach(plain ? plain : outer, name, value)
	{
		if (!plain && strcmp(name, "id") && strcmp(name, "scope") &&
		    strcmp(name, "town"))
			continue;
		if (is_wanted(fields, name))
			json_object_set_new(record, name,
					    border_value(c, k, name,
							 plain ? plain : outer,
							 value));
	}
	json_object_set_new(record, "etag", json_string(etag));
	if (!plain)
		json_object_set_new(record, "shredded", json_true());
	*out = json_incref(record);
out:
	json_decref(outer);
	json_decref(plain);
	json_decref(record);
	return rc;
}

enum rc border_in(struct call *c, const struct kind *k, json_t *record)
{
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		json_t *value = json_object_get(record, f->name);
		const char *text = json_string_value(value);
		const struct kind *inner =
			f->type == FIELD_JSON && json_is_object(value)
				? fields_of(c, k, f->name, record)
				: NULL;
		int64_t ms;

		if (inner && inner != k)
			(void)border_in(c, inner, value);
		if (f->type == FIELD_TIME && text && time_parse(text, &ms))
			json_object_set_new(record, f->name, json_integer(ms));
	}
	return RC_OK;
}

enum rc border_may_see(struct call *c, const char *stored, size_t len,
		       bool *may)
{
	json_t *record = NULL;
	enum rc rc;

	*may = true;
	if (!c->actor.agency[0] && !kind_field(c->kind, "record_kind"))
		return RC_OK;
	rc = json_read(stored, len, &record, &c->err);
	if (rc == RC_OK)
		rc = call_may_see(c, c->kind, c->scope, record, may);
	json_decref(record);
	return rc;
}

#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/jcs.h"

struct differ {
	const struct verb *v;
	json_t *entries; /* with --json */
	char last[80]; /* the record whose fields are being printed */
};

static json_t *value_of(const char *text)
{
	struct err ignored = { 0 };
	json_t *array = NULL, *value;
	struct buf b;

	if (!text)
		return json_null();
	/* A value alone may be no object: read it as an array of one. */
	buf_init(&b, JSON_BYTES_MAX);
	buf_printf(&b, "[%s]", text);
	json_read(b.data, b.len, &array, &ignored);
	buf_release(&b);
	value = json_incref(json_array_get(array, 0));
	json_decref(array);
	return value;
}

static enum rc entry_json(struct differ *d, const struct diff_entry *e,
			  struct err *err)
{
	json_t *o = json_pack("{s:s, s:s, s:b}", "kind", e->kind, "id", e->id,
			      "new", e->is_new);

	if (e->bad)
		json_object_set_new(o, "bad", json_string(e->bad));
	else
		json_object_update_new(
			o, json_pack("{s:s, s:o, s:o}", "field", e->field,
				     "before", value_of(e->before), "after",
				     value_of(e->after)));

	return json_array_append_new(d->entries, o)
		       ? err_set(err, RC_NOMEM, "out of memory")
		       : RC_OK;
}

static enum rc entry_take(void *ctx, const struct diff_entry *e,
			  struct err *err)
{
	struct differ *d = ctx;
	char now[80];

	if (d->v->json)
		return entry_json(d, e, err);
	snprintf(now, sizeof(now), "%s %s", e->kind, e->id);
	if (strcmp(now, d->last) != 0)
		printf("%s%s\n", now, e->is_new ? "  (new)" : "");
	memcpy(d->last, now, sizeof(now));
	if (e->bad)
		printf("    held back: %s\n", e->bad);
	else if (e->is_new)
		printf("    %s: %s\n", e->field, e->after);
	else
		printf("    %s: %s → %s\n", e->field,
		       e->before ? e->before : "(none)",
		       e->after ? e->after : "(none)");
	return RC_OK;
}

int verb_diff(struct verb *v)
{
	struct differ d = { .v = v, .entries = json_array() };
	int code = verb_open(v);

	if (code == EXIT_DONE &&
	    replica_diff(v->r, entry_take, &d, &v->err) != RC_OK)
		code = verb_fail(v);
	if (code == EXIT_DONE && v->json)
		verb_json(d.entries);
	json_decref(d.entries);
	return code;
}

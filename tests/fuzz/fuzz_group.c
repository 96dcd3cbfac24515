/* fuzz_group.c - records in columns from outside, and the records that they
 * give: each is whole or the group is refused. */
#include "fuzz.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "wire/group.h"

struct walk {
	json_t *before; /* the record of the entry before, owned */
	size_t records;
};

/* Laying fields over a record leaves id and scope as they are. */
static enum rc lay(struct walk *w, const char *id, const json_t *before,
		   const json_t *fields, struct err *err)
{
	json_t *record = NULL;
	struct buf out;
	enum rc rc = record_rebuild(&record, "330106", id, before, fields, err);

	if (rc != RC_OK)
		return rc;
	FUZZ_HOLDS(!strcmp(json_text(record, "id"), id));
	FUZZ_HOLDS(!strcmp(json_text(record, "scope"), "330106"));
	buf_init(&out, RECORD_BYTES_MAX);
	rc = jcs_write(&out, record, err);
	buf_release(&out);
	json_decref(w->before);
	w->before = record;
	return rc;
}

static enum rc see(void *ctx, const char *kind, enum group_form form,
		   const char *name, const json_t *fields, struct err *err)
{
	struct walk *w = ctx;

	w->records++;
	FUZZ_HOLDS(kind && name && json_is_object(fields));
	if (form == GROUP_GONE)
		FUZZ_HOLDS(json_object_size(fields) == 0);
	if (form == GROUP_WHOLE)
		return lay(w, name, NULL, fields, err);
	return form == GROUP_CHANGE && w->before
		       ? lay(w, json_text(w->before, "id"), w->before, fields,
			     err)
		       : RC_OK;
}

static void group_feed(const json_t *group)
{
	struct walk w = { 0 };
	struct err err = { 0 };

	if (group_each(group, see, &w, &err) != RC_OK)
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
	json_decref(w.before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	json_t *value = NULL, *group;
	size_t i;

	if (json_read((const char *)data, size, &value, &err) != RC_OK)
		return 0;
	json_array_foreach(value, i, group) group_feed(group);
	if (!json_is_array(value))
		group_feed(value);
	json_decref(value);
	return 0;
}

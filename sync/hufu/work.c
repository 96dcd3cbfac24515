/* hufu/work.c - what an inspector does between two syncs: edit, look, commit,
 * take back. */
#include "hufu/hufu_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "replica/evidence.h"

enum hufu_code hufu_unlock(struct hufu *h, const char *pin)
{
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, pin, "the pin");
	if (rc == RC_OK)
		rc = replica_unlock(h->r, pin, &h->err);
	return hufu_end(h, rc);
}

int hufu_is_unlocked(const struct hufu *h)
{
	return h->r && replica_is_unlocked(h->r);
}

/* Who hears of entries as JSON. */
struct hearer {
	json_fn *fn;
	void *ctx;
};

/* Takes the entry; NULL is "out of memory". */
static enum rc hear(const struct hearer *to, json_t *entry, struct err *err)
{
	enum rc rc = entry ? to->fn(to->ctx, entry, err)
			   : err_set(err, RC_NOMEM, "out of memory");

	json_decref(entry);
	return rc;
}

static enum rc status_hear(void *ctx, const struct status_entry *e,
			   struct err *err)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "kind", e->kind, "id", e->id,
			      "state", e->state);

	if (o && e->detail &&
	    json_object_set_new(o, e->is_bad ? "bad" : "detail",
				json_string(e->detail)) != 0) {
		json_decref(o);
		o = NULL;
	}
	return hear(ctx, o, err);
}

static enum rc status_each(struct replica *r, json_fn *fn, void *ctx,
			   struct err *err)
{
	struct hearer to = { fn, ctx };

	return replica_status(r, status_hear, &to, err);
}

enum hufu_code hufu_status(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, status_each);
}

/* New reference; NULL where memory ran out. */
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

static enum rc diff_hear(void *ctx, const struct diff_entry *e, struct err *err)
{
	json_t *o;

	if (e->bad)
		o = json_pack("{s:s, s:s, s:b, s:s}", "kind", e->kind, "id",
			      e->id, "new", e->is_new, "bad", e->bad);
	else
		o = json_pack("{s:s, s:s, s:b, s:s, s:o, s:o}", "kind", e->kind,
			      "id", e->id, "new", e->is_new, "field", e->field,
			      "before", value_of(e->before), "after",
			      value_of(e->after));
	return hear(ctx, o, err);
}

static enum rc diff_each(struct replica *r, json_fn *fn, void *ctx,
			 struct err *err)
{
	struct hearer to = { fn, ctx };

	return replica_diff(r, diff_hear, &to, err);
}

enum hufu_code hufu_diff(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, diff_each);
}

enum hufu_code hufu_message_check(struct hufu *h, const char *message)
{
	enum rc rc;

	err_clear(&h->err);
	h->is_stopped = false;
	rc = hufu_need(h, message, "the message");
	if (rc == RC_OK)
		rc = replica_message_check(message, &h->err);
	return hufu_end(h, rc);
}

static enum rc commit_by(struct hufu *h, const char *message, unsigned flags,
			 struct hufu_list *list)
{
	struct held_back held = { 0 };
	int packets = 0, records = 0;
	enum rc rc;

	if (flags & ~HUFU_COMMIT_SOUND)
		return err_set(&h->err, RC_INVALID,
			       "flags of a later version: %#x", flags);
	rc = replica_message_check(message, &h->err);
	if (rc != RC_OK)
		return rc;
	if (flags & HUFU_COMMIT_SOUND)
		rc = replica_commit_sound(h->r, message, &packets, &records,
					  &held, &h->err);
	else
		rc = replica_commit(h->r, message, &packets, &records, &h->err);
	if (rc != RC_OK)
		return rc;
	return list_add(list,
			json_pack("{s:i, s:i, s:i, s:s}", "packets", packets,
				  "records", records, "held_back", held.records,
				  "held_why", held.why),
			&h->err);
}

enum hufu_code hufu_commit(struct hufu *h, const char *message, unsigned flags,
			   struct hufu_list **report)
{
	struct hufu_list *list;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, message, "the message");
	if (rc == RC_OK)
		rc = commit_by(h, message, flags, list);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_undo(struct hufu *h, const char *kind, const char *id,
			 int *records)
{
	int n = 0;
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK && kind)
		rc = hufu_need(h, id, "the record's id");
	if (rc == RC_OK)
		rc = replica_undo(h->r, kind, id, &n, &h->err);
	if (records)
		*records = rc == RC_OK ? n : 0;
	return hufu_end(h, rc);
}

enum hufu_code hufu_edit(struct hufu *h, const char *sql)
{
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, sql, "the sql");
	if (rc == RC_OK)
		rc = replica_edit(h->r, sql, &h->err);
	return hufu_end(h, rc);
}

enum hufu_code hufu_put(struct hufu *h, const char *kind, const char *id,
			const char *fields, char out[HUFU_ID_SIZE])
{
	char made[HUFU_ID_SIZE] = "";
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, kind, "the kind");
	if (rc == RC_OK)
		rc = hufu_need(h, fields, "the object of fields");
	if (rc == RC_OK)
		rc = replica_put(h->r, kind, id, fields, made, &h->err);
	if (out)
		memcpy(out, rc == RC_OK ? made : "",
		       rc == RC_OK ? sizeof(made) : 1);
	return hufu_end(h, rc);
}

enum hufu_code hufu_answer_conflict(struct hufu *h, const char *id,
				    const char *appeal)
{
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, id, "the id of the conflict");
	if (rc == RC_OK)
		rc = replica_answer_conflict(h->r, id, appeal, &h->err);
	return hufu_end(h, rc);
}

enum hufu_code hufu_check_capture(struct hufu *h)
{
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = replica_check_capture(h->r, &h->err);
	return hufu_end(h, rc);
}

static enum rc mended_add(struct hufu *h, struct hufu_list *list)
{
	const struct mended *m = replica_mended(h->r);

	return list_add(list,
			json_pack("{s:i, s:i, s:i, s:s}", "triggers",
				  m->triggers, "edits", m->edits, "restored",
				  m->restored, "what", m->what),
			&h->err);
}

enum hufu_code hufu_mend(struct hufu *h, struct hufu_list **report)
{
	struct hufu_list *list;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = replica_mend(h->r, &h->err);
	if (rc == RC_OK)
		rc = mended_add(h, list);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_attach(struct hufu *h, const char *visit, const char *file,
			   const char *fields, int64_t quota_bytes,
			   struct hufu_list **report)
{
	struct hufu_list *list;
	json_t *more = NULL, *o = NULL;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, visit, "the visit");
	if (rc == RC_OK)
		rc = hufu_need(h, file, "the file");
	if (rc == RC_OK && fields)
		rc = json_read(fields, strlen(fields), &more, &h->err);
	if (rc == RC_OK && more && !json_is_object(more))
		rc = err_set(&h->err, RC_INVALID, "the fields are no object");
	if (rc == RC_OK)
		rc = replica_attach(h->r, visit, file, more, quota_bytes, &o,
				    &h->err);
	if (rc == RC_OK)
		rc = list_add(list, o, &h->err);
	json_decref(more);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_evidence(struct hufu *h, struct hufu_list **out)
{
	return hufu_list_by(h, out, false, replica_evidence);
}

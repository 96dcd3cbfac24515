/* ledger/rescue.c - what came is shown, and opened by two persons. */
#include "ledger/rescue_impl.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "ledger/people.h"
#include "ledger/trail.h"
#include "sql_store.gen.h"
#include "wire/bundle.h"

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_text(o, name);

	return text ? text : "";
}

/* -- what there is -- */

static json_t *entry_json(const json_t *e)
{
	const char *state = json_text(e, "rescue_state");
	json_t *o =
		json_pack("{s:s, s:s, s:s, s:I, s:s}", "enrolment",
			  text_of(e, "id"), "terminal", text_of(e, "terminal"),
			  "officer", text_of(e, "officer"), "wipe_at",
			  (json_int_t)json_int(e, "wipe_at", 0), "state",
			  state ? state : "ordered");

	json_object_set_new(o, "rescues",
			    json_integer((json_int_t)json_array_size(
				    json_object_get(e, "rescues"))));
	if (json_text(e, "rescue_asked_by"))
		json_object_set(o, "asked_by",
				json_object_get(e, "rescue_asked_by"));
	if (json_text(e, "rescue_opened_by"))
		json_object_set(o, "opened_by",
				json_object_get(e, "rescue_opened_by"));
	return o;
}

enum rc rescue_list(struct op *op, const char *scope, json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_RESCUE_ENROLMENTS);
	json_t *ids = json_array(), *id;
	enum rc rc;
	size_t i;

	*out = json_array();
	query_text(q, 1, scope);
	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, op->err);
	json_array_foreach(ids, i, id)
	{
		json_t *e = NULL;
		bool may = false;

		if (rc == RC_OK)
			rc = ledger_record(op, scope, "enrolment",
					   json_string_value(id), &e);
		if (rc == RC_OK)
			rc = store_may_agency_of(
				op->store, op->actor, scope, "officer",
				text_of(e, "officer"), &may, op->err);
		if (may)
			json_array_append_new(*out, entry_json(e));
		json_decref(e);
	}
	json_decref(ids);
	return rc;
}

/* Of one of the scopes that the terminal had a part in. */
static enum rc records_add(struct op *op, const char *scope, const json_t *e,
			   json_t *out)
{
	struct query *q = query_begin(op->store->db, SQL_RESCUE_RECORDS);
	struct oid oid;
	size_t n;

	query_text(q, 1, scope);
	query_text(q, 2, text_of(e, "id"));
	query_text(q, 3, text_of(e, "officer"));
	while (query_row(q)) {
		char hex[OID_HEX_SIZE];

		memcpy(oid.b, query_get_blob(q, 0, &n), OID_BYTES);
		oid_hex(hex, &oid);
		json_array_append_new(
			out, json_pack("{s:s, s:s, s:s, s:s}", "packet", hex,
				       "kind", query_get_text(q, 1), "id",
				       query_get_text(q, 2), "code",
				       query_get_text(q, 3)));
	}
	return query_end(q, op->err);
}

struct showing {
	json_t *unread, *files; /* borrowed */
};

static enum rc part_show(void *ctx, const char *name, const json_t *what,
			 const void *bytes, size_t n, struct err *err)
{
	struct showing *s = ctx;
	json_t *list = !strcmp(name, "unread") ? s->unread
		       : !strcmp(name, "file") ? s->files
					       : NULL;

	(void)bytes;
	(void)n;
	return !list || json_array_append(list, (json_t *)(uintptr_t)what) == 0
		       ? RC_OK
		       : err_set(err, RC_NOMEM, "out of memory");
}

/* Each body of an enrolment in turn. */
typedef enum rc body_fn(void *ctx, const struct enrolled *who,
			const struct buf *body, struct err *err);

static enum rc bodies_each(struct store *s, const char *enrolment, body_fn *fn,
			   void *ctx, struct err *err)
{
	struct enrolled who = { 0 };
	const json_t *rescues, *one;
	enum rc rc = enrolled_load(s, enrolment, &who, err);
	size_t i;

	rescues = json_object_get(who.record, "rescues");
	json_array_foreach(rescues, i, one)
	{
		struct buf body;

		buf_init(&body, BUNDLE_BYTES_MAX);
		if (rc == RC_OK)
			rc = rescue_load(s, &who, json_string_value(one), &body,
					 err);
		if (rc == RC_OK)
			rc = fn(ctx, &who, &body, err);
		wipe(body.data, body.len);
		buf_release(&body);
	}
	enrolled_release(&who);
	return rc;
}

static enum rc body_show(void *ctx, const struct enrolled *who,
			 const struct buf *body, struct err *err)
{
	(void)who;
	return rescue_walk(body, part_show, ctx, NULL, err);
}

enum rc rescue_show(struct op *op, const char *scope, const char *id,
		    json_t **out)
{
	json_t *e = NULL, *records = json_array();
	const json_t *one;
	size_t i;
	struct showing s = { json_array(), json_array() };
	enum rc rc = enrol_find(op, scope, id, &e);

	*out = NULL;
	if (rc == RC_OK && !json_text(e, "wipe_order"))
		rc = err_set(op->err, RC_NOT_FOUND,
			     "terminal '%s' was not ordered to be wiped",
			     text_of(e, "terminal"));
	json_array_foreach(json_object_get(e, "scopes"), i, one)
	{
		if (rc == RC_OK)
			rc = records_add(op, json_string_value(one), e,
					 records);
	}
	if (rc == RC_OK && !strcmp(text_of(e, "rescue_state"), "opened"))
		rc = bodies_each(op->store, text_of(e, "id"), body_show, &s,
				 op->err);
	if (rc == RC_OK) {
		*out = entry_json(e);
		json_object_set(*out, "records", records);
		json_object_set(*out, "unread", s.unread);
		json_object_set(*out, "files", s.files);
	}
	json_decref(s.unread);
	json_decref(s.files);
	json_decref(records);
	json_decref(e);
	return rc;
}

/* -- two persons open it -- */

static enum rc asks(struct op *op, const char *scope, json_t *e, json_t **out)
{
	enum rc rc;

	if (!account_may(op->actor, ROLE_ADMINISTRATOR, scope))
		return err_set(op->err, RC_DENIED,
			       "an administrator asks first that it be opened: "
			       "account '%s' is none in scope %s",
			       op->actor->name, scope);
	json_object_set_new(e, "rescue_state", json_string("asked"));
	json_object_set_new(e, "rescue_asked_by", json_string(op->actor->name));
	rc = enrol_write(op, scope, e, "rescue", "asked to open a rescue",
			 "asked to open what was rescued");
	if (rc == RC_OK)
		*out = json_pack("{s:s, s:s}", "state", "asked", "asked_by",
				 op->actor->name);
	return rc;
}

struct opening {
	struct op *op;
	struct batch *b;
	struct evidence *evidence;
	struct rescue_counts counts;
};

static enum rc body_open(void *ctx, const struct enrolled *who,
			 const struct buf *body, struct err *err)
{
	struct opening *o = ctx;

	(void)err;
	return rescue_import(o->b, who, body, o->evidence, &o->counts);
}

/* The enrolment says so in the transaction that opened it. */
static enum rc opened_write(struct opening *o, const char *scope, json_t *e)
{
	struct account server = { .roles = ROLE_SERVER, .scopes = "*" };
	/* What comes meanwhile is not written over. */
	json_t *before = json_deep_copy(e);
	struct office_record record = { .kind = "enrolment",
					.id = text_of(e, "id"),
					.record = e,
					.base = before };
	struct office_write w = { .scope = scope,
				  .operation = "rescue",
				  .message = "opened what was rescued",
				  .records = &record,
				  .n = 1 };
	struct op as_server = *o->op;
	char detail[200];
	enum rc rc;

	if (!before)
		return err_set(o->op->err, RC_NOMEM, "out of memory");

	snprintf(server.name, sizeof(server.name), "%s", o->op->actor->name);
	as_server.actor = &server;
	snprintf(detail, sizeof(detail),
		 "opened what was rescued, asked for by %s: packets=%d "
		 "edits=%d unread=%d files=%d",
		 text_of(e, "rescue_asked_by"), o->counts.packets,
		 o->counts.edits, o->counts.unread + o->counts.left_out,
		 o->counts.files);
	w.detail = detail;
	json_object_set_new(e, "rescue_state", json_string("opened"));
	json_object_set_new(e, "rescue_opened_by",
			    json_string(o->op->actor->name));
	rc = office_in_batch(o->b, &as_server, &w);
	json_decref(before);
	if (rc == RC_OK && record.outcome == OFFICE_REFUSED)
		rc = err_set(o->op->err, RC_INVALID, "%s", record.why);
	return rc == RC_OK ? trail_write(&as_server, &w, 0, 1) : rc;
}

static enum rc opens(struct op *op, const char *scope, json_t *e,
		     struct evidence *evidence, json_t **out)
{
	struct batch b;
	struct opening o = { .op = op, .b = &b, .evidence = evidence };
	int64_t audited = op->store->audited;
	enum rc rc = batch_begin(&b, op->store, op->now_ms, op->err);

	if (rc != RC_OK)
		return rc;
	rc = bodies_each(op->store, text_of(e, "id"), body_open, &o, op->err);
	if (rc == RC_OK)
		rc = opened_write(&o, scope, e);
	if (rc == RC_OK)
		rc = batch_end(&b);
	else
		batch_abort(&b);
	if (rc != RC_OK) {
		op->store->audited = audited;
		return rc;
	}
	*out = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "state",
			 "opened", "opened_by", op->actor->name, "packets",
			 o.counts.packets, "edits", o.counts.edits, "unread",
			 o.counts.unread + o.counts.left_out, "files",
			 o.counts.files, "files_named", o.counts.files_named);
	return RC_OK;
}

/* Somebody else than who asked, by any of his names. */
static enum rc second_judge(struct op *op, const char *scope, const json_t *e)
{
	struct people p;
	enum rc rc =
		people_behind(op->store, scope, op->actor->name, &p, op->err);

	if (rc == RC_OK && people_has(&p, text_of(e, "rescue_asked_by")))
		rc = err_set(op->err, RC_DENIED,
			     "'%s' asked for it: a second person opens it",
			     text_of(e, "rescue_asked_by"));
	return rc;
}

enum rc rescue_open(struct op *op, const char *scope, const char *id,
		    struct evidence *evidence, json_t **out)
{
	const char *state;
	json_t *e = NULL;
	enum rc rc;

	*out = NULL;
	if (!account_may(op->actor, ROLE_COORDINATOR | ROLE_ADMINISTRATOR,
			 scope))
		return err_set(op->err, RC_DENIED,
			       "account '%s' may not open what was rescued in "
			       "scope %s: a coordinator or administrator does",
			       op->actor->name, scope);
	rc = people_in_person(op->actor, op->err);
	if (rc == RC_OK)
		rc = enrol_find(op, scope, id, &e);
	state = text_of(e, "rescue_state");
	if (rc == RC_OK && !*state)
		rc = err_set(op->err, RC_NOT_FOUND,
			     "nothing was rescued from terminal '%s' yet",
			     e ? text_of(e, "terminal") : id);
	if (rc == RC_OK && !strcmp(state, "opened"))
		rc = err_set(op->err, RC_CONFLICT, "it was opened by '%s'",
			     text_of(e, "rescue_opened_by"));
	if (rc == RC_OK && !strcmp(state, "received")) {
		rc = asks(op, scope, e, out);
	} else if (rc == RC_OK) {
		rc = second_judge(op, scope, e);
		if (rc == RC_OK)
			rc = opens(op, scope, e, evidence, out);
	}
	json_decref(e);
	return rc;
}

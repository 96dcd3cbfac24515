/* ledger/rescue_take.c - a rescue comes: read, held against who sent it, kept
 * sealed. */
#include "ledger/rescue_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "evidence/rescued.h"
#include "ledger/enrol.h"
#include "wire/bundle.h"
#include "wire/wipe.h"

#define RESCUE_FORMAT 1
#define RESCUE_LINE_MAX (16u << 20)
#define RESCUE_FILE_MAX (32 << 20)

/* -- a body, part by part -- */

struct walking {
	rescue_part_fn *fn;
	void *ctx;
	struct line_inflater *lines;
	json_t *head; /* owned */
	json_t *file; /* owned: its bytes come next */
	bool is_ended;
};

static enum rc malformed(struct err *err)
{
	return err_set(err, RC_CORRUPT, "the rescue is malformed");
}

static enum rc head_take(struct walking *w, json_t *o, struct err *err)
{
	int64_t format = json_int(o, "format", 0);

	w->head = json_incref(o);
	if (format > RESCUE_FORMAT)
		return err_set(err, RC_INVALID,
			       "the rescue is of a later version: update this "
			       "server");
	return format == RESCUE_FORMAT ? RC_OK : malformed(err);
}

static enum rc part_take(struct walking *w, json_t *o, struct err *err)
{
	static const char *const names[] = { "packet", "edit", "unread" };
	json_t *file = json_object_get(o, "file");
	int64_t bytes = json_int(file, "bytes", 0);

	if (json_object_get(o, "end")) {
		w->is_ended = true;
		return RC_OK;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *what = json_object_get(o, names[i]);

		if (what)
			return w->fn ? w->fn(w->ctx, names[i], what, NULL, 0,
					     err)
				     : RC_OK;
	}
	if (!file)
		return RC_OK; /* of a later version */
	if (bytes < 0 || bytes > RESCUE_FILE_MAX)
		return malformed(err);
	if (!bytes)
		return w->fn ? w->fn(w->ctx, "file", file, NULL, 0, err)
			     : RC_OK;
	w->file = json_incref(file);
	line_inflater_bytes(w->lines, (size_t)bytes);
	return RC_OK;
}

static enum rc line_take(void *ctx, char *line, size_t n, struct err *err)
{
	struct walking *w = ctx;
	json_t *o = NULL;
	enum rc rc;

	if (w->file) {
		rc = w->fn ? w->fn(w->ctx, "file", w->file, line, n, err)
			   : RC_OK;
		json_decref(w->file);
		w->file = NULL;
		return rc;
	}
	rc = json_read(line, n, &o, err);
	if (rc == RC_OK)
		rc = w->head ? part_take(w, o, err) : head_take(w, o, err);
	json_decref(o);
	return rc;
}

enum rc rescue_walk(const struct buf *body, rescue_part_fn *fn, void *ctx,
		    json_t **head, struct err *err)
{
	struct walking w = { .fn = fn, .ctx = ctx };
	enum rc rc;

	w.lines = line_inflater_new(RESCUE_LINE_MAX, line_take, &w);
	rc = w.lines ? line_inflater_feed(w.lines, body->data, body->len, err)
		     : err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = line_inflater_end(w.lines, err);
	if (rc == RC_OK && (!w.head || !w.is_ended))
		rc = malformed(err);
	line_inflater_free(w.lines);
	json_decref(w.file);
	if (rc == RC_OK && head)
		*head = w.head;
	else
		json_decref(w.head);
	return rc;
}

/* -- its box -- */

static enum rc item_find(const void *file, size_t n, struct bundle_item *out,
			 struct err *err)
{
	struct bundle_item *items = NULL;
	size_t nitems = 0;
	enum rc rc = bundle_read(file, n, &items, &nitems, err);

	if (rc == RC_OK && (nitems != 1 || items[0].type != BUNDLE_RESCUE))
		rc = err_set(err, RC_INVALID,
			     "the file is no rescue: requests of tablets are "
			     "for 'hufud bundle apply'");
	if (rc == RC_OK)
		*out = items[0];
	free(items);
	return rc;
}

enum rc rescue_unseal(struct store *s, const struct enrolled *who,
		      const void *file, size_t n, struct buf *body,
		      struct err *err)
{
	char signature[BASE64_SIZE(SIGN_BYTES)], sha256[65];
	struct bundle_item item;
	struct err why = { 0 };
	enum rc rc = item_find(file, n, &item, err);

	if (rc != RC_OK)
		return rc;
	if (bundle_request_open(body, signature, &s->key, &item, &why) != RC_OK)
		return err_set(err, why.code,
			       "the rescue is not for this server, or was "
			       "altered");
	sha256_hex(sha256, body->data, body->len);
	if (strcmp(sha256, item.digest) != 0 ||
	    !request_is_signed(signature, who->terminal_key, "POST",
			       "/v1/rescue", body->data, body->len))
		return err_set(err, RC_DENIED,
			       "the rescue is not signed by its terminal");
	return RC_OK;
}

enum rc rescue_load(struct store *s, const struct enrolled *who,
		    const char *sha256, struct buf *body, struct err *err)
{
	struct buf file;
	enum rc rc;

	buf_init(&file, BUNDLE_BYTES_MAX);
	rc = rescued_read(s->dir, sha256, &file, err);
	if (rc == RC_NOT_FOUND) {
		err_clear(err);
		err_set(err, rc,
			"the rescue %s is not in the folder 'rescue': restore "
			"that from the backup",
			sha256);
	}
	if (rc == RC_OK)
		rc = rescue_unseal(s, who, file.data, file.len, body, err);
	buf_release(&file);
	return rc;
}

/* -- it is taken -- */

static enum rc sender_find(struct store *s, const char *terminal,
			   struct enrolled *who, struct err *err)
{
	char enrolment[33];
	enum rc rc = terminal_find(s, terminal, enrolment, err);

	if (rc == RC_OK)
		rc = enrolled_load(s, enrolment, who, err);
	if (rc == RC_OK && (strcmp(who->state, "revoked") != 0 ||
			    !json_text(who->record, "wipe_order"))) {
		enrolled_release(who);
		rc = err_set(err, RC_DENIED,
			     "terminal '%s' was not ordered to be wiped",
			     terminal);
	}
	return rc;
}

static bool is_text(const json_t *o, const char *name, const char *text)
{
	const char *is = json_text(o, name);

	return is && text && !strcmp(is, text);
}

static enum rc head_judge(const struct buf *body, const struct enrolled *who,
			  struct err *err)
{
	json_t *head = NULL;
	enum rc rc = rescue_walk(body, NULL, NULL, &head, err);

	if (rc == RC_OK &&
	    (!is_text(head, "order", json_text(who->record, "wipe_order")) ||
	     !is_text(head, "enrolment", who->id) ||
	     !is_text(head, "terminal", who->terminal)))
		rc = err_set(err, RC_DENIED,
			     "the rescue follows another order than that to "
			     "terminal '%s'",
			     who->terminal);
	json_decref(head);
	return rc;
}

static bool is_taken(const json_t *rescues, const char *sha256)
{
	const json_t *one;
	size_t i;

	json_array_foreach(rescues, i, one) if (!strcmp(json_string_value(one),
							sha256)) return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a),
		      json_string_value(*(json_t *const *)b));
}

/* A set is sorted. */
static json_t *with_one(const json_t *rescues, const char *sha256)
{
	json_t *all[RESCUES_MAX + 1], *out = json_array();
	size_t n = 0, i;
	json_t *one;

	json_array_foreach((json_t *)(uintptr_t)rescues, i, one) all[n++] =
		json_incref(one);
	all[n++] = json_string(sha256);
	qsort(all, n, sizeof(*all), by_bytes);
	for (i = 0; i < n; i++)
		json_array_append_new(out, all[i]);
	return out;
}

static enum rc came_write(struct op *op, const struct enrolled *who,
			  const char *sha256, size_t bytes)
{
	const json_t *rescues = json_object_get(who->record, "rescues");
	struct account as = { .roles = ROLE_SERVER, .scopes = "*" };
	json_t *enrolment = json_deep_copy(who->record);
	struct op by = *op;
	char detail[128];
	enum rc rc;

	if (!enrolment)
		return err_set(op->err, RC_NOMEM, "out of memory");
	snprintf(as.name, sizeof(as.name), "%s", who->officer);
	by.actor = &as;
	snprintf(detail, sizeof(detail), "terminal=%s bytes=%zu", who->terminal,
		 bytes);
	json_object_set_new(enrolment, "rescues", with_one(rescues, sha256));
	json_object_set_new(enrolment, "rescue_state", json_string("received"));
	json_object_del(enrolment, "rescue_asked_by");
	json_object_del(enrolment, "rescue_opened_by");
	rc = enrol_write(&by, json_text(enrolment, "scope"), enrolment,
			 "rescue", "what was on a terminal that was wiped",
			 detail);
	json_decref(enrolment);
	return rc;
}

static enum rc file_take(struct op *op, const struct enrolled *who,
			 const void *file, size_t n, const char *sha256)
{
	const json_t *rescues = json_object_get(who->record, "rescues");
	struct buf bytes;
	enum rc rc;

	if (is_taken(rescues, sha256))
		return RC_OK;
	if (json_array_size(rescues) >= RESCUES_MAX)
		return err_set(op->err, RC_DENIED,
			       "terminal '%s' has sent %d rescues already",
			       who->terminal, RESCUES_MAX);
	buf_init(&bytes, BUNDLE_BYTES_MAX);
	buf_put(&bytes, file, n);
	rc = buf_status(&bytes, op->err);
	if (rc == RC_OK)
		rc = rescued_put(op->store->dir, sha256, &bytes, op->err);
	if (rc == RC_OK)
		rc = came_write(op, who, sha256, n);
	buf_release(&bytes);
	return rc;
}

enum rc rescue_take(struct op *op, const void *file, size_t n, json_t **receipt)
{
	struct enrolled who = { 0 };
	struct rescue_receipt r = { .time_ms = op->now_ms };
	struct bundle_item item;
	struct buf body;
	enum rc rc = item_find(file, n, &item, op->err);

	*receipt = NULL;
	buf_init(&body, BUNDLE_BYTES_MAX);
	if (rc == RC_OK)
		rc = sender_find(op->store, item.terminal, &who, op->err);
	if (rc == RC_OK)
		rc = rescue_unseal(op->store, &who, file, n, &body, op->err);
	if (rc == RC_OK)
		rc = head_judge(&body, &who, op->err);
	if (rc == RC_OK)
		rc = file_take(op, &who, file, n, item.digest);
	if (rc == RC_OK) {
		snprintf(r.order, sizeof(r.order), "%s",
			 json_text(who.record, "wipe_order"));
		memcpy(r.sha256, item.digest, sizeof(r.sha256));
		rc = rescue_receipt_write(receipt, &r, &op->store->key,
					  op->err);
	}
	wipe(body.data, body.len);
	buf_release(&body);
	enrolled_release(&who);
	return rc;
}

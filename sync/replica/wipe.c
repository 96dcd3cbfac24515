/* replica/wipe.c - the office's order to wipe this terminal: taken from an
 * answer, kept, and carried out step by step, whenever it was cut. */
#include "replica/wipe_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/jcs.h"
#include "blob/blob.h"
#include "blob/whole.h"
#include "sql_sync.gen.h"
#include "wire/bundle.h"

#define ORDER_KEY "wipe" /* in hufu_meta: the signed order */
#define TRIES_MAX 5 /* while other programs edit */
#define RESCUE_POST_MAX (16u << 20) /* more goes by file alone */

/* -- the order -- */

/* Is it this server's, for this terminal and this enrolment? */
static enum rc order_judge(struct replica *r, const json_t *order,
			   struct wipe_order *out, struct err *err)
{
	unsigned char server[SIGN_PUBLIC_BYTES];
	char *terminal = NULL, *enrolment = NULL;
	enum rc rc = meta_server_key(r, server, err);

	if (rc == RC_OK)
		rc = meta_need(r, "terminal", &terminal, err);
	if (rc == RC_OK)
		rc = meta_need(r, "enrolment", &enrolment, err);
	if (rc == RC_OK)
		rc = wipe_order_read(out, order, server, err);
	if (rc == RC_OK && (strcmp(out->terminal, terminal) != 0 ||
			    strcmp(out->enrolment, enrolment) != 0))
		rc = err_set(err, RC_DENIED,
			     "the order to wipe is for another terminal or "
			     "another enrolment");
	free(terminal);
	free(enrolment);
	return rc;
}

/* One that does not hold is nobody's order: what the answer says else counts.
 */
enum rc wipe_order_take(struct sync *s, const json_t *order, struct err *err)
{
	struct wipe_order o;
	struct buf text;
	enum rc rc;

	if (!order)
		return RC_OK;
	if (order_judge(s->r, order, &o, &s->wipe_why) != RC_OK)
		return RC_OK;
	buf_init(&text, 4096);
	rc = json_write(&text, order, err);
	if (rc == RC_OK)
		rc = meta_put(s->r, ORDER_KEY, text.data, err);
	buf_release(&text);
	json_decref(s->wipe);
	s->wipe = json_incref((json_t *)(uintptr_t)order);
	return rc;
}

/* RC_NOT_FOUND without a message: there is none that holds. */
static enum rc order_kept(struct replica *r, struct wipe_order *out,
			  struct err *err)
{
	struct err why = { 0 };
	json_t *order = NULL;
	char *text = NULL;
	enum rc rc = meta_get(r, ORDER_KEY, &text, err);

	if (rc == RC_OK && !text)
		return RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = json_read(text, strlen(text), &order, &why);
	if (rc == RC_OK)
		rc = order_judge(r, order, out, &why);
	json_decref(order);
	free(text);
	if (err->code)
		return err->code;
	return rc == RC_OK || rc == RC_NOMEM ? rc : RC_NOT_FOUND;
}

/* -- what is rescued gets to the server -- */

static char *rescue_path(const struct replica *r)
{
	size_t room = strlen(r->path) + sizeof(".rescue");
	char *path = malloc(room);

	if (path)
		snprintf(path, room, "%s.rescue", r->path);
	return path;
}

static enum rc receipt_check(const struct exchange_reply *reply,
			     const unsigned char server[SIGN_PUBLIC_BYTES],
			     const char *order, const char *sha256,
			     struct err *err)
{
	struct rescue_receipt receipt;
	json_t *o = NULL;
	enum rc rc;

	if (reply->status != 200)
		return reply_failed(reply, "the server did not take it", err);
	rc = json_read(reply->body.data, reply->body.len, &o, err);
	if (rc == RC_OK)
		rc = rescue_receipt_read(&receipt, o, server, err);
	if (rc == RC_OK && (strcmp(receipt.order, order) != 0 ||
			    strcmp(receipt.sha256, sha256) != 0))
		rc = err_set(err, RC_CORRUPT,
			     "the receipt of the rescue is for another");
	json_decref(o);
	return rc;
}

static enum rc rescue_post(struct replica *r, const struct exchange *x,
			   const struct buf *file,
			   const unsigned char server[SIGN_PUBLIC_BYTES],
			   const char *order, const char *sha256,
			   struct err *err)
{
	struct exchange_reply reply = { 0 };
	enum rc rc;

	if (!x)
		return err_set(err, RC_IO, "there is no network");
	if (file->len > RESCUE_POST_MAX)
		return err_set(err, RC_IO, "it is too large for one request");
	buf_init(&reply.body, 64u << 10);
	rc = exchange_post(r, x, "/v1/rescue", "application/x-hufu-bundle",
			   false, file, &reply, err);
	if (rc == RC_OK)
		rc = receipt_check(&reply, server, order, sha256, err);
	buf_release(&reply.body);
	return rc;
}

/* To the server, or else into a file; *left says which. */
static enum rc rescue_deliver(struct replica *r, const struct exchange *x,
			      const struct wipe_order *o,
			      const struct rescued *have,
			      const struct buf *file, bool *left,
			      struct err *err)
{
	unsigned char server[SIGN_PUBLIC_BYTES];
	struct err why = { 0 }, full = { 0 };
	char *path = rescue_path(r);
	enum rc rc =
		path ? meta_server_key(r, server, err) : out_of_memory(err);

	*left = false;
	if (rc == RC_OK) {
		/* What a former try left may be cut. */
		unlink(path);
		*left = rescue_post(r, x, file, server, o->id, have->sha256,
				    &why) != RC_OK;
	}
	if (rc == RC_OK && *left)
		rc = whole_write(path, file, &full);
	if (full.code)
		err_set(err, rc,
			"this terminal is to be wiped, and nothing is yet: "
			"its unsent work got neither to the server (%s) nor "
			"into a file (%s); sync again",
			why.text, full.text);
	free(path);
	return rc;
}

/* -- what is left says so -- */

static void wiped_say(const struct replica *r, bool left, const char *why,
		      struct err *err)
{
	char when[25];

	time_format(when, r->wiped.time_ms);
	if (left)
		err_set(err, RC_DENIED,
			"this terminal was revoked, and wiped on %s by order "
			"of the office; its unsent work is sealed in "
			"'%s.rescue': 'hufu sync' sends it, or bring the file "
			"to the office%s%s",
			when, r->path, why[0] ? ": " : "", why);
	else
		err_set(err, RC_DENIED,
			"this terminal was revoked, and wiped on %s by order "
			"of the office; what it had not sent is there",
			when);
}

static bool is_left(const struct replica *r)
{
	char *path = rescue_path(r);
	bool left = path && access(path, F_OK) == 0;

	free(path);
	return left;
}

enum rc wipe_refuses(const struct replica *r, struct err *err)
{
	if (r->wipe == WIPE_DONE)
		wiped_say(r, is_left(r), "", err);
	else
		err_set(err, RC_DENIED,
			"the office ordered this terminal to be wiped: run "
			"'hufu sync'");
	return RC_DENIED;
}

/* From here on there is no replica behind the handle. */
static enum rc handle_empty(struct replica *r, struct err *err)
{
	const struct db_options options = { .mode = DB_CREATE, .busy_ms = 0 };
	struct db *db = NULL;
	enum rc rc = db_open(&db, ":memory:", &options, err);

	if (rc != RC_OK)
		return rc;
	kinds_forget(r);
	db_close(r->db);
	r->db = db;
	sign_key_release(&r->officer);
	r->is_unlocked = false;
	free(r->url);
	r->url = r->wiped.url[0] ? strdup(r->wiped.url) : NULL;
	r->wipe = WIPE_DONE;
	return RC_OK;
}

enum rc wiped_open(struct replica *r, struct err *err)
{
	int fd = -1;
	enum rc rc = wiped_read(r->path, &r->wiped, err);

	if (rc == RC_OK)
		rc = erase_finish(r->path, &fd, err);
	return rc == RC_OK ? handle_empty(r, err) : rc;
}

/* -- step by step -- */

static enum rc wiped_fill(struct replica *r, const struct wipe_order *o,
			  struct err *err)
{
	const char *url = replica_url(r);
	size_t n = url ? strlen(url) : 0;

	memset(&r->wiped, 0, sizeof(r->wiped));
	snprintf(r->wiped.order, sizeof(r->wiped.order), "%s", o->id);
	/* Without it the file is carried. */
	if (n && n < sizeof(r->wiped.url))
		memcpy(r->wiped.url, url, n + 1);
	r->wiped.time_ms = host_wall_ms(r->host);
	return meta_server_key(r, r->wiped.server, err);
}

/* Nobody edited it since it was gathered, and nobody can any more. */
static enum rc erase_all(struct replica *r, const struct wipe_order *o,
			 const struct rescued *have, bool *changed,
			 struct err *err)
{
	struct err ignored = { 0 };
	int64_t version = 0;
	int fd = -1;
	enum rc rc = wiped_fill(r, o, err);

	if (rc == RC_OK)
		rc = db_begin(r->db, true, err);
	if (rc == RC_OK)
		rc = db_int(r->db, SQL_R_DATA_VERSION, 0, &version, err);
	*changed = rc == RC_OK && version != have->version;
	if (rc == RC_OK && !*changed)
		rc = erase_begin(r->path, &r->wiped, &fd, err);
	if (rc == RC_OK && !*changed) {
		rc = erase_finish(r->path, &fd, err);
		db_rollback(r->db);
		return handle_empty(r, rc == RC_OK ? err : &ignored) == RC_OK
			       ? rc
			       : RC_NOMEM;
	}
	if (fd >= 0)
		close(fd);
	db_rollback(r->db);
	return rc;
}

/* Signed what can be signed; what cannot goes along as it is. */
static void commit_last(struct replica *r)
{
	struct held_back held;
	struct err ignored = { 0 };
	int packets, records;

	if (r->is_unlocked)
		(void)replica_commit_sound(r, "edits before a wipe", &packets,
					   &records, &held, &ignored);
	else
		(void)replica_mend(r, &ignored);
}

static enum rc wipe_try(struct replica *r, const struct exchange *x,
			const struct wipe_order *o, bool *left, bool *changed,
			struct err *err)
{
	struct rescued have;
	struct buf file;
	enum rc rc;

	*changed = false;
	buf_init(&file, BUNDLE_BYTES_MAX);
	commit_last(r);
	rc = rescue_make(r, o, &file, &have, err);
	if (rc == RC_OK)
		rc = rescue_deliver(r, x, o, &have, &file, left, err);
	if (rc == RC_OK)
		rc = erase_all(r, o, &have, changed, err);
	buf_release(&file);
	return rc;
}

static enum rc wipe_go(struct replica *r, const struct exchange *x,
		       const struct wipe_order *o, struct err *err)
{
	bool left = false, changed = true;
	enum rc rc = RC_OK;

	r->wipe = WIPE_RUNNING;
	for (int i = 0; rc == RC_OK && changed && i < TRIES_MAX; i++)
		rc = wipe_try(r, x, o, &left, &changed, err);
	if (rc == RC_OK && changed)
		rc = err_set(err, RC_BUSY,
			     "this terminal is to be wiped, and another "
			     "program edits it all the time: end it and sync "
			     "again");
	if (rc != RC_OK) {
		if (r->wipe == WIPE_RUNNING)
			r->wipe = WIPE_ORDERED;
		return rc;
	}
	wiped_say(r, left, "", err);
	return RC_DENIED;
}

enum rc wipe_after(struct sync *s, enum rc rc, struct err *err)
{
	struct wipe_order o;
	struct err why = { 0 };

	if (!s->wipe) {
		if (rc == RC_DENIED && s->wipe_why.code) {
			why = *err;
			err_clear(err);
			err_set(err, rc, "%.300s; nothing was wiped: %s",
				why.text, s->wipe_why.text);
		}
		return rc;
	}
	err_clear(err);
	rc = order_judge(s->r, s->wipe, &o, err);
	json_decref(s->wipe);
	s->wipe = NULL;
	return rc == RC_OK ? wipe_go(s->r, s->exchange, &o, err) : rc;
}

enum rc wipe_resume(struct replica *r, const struct exchange *x,
		    struct err *err)
{
	struct wipe_order o;
	struct err why = { 0 };
	enum rc rc = order_kept(r, &o, err);

	/* One that could not be kept comes again with the next answer. */
	if (rc == RC_NOT_FOUND) {
		r->wipe = WIPE_NONE;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	rc = wipe_go(r, x, &o, &why);
	/* Without a network the handle stays open for one that has. */
	if (!x)
		return RC_OK;
	return err_set(err, rc, "%s", why.text);
}

/* -- a wiped terminal syncs: what is left goes out -- */

static enum rc left_send(struct replica *r, const struct exchange *x,
			 const char *path, struct err *err)
{
	struct bundle_item *items = NULL;
	struct buf file;
	size_t n;
	enum rc rc;

	buf_init(&file, BUNDLE_BYTES_MAX);
	rc = whole_read(path, &file, err);
	if (rc == RC_OK)
		rc = bundle_read(file.data, file.len, &items, &n, err);
	if (rc == RC_OK)
		rc = rescue_post(r, x, &file, r->wiped.server, r->wiped.order,
				 items[0].digest, err);
	if (rc == RC_OK && unlink(path) != 0)
		rc = blob_failed("remove", path, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	free(items);
	buf_release(&file);
	return rc;
}

enum rc wiped_sync(struct replica *r, const struct exchange *x, struct err *err)
{
	char *path = rescue_path(r);
	struct err why = { 0 };
	int fd = -1;

	if (!path)
		return out_of_memory(err);
	/* What the wipe itself could not end. */
	if (erase_finish(r->path, &fd, err) != RC_OK) {
		free(path);
		return err->code;
	}
	if (access(path, F_OK) == 0)
		(void)left_send(r, x, path, &why);
	wiped_say(r, is_left(r), why.text, err);
	free(path);
	return RC_DENIED;
}

bool replica_is_wiped(const struct replica *r)
{
	return r->wipe == WIPE_DONE || r->wipe == WIPE_ORDERED;
}

/* replica/bundle.c - a sync by file: the request goes out, and some day its
 * answer comes back.
 *
 * The replica remembers what each request named: its heads, and the serial of
 * its keys. An answer is relative to these. Where they have moved on since, by
 * a sync or by another answer, its rows cannot be taken, but its receipts can:
 * what they say stays true. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "blob/whole.h"
#include "sql_sync.gen.h"
#include "wire/bundle.h"
#include "wire/message.h"

#define BUNDLE_TABLES 3 /* that sync_bundle.sql makes */

enum rc bundle_tables_are_here(struct replica *r, bool *here, struct err *err)
{
	int64_t n = 0;
	enum rc rc = db_int(r->db, SQL_R_BUNDLE_TABLES, 0, &n, err);

	*here = n == BUNDLE_TABLES;
	return rc;
}

enum rc bundle_tables(struct replica *r, struct err *err)
{
	bool here;
	enum rc rc = bundle_tables_are_here(r, &here, err);

	return rc == RC_OK && !here ? db_script(r->db, SQL_R_BUNDLE_CREATE, err)
				    : rc;
}

enum rc bundle_file_read(struct replica *r, const char *path,
			 struct bundle_file *out, struct err *err)
{
	enum rc rc;

	*out = (struct bundle_file){ 0 };
	buf_init(&out->bytes, BUNDLE_BYTES_MAX);
	rc = whole_read(path, &out->bytes, err);
	if (rc == RC_OK)
		rc = bundle_read(out->bytes.data, out->bytes.len, &out->items,
				 &out->n, err);
	if (rc == RC_OK)
		rc = meta_need(r, "terminal", &out->terminal, err);
	return rc;
}

void bundle_file_release(struct bundle_file *f)
{
	free(f->terminal);
	free(f->items);
	buf_release(&f->bytes);
}

static struct sync *sync_new(struct replica *r, struct sync_summary *sum)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->r = r;
	s->sum = sum;
	s->is_carried = true;
	return s;
}

static void sync_free(struct sync *s)
{
	if (!s)
		return;
	sync_scopes_end(s);
	staged_forget(s);
	json_decref(s->wipe);
	free(s);
}

/* {"330106": head or ""}, as a request names them. */
static json_t *heads_json(const struct sync *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < s->nscopes; i++) {
		char hex[OID_HEX_SIZE] = "";

		if (s->scopes[i].has_head)
			oid_hex(hex, &s->scopes[i].head);
		json_object_set_new(o, s->scopes[i].scope, json_string(hex));
	}
	return o;
}

static enum rc asked_put(struct sync *s, const char *digest, struct err *err)
{
	json_t *heads = heads_json(s);
	struct query *q;
	struct buf text;
	int64_t serial = 0;
	enum rc rc;

	buf_init(&text, JSON_BYTES_MAX);
	rc = jcs_write(&text, heads, err);
	if (rc == RC_OK)
		rc = meta_get_int(s->r, "keys", 0, &serial, err);
	if (rc == RC_OK) {
		q = query_begin(s->r->db, SQL_R_BUNDLE_PUT);
		query_text(q, 1, digest);
		query_textn(q, 2, text.data, text.len);
		query_int(q, 3, serial);
		rc = query_end(q, err);
	}
	if (rc == RC_OK)
		rc = query_end(query_begin(s->r->db, SQL_R_BUNDLE_PRUNE), err);
	buf_release(&text);
	json_decref(heads);
	return rc;
}

static enum rc asked_keep(struct sync *s, const char *digest, struct err *err)
{
	enum rc rc = replica_begin(s->r, err);

	if (rc != RC_OK)
		return rc;
	rc = bundle_tables(s->r, err);
	if (rc == RC_OK)
		rc = asked_put(s, digest, err);
	return replica_end(s->r, rc, err);
}

/* The request as an item of a bundle, signed as for HTTP. */
static enum rc request_item(struct replica *r, const struct buf *body,
			    const unsigned char digest[32],
			    struct bundle_item *item, struct buf *box,
			    struct err *err)
{
	unsigned char server[SIGN_PUBLIC_BYTES], raw[SIGN_BYTES];
	char signature[SIGNATURE_TEXT_SIZE], *terminal = NULL;
	struct sign_key key = { 0 };
	size_t n = sizeof(raw);
	enum rc rc = meta_need(r, "terminal", &terminal, err);

	if (rc == RC_OK)
		rc = meta_server_key(r, server, err);
	if (rc == RC_OK)
		rc = meta_terminal_key(r, &key, err);
	if (rc == RC_OK)
		rc = request_sign(signature, &key, "POST", "/v1/sync",
				  body->data, body->len, err);
	if (rc == RC_OK) {
		base64_decode(raw, &n, signature, strlen(signature));
		rc = bundle_request_seal(box, server, r->host, raw, body, err);
	}
	if (rc == RC_OK) {
		*item = (struct bundle_item){ .box = box->data,
					      .box_bytes = box->len };
		snprintf(item->terminal, sizeof(item->terminal), "%s",
			 terminal);
		hex_encode(item->digest, digest, 32);
	}
	sign_key_release(&key);
	free(terminal);
	return rc;
}

/* Cargo that goes along; owned: the boxes. */
struct load {
	struct bundle_item items[BUNDLE_ITEMS_MAX];
	struct buf boxes[BUNDLE_ITEMS_MAX];
	size_t n;
};

static void load_free(struct load *l)
{
	for (size_t i = 0; l && i < l->n; i++)
		buf_release(&l->boxes[i]);
	free(l);
}

/* Behind what is in it already. A bundle is not held up by what no longer fits:
 * the next one has it. */
static enum rc load_cargo(struct replica *r, bool answers, const char *terminal,
			  struct load *l, struct err *err)
{
	size_t bytes = 0;
	int64_t n = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < l->n; i++)
		bytes += l->boxes[i].len + 1024;
	while (l->n < BUNDLE_ITEMS_MAX) {
		struct buf *box = &l->boxes[l->n];
		struct bundle_item *item = &l->items[l->n];

		buf_init(box, BUNDLE_BYTES_MAX);
		rc = cargo_next(r, answers, &n, item, box, err);
		bytes += box->len + 1024;
		if (rc != RC_OK || bytes > BUNDLE_BYTES_MAX) {
			buf_release(box);
			break;
		}
		if (terminal && strcmp(item->terminal, terminal) != 0)
			buf_release(box);
		else
			l->n++;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc cargo_read(struct replica *r, bool answers, const char *terminal,
			  struct load *l, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	rc = bundle_tables(r, err);
	if (rc == RC_OK)
		rc = load_cargo(r, answers, terminal, l, err);
	return replica_end(r, rc, err);
}

static enum rc load_write(const struct load *l, const char *path,
			  int64_t *bytes, struct err *err)
{
	struct buf file;
	enum rc rc;

	buf_init(&file, BUNDLE_BYTES_MAX);
	rc = bundle_write(&file, l->items, l->n, err);
	if (rc == RC_OK)
		rc = whole_write(path, &file, err);
	*bytes = (int64_t)file.len;
	buf_release(&file);
	return rc;
}

/* Then the answer to one's own has what the others brought. */
static void own_last(struct load *l)
{
	struct bundle_item own = l->items[0];

	memmove(&l->items[0], &l->items[1], (l->n - 1) * sizeof(own));
	l->items[l->n - 1] = own;
}

static enum rc create_do(struct sync *s, struct load *l, struct err *err)
{
	unsigned char digest[32];
	struct buf body;
	enum rc rc;

	buf_init(&body, BUNDLE_BYTES_MAX);
	buf_init(&l->boxes[0], BUNDLE_BYTES_MAX);
	rc = sync_scopes_begin(s, err);
	if (rc == RC_OK)
		rc = sync_request_first(s, &body, digest, err);
	if (rc == RC_OK)
		rc = request_item(s->r, &body, digest, &l->items[0],
				  &l->boxes[0], err);
	l->n = 1;
	if (rc == RC_OK)
		rc = asked_keep(s, l->items[0].digest, err);
	if (rc == RC_OK)
		rc = cargo_read(s->r, false, NULL, l, err);
	if (rc == RC_OK)
		own_last(l);
	buf_release(&body);
	return rc;
}

enum rc replica_bundle_create(struct replica *r, const char *path,
			      struct bundle_made *out, struct err *err)
{
	return bundle_create_with(r, path, NULL, 0, out, err);
}

enum rc bundle_create_with(struct replica *r, const char *path,
			   const struct bundle_item *more, size_t nmore,
			   struct bundle_made *out, struct err *err)
{
	struct load *l = calloc(1, sizeof(*l));
	struct sync_summary sum = { 0 };
	struct sync *s = sync_new(r, &sum);
	int carried;
	enum rc rc = l && s ? RC_OK : out_of_memory(err);

	*out = (struct bundle_made){ 0 };
	if (rc == RC_OK)
		rc = whole_is_free(path, err);
	if (rc == RC_OK)
		rc = replica_mend(r, err);
	if (rc == RC_OK)
		rc = create_do(s, l, err);
	carried = l ? (int)l->n - 1 : 0;
	for (size_t i = 0; l && i < nmore && l->n < BUNDLE_ITEMS_MAX; i++) {
		buf_init(&l->boxes[l->n], 0);
		l->items[l->n++] = more[i];
	}
	if (rc == RC_OK)
		rc = load_write(l, path, &out->bytes, err);
	if (rc == RC_OK) {
		out->packets = (int)s->npackets;
		out->left_out = s->left_out;
		out->carried = carried;
		out->held = sum.held;
	}
	sync_free(s);
	load_free(l);
	return rc;
}

/* What a request of this replica named. */
struct asked {
	json_t *heads; /* owned */
	int64_t serial;
	bool is_done;
};

/* RC_NOT_FOUND without a message. */
static enum rc asked_get(struct replica *r, const char *digest,
			 struct asked *out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_BUNDLE_GET);
	enum rc rc = RC_NOT_FOUND, ended;

	*out = (struct asked){ 0 };
	query_text(q, 1, digest);
	if (query_row(q)) {
		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &out->heads, err);
		out->serial = query_get_int(q, 1);
		out->is_done = !strcmp(query_get_text(q, 2), "applied");
	}
	ended = query_end(q, err);
	return ended == RC_OK ? rc : ended;
}

/* Does the replica stand where it stood when it asked? */
static enum rc stands(struct sync *s, const struct asked *asked, bool *same,
		      struct err *err)
{
	json_t *heads = heads_json(s);
	int64_t serial = 0;
	enum rc rc = meta_get_int(s->r, "keys", 0, &serial, err);

	*same = json_equal(heads, asked->heads) && serial == asked->serial;
	json_decref(heads);
	return rc;
}

/* Read all pages of an answer, whose first has the receipts. */
static enum rc pages_take(struct sync *s, const struct buf *pages,
			  const unsigned char digest[32], struct err *err)
{
	size_t at = 0;
	enum rc rc = RC_OK;

	for (int n = 0; rc == RC_OK; n++) {
		const void *page = NULL;
		bool found, whole = false;
		struct buf body;
		size_t bytes = 0;

		rc = bundle_page_next(pages, &at, &page, &bytes, &found, err);
		if (rc != RC_OK || !found)
			return rc == RC_OK && (!n || sync_has_more(s))
				       ? err_set(err, RC_CORRUPT,
						 "the answer is malformed: "
						 "pages are missing")
				       : rc;
		buf_init(&body, BUNDLE_BYTES_MAX);
		buf_put(&body, page, bytes);
		rc = buf_status(&body, err);
		if (rc == RC_OK)
			rc = answer_take(s, n > 0, &body, digest, &whole, err);
		if (rc == RC_OK && !whole)
			rc = err_set(err, RC_CORRUPT,
				     "the answer is malformed: a page breaks "
				     "off");
		wipe(body.data, body.len);
		buf_release(&body);
	}
	return rc;
}

static enum rc older(struct err *err)
{
	return err_set(err, RC_CONFLICT,
		       "this answer is older than what the replica has by "
		       "now: nothing of it is needed; 'hufu bundle create' "
		       "asks anew");
}

/* Inside a transaction: receipts, and rows where they fit. */
static enum rc answer_use(struct sync *s, const struct bundle_item *item,
			  const struct buf *pages, struct bundle_taken *out,
			  struct err *err)
{
	unsigned char digest[32];
	struct asked asked;
	struct query *q;
	bool same = false, kept = true;
	enum rc rc = asked_get(s->r, item->digest, &asked, err);

	if (rc == RC_OK)
		rc = stands(s, &asked, &same, err);
	json_decref(asked.heads);
	hex_decode(digest, sizeof(digest), item->digest, 64);
	if (rc == RC_OK)
		rc = pages_take(s, pages, digest, err);
	if (rc == RC_OK && same)
		rc = sync_apply_or_not(s, &kept, err);
	else if (rc == RC_OK && !s->sum->packets_sent && !s->progressed)
		rc = older(err);
	if (rc != RC_OK)
		return rc;
	out->applied++;
	out->receipts_only += !same;
	q = query_begin(s->r->db, SQL_R_BUNDLE_DONE);
	query_text(q, 1, item->digest);
	return query_end(q, err);
}

static enum rc errors_report(const struct sync *s, struct err *err)
{
	for (size_t i = 0; i < s->nscopes; i++) {
		const char *error = s->scopes[i].error;

		if (!strcmp(error, "revoked"))
			return err_set(err, RC_DENIED,
				       "this terminal was revoked: what it "
				       "sent is kept aside, ask the office");
		if (!strcmp(error, "unknown_head"))
			return err_set(err, RC_CONFLICT,
				       "the server came back from a backup: "
				       "sync once over a network, files cannot "
				       "lay the halves together");
		if (error[0])
			return err_set(err, RC_DENIED,
				       "the server refused scope '%s': %s",
				       s->scopes[i].scope, error);
	}
	return RC_OK;
}

static enum rc answer_open(struct replica *r, const struct bundle_item *item,
			   struct buf *pages, struct err *err)
{
	struct sign_key key = { 0 };
	struct err why = { 0 };
	enum rc rc = meta_terminal_key(r, &key, err);

	if (rc == RC_OK) {
		rc = seal_take(pages, &key, item->box, item->box_bytes, &why);
		if (rc != RC_OK)
			rc = err_set(
				err, rc,
				"the answer does not open: it was altered "
				"on its way, or made for another terminal");
	}
	sign_key_release(&key);
	return rc;
}

/* One answer that this replica asked for and did not have yet. */
static enum rc answer_apply(struct replica *r, const struct bundle_item *item,
			    struct bundle_taken *out, struct err *err)
{
	struct sync *s = sync_new(r, &out->sum);
	int receipts_only = out->receipts_only;
	bool came = false;
	struct buf pages;
	enum rc rc = s ? RC_OK : out_of_memory(err);

	buf_init(&pages, BUNDLE_BYTES_MAX);
	if (rc == RC_OK)
		rc = answer_open(r, item, &pages, err);
	if (rc == RC_OK)
		rc = sync_scopes_begin(s, err);
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, answer_use(s, item, &pages, out, err), err);
	if (rc == RC_OK)
		rc = sync_journals_renew(s, err);
	/* What has moved on since may have a part in the scope again. */
	if (rc == RC_OK && receipts_only == out->receipts_only)
		rc = scopes_change(s, &came, err);
	if (rc == RC_OK) {
		out->needs_another |= s->progressed || came;
		rc = errors_report(s, err);
	}
	if (rc == RC_OK)
		rc = keys_came(s, &came, err);
	rc = wipe_after(s, rc, err);
	wipe(pages.data, pages.len);
	buf_release(&pages);
	sync_free(s);
	return rc;
}

/* Whose is it? Sets *is_own where it answers a request of this replica that is
 * open; counts it otherwise, or says in `err` why it is of no use. */
static enum rc item_sort(struct replica *r, const struct bundle_item *item,
			 const char *terminal, struct bundle_taken *out,
			 bool *is_own, struct err *err)
{
	struct asked asked = { 0 };
	bool carried = false;
	enum rc rc;

	*is_own = false;
	if (item->type != BUNDLE_ANSWER)
		return RC_OK;
	if (strcmp(item->terminal, terminal) != 0) {
		rc = cargo_is_carried(r, item->digest, &carried, err);
		if (rc == RC_OK && carried) {
			rc = cargo_put(r, item, err);
			out->kept++;
		}
		return rc;
	}
	rc = asked_get(r, item->digest, &asked, err);
	json_decref(asked.heads);
	if (rc == RC_NOT_FOUND)
		return err_set(
			err, RC_INVALID,
			"the file answers a request that this replica "
			"did not make, or made long ago: take the answer "
			"to its newest bundle");
	*is_own = rc == RC_OK && !asked.is_done;
	out->again += rc == RC_OK && asked.is_done;
	return rc;
}

static enum rc items_apply(struct replica *r, const struct bundle_file *f,
			   struct bundle_taken *out, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < f->n && rc == RC_OK; i++) {
		bool is_own = false;

		rc = replica_begin(r, err);
		if (rc != RC_OK)
			break;
		rc = bundle_tables(r, err);
		if (rc == RC_OK)
			rc = item_sort(r, &f->items[i], f->terminal, out,
				       &is_own, err);
		rc = replica_end(r, rc, err);
		if (rc == RC_OK && is_own)
			rc = answer_apply(r, &f->items[i], out, err);
	}
	if (rc == RC_OK && !out->applied && !out->again && !out->kept)
		rc = err_set(err, RC_INVALID,
			     "the file has no answer for this terminal (%s)%s",
			     f->terminal,
			     f->items[0].type == BUNDLE_ANSWER
				     ? ": it is for another"
				     : ": it is a request, for 'hufud bundle "
				       "apply'");
	return rc;
}

enum rc replica_bundle_apply(struct replica *r, const char *path,
			     struct bundle_taken *out, struct err *err)
{
	struct bundle_file f;
	enum rc rc = bundle_file_read(r, path, &f, err);

	*out = (struct bundle_taken){ 0 };
	if (rc == RC_OK)
		rc = replica_mend(r, err);
	if (rc == RC_OK)
		rc = items_apply(r, &f, out, err);
	bundle_file_release(&f);
	return rc;
}

enum rc replica_bundle_answers(struct replica *r, const char *path,
			       const char *terminal, int *answers,
			       struct err *err)
{
	struct load *l = calloc(1, sizeof(*l));
	int64_t bytes;
	enum rc rc = l ? whole_is_free(path, err) : out_of_memory(err);

	*answers = 0;
	if (rc == RC_OK)
		rc = cargo_read(r, true, terminal, l, err);
	if (rc == RC_OK && !l->n)
		rc = err_set(err, RC_NOT_FOUND,
			     "there is no answer here%s%s yet: 'hufu sync' "
			     "brings what the server said",
			     terminal ? " for terminal " : "",
			     terminal ? terminal : "");
	if (rc == RC_OK)
		rc = load_write(l, path, &bytes, err);
	if (rc == RC_OK)
		*answers = (int)l->n;
	load_free(l);
	return rc;
}

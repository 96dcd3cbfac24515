/* ledger/rescue_import.c - what a rescue has goes where it would have gone, and
 * what nobody signed into packets of the office: all of it to quarantine. */
#include "ledger/rescue_impl.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"

#define RESCUE_OPERATION "rescue"
#define RESCUE_MESSAGE "unsigned work of enrolment "
#define IMPORT_ARENA_MAX (32u << 20)

void rescue_enrolment(char out[33], const struct packet_commit *c)
{
	size_t n = strlen(RESCUE_MESSAGE);

	out[0] = '\0';
	if (c->operation && !strcmp(c->operation, RESCUE_OPERATION) &&
	    !strncmp(c->message, RESCUE_MESSAGE, n) &&
	    name_is_id(c->message + n))
		snprintf(out, 33, "%s", c->message + n);
}

struct importing {
	struct batch *b;
	const struct enrolled *who;
	struct evidence *evidence;
	struct rescue_counts *out;
	json_t *edits; /* owned: [{kind, record, base}] */
};

/* -- signed packets -- */

static enum rc packet_import(struct importing *im, const json_t *what,
			     struct err *err)
{
	json_t *commit = json_object_get(what, "commit");
	struct wire_packet packet = {
		.commit = json_string_value(commit),
		.commit_bytes = json_string_length(commit),
		.rows = json_object_get(what, "rows"),
		.bases = json_object_get(what, "bases"),
	};
	struct wire_scope scope = { .scope = json_text(what, "scope"),
				    .npackets = 1,
				    .packets = &packet };
	struct intake in = { 0 };
	struct arena mem;
	enum rc rc;

	if (!packet.commit || !json_is_array(packet.rows) || !scope.scope ||
	    !name_is_scope(scope.scope))
		return err_set(err, RC_CORRUPT, "the rescue is malformed");
	arena_init(&mem, IMPORT_ARENA_MAX);
	rc = intake_packet(im->b->store, im->who, &scope, &in, 0, &mem, err);
	if (rc == RC_OK)
		rc = intake_take(im->b, im->who->id, &in, scope.scope);
	im->out->packets++;
	intake_release(&in, 1);
	arena_release(&mem);
	return rc;
}

/* -- files -- */

/* No room is no reason to open nothing: the file stays in the rescue. */
static enum rc file_import(struct importing *im, const json_t *what,
			   const void *bytes, size_t n, struct err *err)
{
	const char *scope = json_text(what, "scope");
	const struct evidence_file f = { .scope = scope,
					 .sha256 = json_text(what, "sha256"),
					 .bytes = (int64_t)n };
	struct evidence_part part = { 0 };
	struct err why = { 0 };
	bool whole = false;
	enum rc rc;

	if (!n || !scope || !enrolled_covers(im->who, scope) || !f.sha256 ||
	    evidence_file_check(&f, &why) != RC_OK) {
		im->out->files_named++;
		return RC_OK;
	}
	rc = evidence_begin(im->evidence, &f, im->b->now_ms, &why);
	if (rc == RC_OK)
		rc = part_open(&part, im->evidence, &f, &why);
	if (rc == RC_OK) {
		rc = part_cut(&part, 0, &why);
		if (rc == RC_OK)
			rc = part_put(&part, bytes, n, &why);
		if (rc == RC_OK)
			rc = part_keep(&part, &whole, &why);
		part_close(&part);
	} else if (rc == RC_NOT_FOUND) {
		whole = true; /* it is here already */
		rc = RC_OK;
	}
	im->out->files += whole;
	im->out->files_named += !whole;
	return rc == RC_IO ? err_set(err, rc, "%s", why.text) : RC_OK;
}

/* -- edits that nobody signed -- */

static const char *base_of(const json_t *edit)
{
	const char *base = json_text(edit, "base");

	return base ? base : "";
}

static const char *scope_of(const json_t *edit)
{
	const char *scope = json_text(json_object_get(edit, "record"), "scope");

	return scope ? scope : "";
}

/* By scope, base, kind and id: a packet is of one scope and one base. */
static int edit_order(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int d = strcmp(scope_of(x), scope_of(y));

	if (!d)
		d = strcmp(base_of(x), base_of(y));
	if (!d)
		d = strcmp(json_text(x, "kind"), json_text(y, "kind"));
	return d ? d
		 : strcmp(json_text(json_object_get(x, "record"), "id"),
			  json_text(json_object_get(y, "record"), "id"));
}

/* One whose record can stand in a packet: otherwise it stays in the rescue. */
static enum rc edit_fill(struct importing *im, const json_t *edit,
			 struct take_record *r, bool *fits)
{
	const json_t *record = json_object_get(edit, "record");
	const char *kind = json_text(edit, "kind");
	const struct kind *k = registry_kind(im->b->store->kinds, kind);
	struct err why = { 0 };
	enum rc rc;

	memset(r, 0, sizeof(*r));
	r->kind = kind;
	r->id = json_text(record, "id");
	rc = record_sealed(im->b->store, k, scope_of(edit), record, true,
			   &r->terminal, &why);
	if (rc == RC_OK)
		rc = record_bytes(r->terminal, &r->body, &r->body_bytes, &why);
	*fits = rc == RC_OK;
	if (rc == RC_OK)
		return RC_OK;
	json_decref(r->terminal);
	im->out->left_out++;
	return rc == RC_IO || rc == RC_NOMEM || rc == RC_BUSY
		       ? err_set(im->b->err, rc, "%s", why.text)
		       : RC_OK;
}

static enum rc office_take(struct importing *im, struct take *t,
			   const json_t *edit)
{
	char message[sizeof(RESCUE_MESSAGE) + 33];
	const char *base = base_of(edit);
	struct buf bytes;
	enum rc rc;

	if (!t->nrecords)
		return RC_OK;
	snprintf(message, sizeof(message), RESCUE_MESSAGE "%s", im->who->id);
	t->commit = (struct packet_commit){ .author = im->who->officer,
					    .message = message,
					    .scope = scope_of(edit),
					    .operation = RESCUE_OPERATION };
	t->commit.has_base = oid_parse(&t->commit.base, base, strlen(base));
	t->role = im->who->role;
	t->code = "unsigned";
	buf_init(&bytes, 64u << 10);
	rc = office_seal(im->b, t, &bytes);
	if (rc == RC_OK)
		rc = batch_take(im->b, t);
	im->out->edits += (int)t->nrecords;
	buf_release(&bytes);
	return rc;
}

/* Those from *at on that one packet holds; *at moves on. */
static enum rc some_take(struct importing *im, json_t **all, size_t n,
			 size_t *at)
{
	const json_t *first = all[*at];
	struct take t = { .records = calloc(PACKET_RECORDS_MAX,
					    sizeof(*t.records)) };
	size_t bytes = 0;
	enum rc rc = t.records ? RC_OK
			       : err_set(im->b->err, RC_NOMEM, "out of memory");

	for (; rc == RC_OK && *at < n && t.nrecords < PACKET_RECORDS_MAX &&
	       !strcmp(scope_of(all[*at]), scope_of(first)) &&
	       !strcmp(base_of(all[*at]), base_of(first));
	     ++*at) {
		struct take_record *r = &t.records[t.nrecords];
		bool fits;

		rc = edit_fill(im, all[*at], r, &fits);
		if (rc != RC_OK || !fits)
			continue;
		if (t.nrecords && bytes + r->body_bytes > PACKET_BYTES_MAX) {
			json_decref(r->terminal);
			free(r->body);
			break;
		}
		bytes += r->body_bytes;
		t.nrecords++;
	}
	if (rc == RC_OK)
		rc = office_take(im, &t, first);
	take_release(&t);
	return rc;
}

static bool is_sound(struct importing *im, const json_t *edit)
{
	const json_t *record = json_object_get(edit, "record");
	const char *kind = json_text(edit, "kind");
	const char *id = json_text(record, "id");

	struct err ignored = { 0 };
	struct head head;

	/* Also where the terminal had no part any more. */
	return kind && id && name_is_id(id) &&
	       registry_kind(im->b->store->kinds, kind) &&
	       ledger_head(im->b->store, scope_of(edit), &head, &ignored) ==
		       RC_OK;
}

static enum rc edits_take(struct importing *im)
{
	size_t n = json_array_size(im->edits), at = 0;
	json_t **all = calloc(n + 1, sizeof(json_t *));
	enum rc rc =
		all ? RC_OK : err_set(im->b->err, RC_NOMEM, "out of memory");

	for (size_t i = 0; all && i < n; i++)
		all[i] = json_array_get(im->edits, i);
	if (n && all)
		qsort(all, n, sizeof(json_t *), edit_order);
	while (rc == RC_OK && at < n)
		rc = some_take(im, all, n, &at);
	free(all);
	return rc;
}

static enum rc part_import(void *ctx, const char *name, const json_t *what,
			   const void *bytes, size_t n, struct err *err)
{
	struct importing *im = ctx;

	if (!strcmp(name, "packet"))
		return packet_import(im, what, err);
	if (!strcmp(name, "file"))
		return file_import(im, what, bytes, n, err);
	if (!strcmp(name, "edit") && is_sound(im, what))
		return json_array_append(im->edits,
					 (json_t *)(uintptr_t)what) == 0
			       ? RC_OK
			       : err_set(err, RC_NOMEM, "out of memory");
	if (!strcmp(name, "edit"))
		im->out->left_out++;
	else
		im->out->unread++;
	return RC_OK;
}

enum rc rescue_import(struct batch *b, const struct enrolled *who,
		      const struct buf *body, struct evidence *evidence,
		      struct rescue_counts *out)
{
	struct importing im = { .b = b,
				.who = who,
				.evidence = evidence,
				.out = out,
				.edits = json_array() };
	enum rc rc = im.edits
			     ? rescue_walk(body, part_import, &im, NULL, b->err)
			     : err_set(b->err, RC_NOMEM, "out of memory");

	/* They build on what was signed. */
	if (rc == RC_OK)
		rc = edits_take(&im);
	json_decref(im.edits);
	return rc;
}

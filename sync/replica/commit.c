/* replica/commit.c - uncommitted edits become packets: one per scope and base,
 * oldest base first. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/fsm.h"
#include "kind/limits.h"
#include "kind/rows.h"
#include "sql_sync.gen.h"

struct item {
	char scope[8];
	char base[OID_HEX_SIZE];
	int64_t base_position;
	struct written written;
};

struct items {
	struct replica *r;
	struct item *all; /* owned */
	size_t n, room;
	struct held_back *held; /* NULL: a bad record fails the commit */
};

/* A record that cannot go stays edited, and does not keep the others. */
static enum rc hold_back(struct items *items, const struct err *why,
			 struct err *err)
{
	if (!items->held || (why->code != RC_INVALID && why->code != RC_DENIED))
		return err_set(err, why->code, "%s", why->text);
	if (!items->held->records++)
		snprintf(items->held->why, sizeof(items->held->why), "%s",
			 why->text);
	return RC_OK;
}

static void item_release(struct item *it)
{
	free(it->written.body);
	free(it->written.base);
}

void written_release(struct written *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(w[i].body);
		free(w[i].base);
	}
}

static struct item *item_new(struct items *items)
{
	if (items->n == items->room) {
		size_t room = items->room ? items->room * 2 : 64;
		struct item *grown = realloc(items->all, room * sizeof(*grown));

		if (!grown)
			return NULL;
		items->all = grown;
		items->room = room;
	}
	memset(&items->all[items->n], 0, sizeof(*items->all));
	return &items->all[items->n++];
}

/* Canonical bytes as they travel: of a sealed kind the outer form. */
static enum rc travel_bytes(struct replica *r, const struct kind *k,
			    const json_t *plain, char **out, size_t *n,
			    struct err *err)
{
	json_t *outer = NULL;
	struct buf b;
	enum rc rc = RC_OK;

	buf_init(&b, RECORD_BYTES_MAX);
	if (k->is_sealed)
		rc = sealed_hide(r, k, plain, &outer, err);
	if (rc == RC_OK)
		rc = record_jcs(&b, outer ? outer : plain, err);
	if (rc == RC_OK) {
		*out = strdup(b.data);
		*n = b.len;
		if (!*out)
			rc = out_of_memory(err);
	}
	json_decref(outer);
	buf_release(&b);
	return rc;
}

static enum rc base_position(struct replica *r, const char *scope,
			     const char *base, int64_t *out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_COMMIT_POSITION);

	query_text(q, 1, scope);
	query_text(q, 2, base);
	*out = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, err);
}

/* The body of the newest packet of this journal that wrote the record and that
 * the base had not dealt with: protocol.md 8. */
static enum rc base_body(struct replica *r, const struct scope *scope,
			 const struct item *it, char **out, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_BASE_BODY);
	bool no_memory = false;
	enum rc rc;

	query_text(q, 1, it->written.kind);
	query_text(q, 2, it->written.id);
	query_text(q, 3, scope->scope);
	query_text(q, 4, scope->journal);
	query_int(q, 5, it->base_position);
	*out = NULL;
	if (query_row(q)) {
		*out = strdup(query_get_text(q, 0));
		no_memory = !*out;
	}
	rc = query_end(q, err);
	return rc == RC_OK && no_memory ? out_of_memory(err) : rc;
}

/* What main had when the edit began stays known beside the live row. */
static enum rc main_keep(struct replica *r, const struct edit *e,
			 const char *scope, struct err *err)
{
	struct query *q;
	struct buf b;
	enum rc rc = RC_OK;

	if (e->captured->kind->is_sealed)
		return RC_OK;
	buf_init(&b, RECORD_BYTES_MAX);
	if (e->shadow)
		rc = record_jcs(&b, e->shadow, err);
	if (rc == RC_OK) {
		q = query_begin(r->db, SQL_R_MAIN_KEEP);
		query_text(q, 1, e->captured->kind->name);
		query_text(q, 2, e->id);
		query_text(q, 3, scope);
		if (e->shadow)
			query_textn(q, 4, b.data, b.len);
		rc = query_end(q, err);
	}
	buf_release(&b);
	return rc;
}

/* What is set once, whose it is, and that there is no other like it. */
static enum rc kept_judge(struct replica *r, const struct edit *e,
			  unsigned role, struct err *why)
{
	const struct kind *k = e->captured->kind;
	char twin[33], *officer = NULL;
	enum rc rc = meta_need(r, "officer", &officer, why);

	if (rc == RC_OK)
		rc = kind_may_change(k, role, officer, e->before, e->after,
				     why);
	if (rc == RC_OK)
		rc = limits_check(k, e->before, e->after, LIMITS_NO_CLOCK, why);
	if (rc == RC_OK)
		rc = within_judge(r, e, role, officer, why);
	if (rc == RC_OK)
		rc = lead_judge(r, e, why);
	free(officer);
	if (rc != RC_OK) {
		/* To the inspector each is a record to put right. */
		if (rc == RC_CONFLICT)
			why->code = RC_INVALID;
		return why->code;
	}
	rc = rows_twin(r->db, k, e->after, twin, why);
	if (rc == RC_OK)
		rc = err_set(why, RC_INVALID,
			     "%s '%s' is like '%s': change that one", k->name,
			     e->id, twin);
	return rc == RC_NOT_FOUND ? sign_judge(r, e, why) : rc;
}

enum rc edit_judge(struct replica *r, const struct edit *e, struct scope *scope,
		   struct err *why)
{
	const struct kind *k = e->captured->kind;
	const char *name = json_text(e->after, "scope");
	json_t *outer = NULL;
	unsigned role;
	enum rc rc;

	if (e->bad)
		return err_set(why, RC_INVALID, "%s", e->bad);
	rc = kind_check(k, e->after, why);
	if (rc == RC_OK)
		rc = rights_role(r, &role, why);
	if (rc == RC_OK)
		rc = rights_judge(r, e, why);
	if (rc == RC_OK)
		rc = fsm_check(k, role, e->before, e->after, why);
	if (rc == RC_OK)
		rc = kept_judge(r, e, role, why);
	if (rc != RC_OK)
		return rc;
	rc = scope_get(r, name, scope, why);
	if (rc == RC_NOT_FOUND)
		return err_set(why, RC_INVALID,
			       "%s '%s': the scope '%s' is not one of this "
			       "replica",
			       k->name, e->id, name);
	if (rc == RC_OK && e->is_new)
		rc = place_judge(r, k, e->after, why);
	if (rc == RC_OK && k->is_sealed)
		rc = sealed_hide(r, k, e->after, &outer, why);
	json_decref(outer);
	return rc;
}

static enum rc edit_check(struct replica *r, const struct edit *e,
			  struct scope *scope, struct err *why)
{
	if (!r->is_unlocked)
		return err_set(why, RC_DENIED,
			       "the officer's key is locked: the PIN is needed "
			       "to commit");
	return edit_judge(r, e, scope, why);
}

static enum rc edit_take(void *ctx, struct edit *e, struct err *err)
{
	struct items *items = ctx;
	struct replica *r = items->r;
	const struct kind *k = e->captured->kind;
	struct scope scope;
	struct err why = { 0 };
	struct item *it;
	size_t n;
	enum rc rc = edit_check(r, e, &scope, &why);

	if (rc != RC_OK)
		return hold_back(items, &why, err);
	rc = visit_fill(r, e, err);
	if (rc != RC_OK)
		return rc;
	it = item_new(items);
	if (!it)
		return out_of_memory(err);
	memcpy(it->scope, scope.scope, sizeof(it->scope));
	memcpy(it->base, e->base, sizeof(it->base));
	snprintf(it->written.kind, sizeof(it->written.kind), "%s", k->name);
	memcpy(it->written.id, e->id, sizeof(e->id));
	rc = base_position(r, it->scope, it->base, &it->base_position, err);
	if (rc == RC_OK)
		rc = travel_bytes(r, k, e->after, &it->written.body,
				  &it->written.body_bytes, err);
	if (rc == RC_OK && scope.journal[0])
		rc = base_body(r, &scope, it, &it->written.base, err);
	if (rc == RC_OK && !it->written.base && e->shadow)
		rc = travel_bytes(r, k, e->shadow, &it->written.base, &n, err);
	if (rc == RC_OK)
		rc = main_keep(r, e, it->scope, err);
	return rc == RC_OK ? shadow_drop(r, e->captured, e->id, err) : rc;
}

/* The order of packets, and of records in a packet ('/' sorts before all that a
 * name may hold, so this is the byte order of paths). */
static int item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int d = strcmp(x->scope, y->scope);

	if (!d && x->base_position != y->base_position)
		d = x->base_position < y->base_position ? -1 : 1;
	if (!d)
		d = strcmp(x->base, y->base);
	if (!d)
		d = strcmp(x->written.kind, y->written.kind);
	return d ? d : strcmp(x->written.id, y->written.id);
}

/* How many of the n items from the first on make one packet. */
static size_t packet_extent(const struct item *items, size_t n)
{
	size_t bytes = 0, i;

	for (i = 0; i < n && i < PACKET_RECORDS_MAX; i++) {
		bytes += items[i].written.body_bytes;
		if (i && (bytes > PACKET_BYTES_MAX ||
			  strcmp(items[i].scope, items[0].scope) != 0 ||
			  strcmp(items[i].base, items[0].base) != 0))
			break;
	}
	return i;
}

static enum rc packet_of(struct replica *r, const struct item *items, size_t n,
			 const char *message, struct err *err)
{
	struct written *records = calloc(n, sizeof(*records));
	struct packet_plan plan = { .n = n,
				    .records = records,
				    .base = items->base[0] ? items->base : NULL,
				    .message = message };
	struct scope scope;
	enum rc rc;

	if (!records)
		return out_of_memory(err);
	for (size_t i = 0; i < n; i++)
		records[i] = items[i].written;
	rc = scope_get(r, items->scope, &scope, err);
	if (rc == RC_OK)
		rc = packet_make(r, &scope, &plan, err);
	free(records);
	return rc;
}

enum rc commit_edits(struct replica *r, const char *message, int *packets,
		     int *records, struct held_back *held, struct err *err)
{
	struct items items = { .r = r, .held = held };
	enum rc rc = edits_clean(r, err);

	*packets = *records = 0;
	if (rc == RC_OK)
		rc = edits_each(r, edit_take, &items, err);
	if (items.n)
		qsort(items.all, items.n, sizeof(*items.all), item_order);
	for (size_t i = 0; i < items.n && rc == RC_OK;) {
		size_t n = packet_extent(items.all + i, items.n - i);

		rc = packet_of(r, items.all + i, n, message, err);
		i += n;
		++*packets;
		*records += (int)n;
	}
	for (size_t i = 0; i < items.n; i++)
		item_release(&items.all[i]);
	free(items.all);
	return rc;
}

enum rc replica_message_check(const char *message, struct err *err)
{
	return commit_message_check(message, err);
}

enum rc replica_commit(struct replica *r, const char *message, int *packets,
		       int *records, struct err *err)
{
	enum rc rc = replica_mend(r, err);

	*packets = *records = 0;
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc != RC_OK)
		return rc;
	rc = commit_edits(r, message, packets, records, NULL, err);
	rc = replica_end(r, rc, err);
	if (rc != RC_OK)
		*packets = *records = 0;
	return rc;
}

enum rc replica_commit_sound(struct replica *r, const char *message,
			     int *packets, int *records, struct held_back *held,
			     struct err *err)
{
	enum rc rc = replica_mend(r, err);

	memset(held, 0, sizeof(*held));
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc != RC_OK)
		return rc;
	rc = commit_edits(r, message, packets, records, held, err);
	return replica_end(r, rc, err);
}

/* replica/fill.c - what a visit leaves empty and this tablet knows is filled in
 * when it is committed, so that the server has nothing to add: the town of its
 * subject, and, where it is signed, its order's item and the version of the
 * item that is held here. */
#include "replica/replica_impl.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/rows.h"

#define NO_TOWN "000"

struct fill {
	struct replica *r;
	const struct kind *kind;
	json_t *visit; /* borrowed */
	bool changed;
};

static enum rc put_text(struct fill *f, const char *name, const char *text,
			struct err *err)
{
	f->changed = true;
	return json_object_set_new(f->visit, name, json_string(text)) == 0
		       ? RC_OK
		       : out_of_memory(err);
}

static enum rc fill_town(struct fill *f, struct err *err)
{
	const char *town = json_text(f->visit, "town"), *there;
	json_t *subject = NULL;
	enum rc rc;

	if (town && strcmp(town, NO_TOWN) != 0)
		return RC_OK;
	rc = live_record(f->r, "subject", json_text(f->visit, "subject"),
			 &subject, err);
	there = json_text(subject, "town");
	if (rc == RC_OK && there && strcmp(there, NO_TOWN) != 0)
		rc = put_text(f, "town", there, err);
	json_decref(subject);
	return rc;
}

static bool is_empty(const struct fill *f, const char *field)
{
	return kind_field(f->kind, field) && !json_text(f->visit, field);
}

/* The office takes a visit without an item to be of its order's. */
static enum rc fill_item(struct fill *f, struct err *err)
{
	json_t *order = NULL;
	const char *item;
	enum rc rc;

	if (!is_empty(f, "item"))
		return RC_OK;
	rc = live_record(f->r, "assignment", json_text(f->visit, "assignment"),
			 &order, err);
	item = json_text(order, "item");
	if (rc == RC_OK && item)
		rc = put_text(f, "item", item, err);
	json_decref(order);
	return rc;
}

static enum rc fill_version(struct fill *f, struct err *err)
{
	const char *item = json_text(f->visit, "item");
	char scope[8], hex[OID_HEX_SIZE];
	struct oid oid;
	enum rc rc;

	if (!item || !is_empty(f, "item_version"))
		return RC_OK;
	rc = tree_version_anywhere(f->r->db, "item", item, scope, &oid, err);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	oid_hex(hex, &oid);
	return put_text(f, "item_version", hex, err);
}

enum rc visit_fill(struct replica *r, struct edit *e, struct err *err)
{
	const struct kind *k = e->captured->kind;
	struct fill f = { .r = r, .kind = k, .visit = e->after };
	enum rc rc;

	if (strcmp(k->name, "visit") != 0)
		return RC_OK;
	rc = fill_town(&f, err);
	if (visit_is_signed(e->after) && !visit_is_signed(e->before)) {
		if (rc == RC_OK)
			rc = fill_item(&f, err);
		if (rc == RC_OK)
			rc = fill_version(&f, err);
	}
	return rc == RC_OK && f.changed
		       ? rows_put(r->db, k, ROWS_REPLICA, e->after, err)
		       : rc;
}

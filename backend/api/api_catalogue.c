/* api/api_catalogue.c - what the catalog is made of: checklists, schemes of
 * ratings, kinds. Each is recorded as its command records a file. */
#include "api/handlers.h"
#include "api/record.h"

#include <string.h>

#include "base/jcs.h"
#include "domain/credit.h"
#include "domain/form.h"

/* The body without what the document gives every new record. */
static json_t *declared(const struct call *c)
{
	json_t *out = json_deep_copy(c->body);

	json_object_del(out, "id");
	json_object_del(out, "scope");
	json_object_del(out, "town");
	return out;
}

static enum rc made(struct call *c, const char *id, bool is_new)
{
	enum rc rc = record_show(c, id);

	if (rc != RC_OK)
		return rc;
	c->status = is_new ? 201 : 200;
	if (!is_new)
		return RC_OK;
	snprintf(c->location, sizeof(c->location), "/v1/%s/%s",
		 contract_plural(c->contract, c->kind->name), id);
	return RC_OK;
}

enum rc form_create(struct call *c)
{
	enum office_outcome outcome;
	json_t *form = declared(c);
	char id[21];
	enum rc rc = form_put(&c->op, form, id, &outcome);

	json_decref(form);
	return rc == RC_OK ? made(c, id, outcome != OFFICE_SAME) : rc;
}

enum rc scheme_create(struct call *c)
{
	json_t *scheme = declared(c);
	char id[21];
	bool is_new;
	enum rc rc = scheme_put(&c->op, scheme, id, &is_new);

	json_decref(scheme);
	return rc == RC_OK ? made(c, id, is_new) : rc;
}

/* The tables follow in the same transaction; tablets get the kind by their next
 * sync. */
enum rc kind_load(struct call *c)
{
	bool changed = false;
	enum rc rc = contract_admits(c->store->kinds, c->body, &c->err);

	if (rc == RC_OK)
		rc = ledger_kind_put(&c->op, c->body, &changed);
	if (rc == RC_OK)
		c->result = json_pack("{s:s, s:b}", "kind",
				      json_text(c->body, "kind"), "changed",
				      (int)changed);
	return rc;
}

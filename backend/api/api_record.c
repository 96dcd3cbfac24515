/* api/api_record.c - one record: read, made, changed, its history. */
#include "api/border.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/host.h"
#include "base/jcs.h"
#include "domain/entry.h"
#include "ledger/blame.h"
#include "ledger/history.h"
#include "ledger/plain.h"
#include "store/past.h"

/* The kind as it is now: what was written before, in this very operation, may
 * have brought newer ones in the place of those. */
static void kind_renew(struct call *c)
{
	c->kind = registry_kind(c->store->kinds, c->operation->kind);
}

/* What others may not see is not there. */
static enum rc may_check(struct call *c, const json_t *record, const char *id)
{
	bool may;
	enum rc rc = call_may_see(c, c->kind, c->scope, record, &may);

	return rc == RC_OK && !may ? call_gone(c, id) : rc;
}

/* Nobody writes what they then may not see, nor what then everybody may. */
static enum rc becomes_check(struct call *c, const json_t *seen,
			     const json_t *record)
{
	bool may;
	enum rc rc = call_may_see(c, c->kind, c->scope, record, &may);

	if (c->actor.agency[0] && kind_field(c->kind, "agency") &&
	    json_text(seen, "agency") && !json_text(record, "agency"))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "account '%s' acts for some agencies and "
				   "gives nobody away: name one of its own",
				   c->actor.name);
	return rc == RC_OK && !may
		       ? call_refuse(c, RC_DENIED, 403, "denied",
				     "account '%s' acts for other agencies "
				     "than '%s'",
				     c->actor.name,
				     json_text(record, "agency")
					     ? json_text(record, "agency")
					     : "-")
		       : rc;
}

/* The record as it stands or stood, ready to be sent, in c->result. */
static enum rc result_read(struct call *c, const char *id, int64_t position,
			   const json_t *fields)
{
	char *stored;
	size_t len;
	bool may;
	enum rc rc;

	kind_renew(c);
	rc = position < 0
		     ? store_record(c->store, c->scope, c->kind->name, id,
				    &stored, &len, NULL, &c->err)
		     : store_record_at(c->store, c->scope, c->kind->name, id,
				       position, &stored, &len, &c->err);

	if (rc == RC_NOT_FOUND)
		return call_gone(c, id);
	if (rc != RC_OK)
		return rc;
	json_decref(c->result);
	c->result = NULL;
	rc = border_may_see(c, stored, len, &may);
	if (rc == RC_OK && !may)
		rc = call_gone(c, id);
	if (rc == RC_OK)
		rc = border_out(c, c->kind, stored, len, fields, &c->result);
	if (rc == RC_OK)
		rc = border_etag(stored, len, c->etag, &c->err);
	free(stored);
	return rc;
}

/* `as-of`; -1: as it stands. */
static enum rc point_read(struct call *c, int64_t *position)
{
	const char *as_of = json_text(c->args, "as-of");
	struct past_point point = { .position = -1 };
	enum rc rc = as_of ? past_point_parse(c->store, c->scope, as_of, &point,
					      &c->err)
			   : RC_OK;

	*position = point.position;
	return rc;
}

enum rc record_get(struct call *c)
{
	const json_t *fields = json_object_get(c->args, "fields");
	int64_t position = -1;
	enum rc rc = page_fields(c);

	if (rc == RC_OK)
		rc = point_read(c, &position);
	return rc == RC_OK ? result_read(c, json_text(c->args, "id"), position,
					 fields)
			   : rc;
}

/* In place: each side of a field's change, as the record has it at the border.
 */
static void changes_out(struct call *c, json_t *changes)
{
	static const char *const sides[] = { "before", "after", "terminal",
					     "stands" };
	json_t *one;
	size_t i;

	json_array_foreach(changes, i, one) for (size_t n = 0; n < 4; n++)
	{
		json_t *value = json_object_get(one, sides[n]);

		if (value)
			json_object_set_new(
				one, sides[n],
				border_value(c, c->kind,
					     json_text(one, "field"), c->result,
					     value));
	}
}

/* In place: times as text. */
static void clock_out(json_t *clock)
{
	static const char *const names[] = { "wall", "earliest", "latest" };
	char text[25];

	for (size_t i = 0; clock && i < 3; i++) {
		time_format(text, json_int(clock, names[i], 0));
		json_object_set_new(clock, names[i], json_string(text));
	}
}

enum rc record_history(struct call *c)
{
	const char *id = json_text(c->args, "id");
	struct history_page page = {
		.most = (size_t)json_int(c->args, "limit", 100),
	};
	json_t *items = NULL, *item;
	char text[25];
	int64_t from;
	size_t i;
	enum rc rc = page_from(c, &from);

	page.from = (size_t)from;
	if (rc == RC_OK)
		rc = result_read(c, id, -1, NULL);
	if (rc == RC_OK)
		rc = ledger_history_page(&c->op, c->scope, c->kind->name, id,
					 &page, &items);
	if (rc != RC_OK)
		return rc;
	json_array_foreach(items, i, item)
	{
		time_format(text, json_int(item, "received", 0));
		json_object_set_new(item, "received", json_string(text));
		clock_out(json_object_get(item, "clock"));
		changes_out(c, json_object_get(item, "changes"));
		changes_out(c, json_object_get(item, "refused"));
	}
	json_decref(c->result);
	c->result = json_pack("{s:o}", "items", items);
	if (page.more) {
		snprintf(text, sizeof(text), "%lld",
			 (long long)from + (long long)page.most);
		page_next(c, text);
	}
	c->etag[0] = '\0';
	return RC_OK;
}

enum rc record_blame(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *blame = NULL, *field;
	char text[25];
	int64_t at;
	size_t i;
	enum rc rc = point_read(c, &at);

	/* For its rights, and for the fields that tell what others mean. */
	if (rc == RC_OK)
		rc = result_read(c, id, at, NULL);
	if (rc == RC_OK)
		rc = ledger_blame(&c->op, c->scope, c->kind->name, id,
				  at < 0 ? INT64_MAX : at, &blame);
	if (rc != RC_OK)
		return rc;
	json_array_foreach(json_object_get(blame, "fields"), i, field)
	{
		json_t *value = json_object_get(field, "value");

		time_format(text, json_int(field, "received", 0));
		json_object_set_new(field, "received", json_string(text));
		if (!json_is_null(value))
			json_object_set_new(
				field, "value",
				border_value(c, c->kind,
					     json_text(field, "field"),
					     c->result, value));
	}
	json_decref(c->result);
	c->result = blame;
	c->etag[0] = '\0';
	return RC_OK;
}

/* What the ledger said to one record. */
static enum rc outcome_take(struct call *c, const struct office_record *o)
{
	if (o->outcome == OFFICE_REFUSED)
		return call_refuse(c, RC_CONFLICT, 409, "refused",
				   "%s '%s' was not changed: %s", o->kind,
				   o->id, o->why);
	return RC_OK;
}

/* cancelAssignment is cancel_assignment in a packet (protocol.md 6), cut where
 * it is longer than a word. */
static void operation_word(const struct operation *op, char out[65])
{
	size_t n = 0;

	for (const char *c = op->id; *c && n < 63; c++) {
		if (isupper((unsigned char)*c))
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*c);
	}
	out[n] = '\0';
}

enum rc record_write(struct call *c, struct office_record *records, size_t n,
		     const char *message)
{
	char word[65];
	struct office_write w = { .scope = c->scope,
				  .operation = word,
				  .message = message,
				  .records = records,
				  .n = n,
				  .entered = true };
	enum rc rc;

	operation_word(c->operation, word);
	rc = ledger_office(&c->op, &w);
	kind_renew(c);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = outcome_take(c, &records[i]);
	return rc;
}

/* What the caller says, as `hufud set` would take it, over what stands (or
 * NULL); *record is a new reference or NULL. */
static enum rc entered(struct call *c, struct office_record *o, json_t *said,
		       const json_t *standing, json_t **record)
{
	struct entry_fact fact = { .id = o->id };
	enum rc rc = border_in(c, c->kind, said);

	*record = NULL;
	json_object_del(said, "id");
	json_object_del(said, "scope");
	if (rc == RC_OK)
		rc = entry_make(&c->op, c->scope, c->kind, said, &fact,
				standing, record, &o->is_marked, &c->err);
	o->record = *record;
	o->base = standing;
	return rc == RC_OK ? becomes_check(c, standing, *record) : rc;
}

enum rc record_create(struct call *c)
{
	const char *asked = json_text(c->body, "id");
	json_t *said = json_deep_copy(c->body), *record = NULL;
	struct office_record o = { .kind = c->kind->name };
	unsigned char random[10];
	char id[33], *stored;
	size_t len;
	enum rc rc;

	host_random(c->store->host, random, sizeof(random));
	hex_encode(id, random, sizeof(random));
	if (asked)
		snprintf(id, sizeof(id), "%s", asked);
	o.id = id;
	rc = store_record(c->store, c->scope, c->kind->name, id, &stored, &len,
			  NULL, &c->err);
	if (rc == RC_OK) {
		free(stored);
		json_decref(said);
		return call_refuse(c, RC_CONFLICT, 409, "conflict",
				   "there is a %s '%s': change that one",
				   c->kind->name, id);
	}
	rc = rc == RC_NOT_FOUND ? entered(c, &o, said, NULL, &record) : rc;
	if (rc == RC_OK)
		rc = record_write(c, &o, 1, c->operation->summary);
	if (rc == RC_OK)
		rc = result_read(c, id, -1, NULL);
	if (rc == RC_OK) {
		c->status = 201;
		snprintf(c->location, sizeof(c->location), "/v1/%s/%s?scope=%s",
			 contract_plural(c->contract, c->kind->name), id,
			 c->scope);
	}
	json_decref(record);
	json_decref(said);
	return rc;
}

enum rc record_show(struct call *c, const char *id)
{
	return result_read(c, id, -1, NULL);
}

/* What the caller changes is merged with that. */
enum rc record_seen(struct call *c, const char *id, json_t **plain)
{
	json_t *outer = NULL;
	char *stored, etag[41];
	size_t len;
	enum rc rc = store_record(c->store, c->scope, c->kind->name, id,
				  &stored, &len, NULL, &c->err);

	*plain = NULL;
	if (rc == RC_NOT_FOUND)
		return call_gone(c, id);
	if (rc == RC_OK)
		rc = border_etag(stored, len, etag, &c->err);
	if (rc == RC_OK)
		rc = json_read(stored, len, &outer, &c->err);
	if (rc == RC_OK)
		rc = record_plain(c->store, c->kind, outer, plain, &c->err);
	if (rc == RC_OK)
		rc = may_check(c, *plain, id);
	/* Last: it tells what the record is now. */
	if (rc == RC_OK && c->if_match &&
	    !http_etag_matches(c->if_match, etag, false))
		rc = call_refuse(c, RC_CONFLICT, 412, "precondition_failed",
				 "%s '%s' is not what you have seen any more: "
				 "read it again (its etag is \"%s\")",
				 c->kind->name, id, etag);
	free(stored);
	json_decref(outer);
	return rc;
}

/* RFC 7396, on one level: fields are replaced whole. */
enum rc record_patch(struct call *c, json_t *patch)
{
	const char *id = json_text(c->args, "id");
	json_t *seen = NULL, *record = NULL;
	struct office_record o = { .kind = c->kind->name, .id = id };
	enum rc rc = record_seen(c, id, &seen);

	if (rc == RC_OK)
		rc = entered(c, &o, patch, seen, &record);
	if (rc == RC_OK)
		rc = record_write(c, &o, 1, c->operation->summary);
	if (rc == RC_OK)
		rc = record_show(c, id);
	json_decref(record);
	json_decref(seen);
	return rc;
}

enum rc record_change(struct call *c)
{
	json_t *patch = json_deep_copy(c->body);
	enum rc rc = record_patch(c, patch);

	json_decref(patch);
	return rc;
}

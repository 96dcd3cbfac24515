/* ledger/settle.c - records as they are to be, and what changes in them. */
#include "ledger/settle.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "base/words.h"
#include "kind/fsm.h"
#include "sql_store.gen.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (8 * INT64_C(3600000)) /* a day begins earlier there */

enum rc settle_no_memory(struct settle *s)
{
	return err_set(s->b->err, RC_NOMEM, "out of memory");
}

enum rc settle_look(struct settle *s, const char *kind, const char *id,
		    json_t **out)
{
	char path[72];
	json_t *record;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	*out = json_object_get(s->seen, path);
	if (*out)
		return RC_OK;
	rc = store_look(s->b->store, s->bs->scope, kind, id, &record,
			s->b->err);
	if (rc != RC_OK || !record)
		return rc;
	if (json_object_set_new(s->seen, path, record) != 0)
		return settle_no_memory(s);
	*out = record;
	return rc;
}

static enum rc change(struct settle *s, const char *kind, const json_t *record)
{
	const char *id = json_text(record, "id");
	char path[72];

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	if (json_object_set_new(s->changed, path,
				json_pack("[s, s]", kind, id)) != 0)
		return settle_no_memory(s);
	return RC_OK;
}

enum rc settle_text(struct settle *s, const char *kind, json_t *record,
		    const char *field, const char *text)
{
	if (json_object_set_new(record, field, json_string(text)) != 0)
		return settle_no_memory(s);
	return change(s, kind, record);
}

enum rc settle_add(struct settle *s, const char *kind, json_t *record)
{
	char path[72];

	if (!record)
		return settle_no_memory(s);
	snprintf(path, sizeof(path), "%s/%s", kind, json_text(record, "id"));
	if (json_object_set_new(s->seen, path, record) != 0)
		return settle_no_memory(s);
	return change(s, kind, record);
}

bool settle_has_flag(const json_t *record, const char *flag)
{
	return json_has_text(json_object_get(record, FSM_FLAGS), flag);
}

enum rc settle_flag(struct settle *s, const char *kind, json_t *record,
		    const char *word, bool *fresh)
{
	json_t *flags = json_object_get(record, FSM_FLAGS);

	*fresh = !settle_has_flag(record, word);
	if (!*fresh)
		return RC_OK;
	flags = json_is_array(flags) ? json_copy(flags) : json_array();
	if (!flags || json_array_append_new(flags, json_string(word)) != 0 ||
	    json_object_set_new(record, FSM_FLAGS, flags) != 0)
		return settle_no_memory(s);
	return change(s, kind, record);
}

enum rc settle_unflag(struct settle *s, const char *kind, json_t *record,
		      const char *word)
{
	const json_t *flags = json_object_get(record, FSM_FLAGS);
	json_t *left = json_array(), *f;
	size_t i;
	int bad = left ? 0 : -1;

	json_array_foreach((json_t *)(uintptr_t)flags, i,
			   f) if (strcmp(json_string_value(f), word) != 0)
		bad |= json_array_append(left, f);
	if (bad || !settle_has_flag(record, word)) {
		json_decref(left);
		return bad ? settle_no_memory(s) : RC_OK;
	}
	if (json_array_size(left)) {
		json_object_set_new(record, FSM_FLAGS, left);
	} else {
		json_object_del(record, FSM_FLAGS);
		json_decref(left);
	}
	return change(s, kind, record);
}

/* Whom an alarm is about: who wrote what it follows from, and the officers. */
static json_t *named(struct settle *s, const json_t *about)
{
	json_t *all = json_pack("[s]", s->t->commit.author);

	json_array_extend(all, json_object_get(about, "officers"));
	return all;
}

static enum rc alarm(struct settle *s, const char *rule, const char *level,
		     const char *kind, const json_t *about, const char *text,
		     const char *once)
{
	const char *on = json_text(about, "id");
	json_t *alarm;
	char id[33];
	enum rc rc;

	conflict_id(id, kind, on, rule, once);
	rc = settle_look(s, "alarm", id, &alarm);
	if (rc != RC_OK || alarm)
		return rc;
	alarm = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s}",
			  "id", id, "scope", s->bs->scope, "town",
			  json_text(about, "town"), "rule", rule, "record_kind",
			  kind, "record_id", on, "level", level, "text", text,
			  "opened_at", (json_int_t)s->b->now_ms, "state",
			  "open");
	json_object_set_new(alarm, "named", named(s, about));
	return settle_add(s, "alarm", alarm);
}

enum rc settle_alarm(struct settle *s, const char *rule, const char *level,
		     const char *kind, const json_t *about, const char *text)
{
	return alarm(s, rule, level, kind, about, text, "alarm");
}

enum rc settle_alarm_again(struct settle *s, const char *rule,
			   const char *level, const char *kind,
			   const json_t *about, const char *text)
{
	char packet[OID_HEX_SIZE];

	oid_hex(packet, &s->t->oid);
	return alarm(s, rule, level, kind, about, text, packet);
}

enum rc settle_remark(struct settle *s, const char *kind, json_t *record,
		      const char *rule, const char *level, const char *text)
{
	bool fresh = false;
	enum rc rc = text ? settle_flag(s, kind, record, rule, &fresh)
			  : settle_no_memory(s);

	return rc == RC_OK && fresh
		       ? settle_alarm(s, rule, level, kind, record, text)
		       : rc;
}

enum rc settle_visit_alarm(struct settle *s, const char *rule, json_t *visit,
			   const char *text)
{
	return settle_remark(s, "visit", visit, rule, "alarm", text);
}

bool settle_is_to_come(const struct settle *s, const char *day)
{
	int64_t days;

	return date_parse(day, &days) &&
	       days * DAY_MS - CHINA_MS > s->b->now_ms;
}

enum rc settle_ids(struct settle *s, const char *sql, const char *key,
		   json_t **out)
{
	struct query *q = query_begin(s->b->store->db, sql);

	*out = json_array();
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, key);
	while (query_row(q))
		json_array_append_new(*out, json_string(query_get_text(q, 0)));
	return query_end(q, s->b->err);
}

enum rc settle_each(struct settle *s, const char *sql, const char *key,
		    const char *kind, settle_each_fn *fn, void *ctx)
{
	const json_t *id;
	json_t *ids, *record;
	size_t i;
	enum rc rc = settle_ids(s, sql, key, &ids);

	json_array_foreach(ids, i, id)
	{
		record = NULL;
		if (rc == RC_OK)
			rc = settle_look(s, kind, json_string_value(id),
					 &record);
		if (rc == RC_OK && record)
			rc = fn(s, record, ctx);
	}
	json_decref(ids);
	return rc;
}

bool settle_state_is(const json_t *record, const char *const *states)
{
	const char *state = json_text(record, "state");

	for (; state && *states; states++)
		if (!strcmp(state, *states))
			return true;
	return false;
}

/* sim/office.c - what the district's office does meanwhile. */
#include "sim/sim.h"

#include "base/fault.h"
#include "base/jcs.h"
#include "kind/fsm.h"
#include "ledger/enrol.h"
#include "ledger/quarantine.h"
#include "sql_store.gen.h"

#define WRITES_MAX 5

/* What the office wrote over what stands, stands. */
static void written_check(struct sim *s, const struct office_record *r)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	json_t *now = NULL, *value;
	const struct kind *k;
	const char *field;

	s->reassigned += r->outcome == OFFICE_CHANGED &&
			 json_object_get(r->record, "reassigned_to");
	if (r->outcome == OFFICE_REFUSED) {
		say(s, "  refused: %s '%s': %s", r->kind, r->id, r->why);
		return;
	}
	if (r->base ||
	    !must(s, ledger_record(&op, s->county, r->kind, r->id, &now),
		  "read what the office wrote"))
		return;
	k = registry_kind(s->loop.store->kinds, r->kind);
	/* What follows from a move may move the state at once, or take away a
	 * flag. */
	json_object_foreach(
		(json_t *)(uintptr_t)r->record, field,
		value) if (!json_equal(json_object_get(now, field), value) &&
			   !(k->fsm && (!strcmp(field, "state") ||
					!strcmp(field, FSM_FLAGS) ||
					!strcmp(field, "reason"))))
		broke(s, "2 nothing is lost",
		      "the office's %s of %s '%s' does not stand", field,
		      r->kind, r->id);
	json_decref(now);
}

/* Several records in one write; the server may die of it. Records that are
 * refused are nobody's loss: the office sees it at once. */
static void office_write(struct sim *s, struct office_record *records, size_t n,
			 bool may_die)
{
	struct office_write w = { .scope = s->county,
				  .operation = "set",
				  .message = "the office",
				  .records = records,
				  .n = n };
	bool dies = may_die && rng_chance(&s->rng, 8);
	struct head before, after;
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	enum rc rc;

	if (!dies) {
		must(s, ledger_office(&op, &w), "write for the office");
		for (size_t i = 0; i < n && !s->failed; i++)
			written_check(s, &records[i]);
		return;
	}
	if (ledger_head(s->loop.store, s->county, &before, &s->err) ==
	    RC_NOT_FOUND)
		err_clear(&s->err);
	fault_arm(FAULT_STORE, 1 + rng_below(&s->rng, 200), true);
	rc = ledger_office(&op, &w);
	say(s, "  the office's server dies at call %ld: %s",
	    fault_clear(FAULT_STORE), rc_name(rc));
	s->crashes++;
	forget(s);
	server_reopen(s);
	if (s->failed)
		return;
	must(s, ledger_head(s->loop.store, s->county, &after, &s->err), "head");
	if (after.number - before.number > 1 ||
	    (rc == RC_OK && records[0].outcome == OFFICE_NEW &&
	     after.number == before.number))
		broke(s, "6 a failure leaves before or after",
		      "the office's write answered %s, %lld commits came",
		      rc_name(rc), (long long)(after.number - before.number));
}

static void found(struct sim *s, const char *kind, const char *id,
		  json_t *record)
{
	struct office_record r = { .kind = kind, .id = id, .record = record };

	office_write(s, &r, 1, false);
	if (r.outcome == OFFICE_REFUSED)
		broke(s, "the county can be founded", "%s: %s", id, r.why);
	json_decref(record);
}

static void subject_found(struct sim *s, int i)
{
	char id[16], name[32], town[8];

	snprintf(id, sizeof(id), "s%d", i);
	snprintf(name, sizeof(name), "subject %d", i);
	snprintf(town, sizeof(town), "00%d", i % 4);
	found(s, "subject", id,
	      json_pack("{s:s, s:s, s:s}", "name", name, "town", town, "state",
			"in_business"));
	if (i % 4 == 0)
		found(s, "subject_private", id,
		      json_pack("{s:s, s:s}", "phone", name, "town", town));
}

/* Its officers are those of the county, and some of its firms have an id that
 * one there has, too. */
static void other_seed(struct sim *s)
{
	char id[16];

	s->county = OTHER;
	for (int i = 0; i < TABLETS_MAX && !s->failed; i++) {
		snprintf(id, sizeof(id), "o%d", i);
		found(s, "officer", id,
		      json_pack("{s:s, s:s}", "name", id, "state", "active"));
	}
	for (int i = 0; i < 4 && !s->failed; i++)
		subject_found(s, i);
	for (int i = 0; i < 8 && !s->failed; i++) {
		snprintf(id, sizeof(id), "b%d", i);
		found(s, "subject", id,
		      json_pack("{s:s, s:s, s:s}", "name", id, "town", "001",
				"state", "in_business"));
	}
	s->county = COUNTY;
}

void office_seed(struct sim *s)
{
	int subjects = 20 + rng_below(&s->rng, 40);
	int assignments = 6 + rng_below(&s->rng, 14);
	char id[16], subject[16];

	s->county = COUNTY;

	for (int i = 0; i < TABLETS_MAX && !s->failed; i++) {
		snprintf(id, sizeof(id), "o%d", i);
		found(s, "officer", id,
		      json_pack("{s:s, s:s}", "name", id, "state", "active"));
	}
	for (int i = 0; i < subjects && !s->failed; i++)
		subject_found(s, i);
	for (int i = 0; i < assignments && !s->failed; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		/* Two of each subject: one is reassigned to the other. */
		snprintf(subject, sizeof(subject), "s%d", i / 2);
		found(s, "assignment", id,
		      json_pack("{s:s, s:s, s:s}", "subject", subject, "state",
				"issued", "due", "2026-12-01"));
	}
	if (!s->failed)
		other_seed(s);
}

static json_t *unique(struct sim *s)
{
	char text[40];

	if (rng_chance(&s->rng, 12))
		snprintf(text, sizeof(text), "common %d",
			 rng_below(&s->rng, 3));
	else
		snprintf(text, sizeof(text), "office n%d", ++s->serial);
	return json_string(text);
}

struct office_place {
	const char *kind, *ids;
	const char *texts[4]; /* NULL-ended */
	const char *states[9];
};

#define IDS(kind)                                                              \
#kind, "SELECT id, (SELECT count(*) FROM " #kind                       \
	       " WHERE scope='" COUNTY "') FROM " #kind                        \
	       " WHERE scope='" COUNTY "' ORDER BY id LIMIT 1 OFFSET ?1"

static const struct office_place places[] = {
	{ IDS(assignment),
	  { "accept_note", "instructions", "decline_reason", NULL },
	  { "issued", "accepted", "recalled", "done", "cancelled", "reassigned",
	    NULL } },
	{ IDS(assignment),
	  { "accept_note", "instructions", "sim_extra", NULL },
	  { "accepted", "in_progress", "done", "returned", "cancelled",
	    "reassigned", "void", NULL } },
	{ IDS(visit),
	  { "summary", "unable_reason", NULL },
	  { "open", "ready", "signed", "approved", "void", NULL } },
	{ IDS(visit), { "summary", NULL }, { "submitted", "returned", NULL } },
	{ IDS(subject),
	  { "name", "address", "phone", NULL },
	  { "in_business", "suspended", NULL } },
	{ IDS(subject_private),
	  { "note", "phone", "legal_representative", NULL },
	  { NULL } },
};

static bool id_pick(struct sim *s, const char *sql, int offset, char id[33],
		    int *count)
{
	struct query *q = query_begin(s->loop.store->db, sql);
	bool found_it;

	query_int(q, 1, offset);
	found_it = query_row(q);
	if (found_it) {
		snprintf(id, 33, "%s", query_get_text(q, 0));
		*count = (int)query_get_int(q, 1);
	}
	must(s, query_end(q, &s->err), "ask the server");
	return found_it;
}

/* Half of the office's writes meet the tablets' on few records. */
static bool any_id(struct sim *s, const struct office_place *p, char id[33])
{
	int count = 0;

	if (!id_pick(s, p->ids, 0, id, &count))
		return false;
	if (count > 3 && rng_chance(&s->rng, 50))
		count = 3;
	return id_pick(s, p->ids, rng_below(&s->rng, count), id, &count);
}

/* Another assignment of the same subject, or one that does not fit. */
static json_t *successor(struct sim *s, const json_t *assignment)
{
	struct query *q =
		query_begin(s->loop.store->db,
			    "SELECT id FROM assignment WHERE scope='" COUNTY
			    "' AND subject=?1 AND id<>?2 ORDER BY id LIMIT 1");
	json_t *id;

	query_text(q, 1, json_text(assignment, "subject"));
	query_text(q, 2, json_text(assignment, "id"));
	id = json_string(query_row(q) ? query_get_text(q, 0) : "a1");
	must(s, query_end(q, &s->err), "look for a successor");
	return id;
}

static json_t *one_edit(struct sim *s, const struct office_place *p,
			const json_t *before)
{
	json_t *after = json_deep_copy(before);
	int texts = 0, states = 0, dice = rng_below(&s->rng, 10);
	char town[8];

	while (p->texts[texts])
		texts++;
	while (p->states[states])
		states++;
	if (dice == 0) {
		snprintf(town, sizeof(town), "00%d", rng_below(&s->rng, 4));
		/* A sealed record's town is bound to it like its id. */
		json_object_set_new(after, "town", json_string(town));
	} else if (dice < 4 && states) {
		const char *state = p->states[rng_below(&s->rng, states)];

		json_object_set_new(after, "state", json_string(state));
		json_object_set_new(after, "reason", unique(s));
		if (!strcmp(state, "reassigned"))
			json_object_set_new(after, "reassigned_to",
					    successor(s, before));
	} else {
		const char *field = p->texts[rng_below(&s->rng, texts)];

		if (strcmp(field, "sim_extra") != 0 || s->kind_extended)
			json_object_set_new(after, field, unique(s));
	}
	return after;
}

/* What an official left open on the screen. */
static void draft_keep(struct sim *s, const char *kind, const char *id,
		       const json_t *record)
{
	json_t *draft = json_pack("{s:s, s:s, s:O}", "kind", kind, "id", id,
				  "record", record);

	if (json_array_size(s->drafts) < 12)
		json_array_append_new(s->drafts, draft);
	else
		json_array_set_new(s->drafts, (size_t)rng_below(&s->rng, 12),
				   draft);
}

/* One record's new form; *base stays NULL where it is written as it stands. */
static bool record_edit(struct sim *s, struct office_record *r, char id[33],
			json_t **after, json_t **base)
{
	const struct office_place *p = &places[rng_below(
		&s->rng, (int)(sizeof(places) / sizeof(*places)))];
	size_t drafts = json_array_size(s->drafts);
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	json_t *before = NULL;
	enum rc rc;

	if (drafts && rng_chance(&s->rng, 25)) {
		const json_t *d = json_array_get(
			s->drafts, (size_t)rng_below(&s->rng, (int)drafts));

		snprintf(id, 33, "%s", json_text(d, "id"));
		*base = json_incref(json_object_get(d, "record"));
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
			if (!strcmp(places[i].kind, json_text(d, "kind")))
				p = &places[i];
		before = json_incref(*base);
	} else if (!any_id(s, p, id)) {
		return false;
	} else {
		rc = ledger_record(&op, COUNTY, p->kind, id, &before);
		if (rc == RC_DENIED) {
			forget(s);
			return false;
		}
		if (!must(s, rc, "read a record"))
			return false;
		if (rng_chance(&s->rng, 30))
			draft_keep(s, p->kind, id, before);
	}
	*after = one_edit(s, p, before);
	json_decref(before);
	r->kind = p->kind;
	r->id = id;
	r->record = *after;
	r->base = *base;
	json_object_del(*after, "id");
	json_object_del(*after, "scope");
	return true;
}

void office_edit(struct sim *s)
{
	struct office_record records[WRITES_MAX] = { 0 };
	json_t *after[WRITES_MAX] = { 0 }, *base[WRITES_MAX] = { 0 };
	char ids[WRITES_MAX][33];
	int wanted = 1 + rng_below(&s->rng, WRITES_MAX), n = 0;

	for (int i = 0; i < wanted && !s->failed; i++) {
		bool twice = false;

		if (!record_edit(s, &records[n], ids[n], &after[n], &base[n]))
			continue;
		for (int k = 0; k < n; k++)
			twice |= !strcmp(ids[k], ids[n]) &&
				 !strcmp(records[k].kind, records[n].kind);
		say(s, "  office: %s '%s'%s", records[n].kind, ids[n],
		    base[n] ? " from a draft" : "");
		if (twice) {
			json_decref(after[n]);
			json_decref(base[n]);
			after[n] = base[n] = NULL;
		} else {
			n++;
		}
	}
	if (n && !s->failed)
		office_write(s, records, (size_t)n, true);
	for (int i = 0; i < WRITES_MAX; i++) {
		json_decref(after[i]);
		json_decref(base[i]);
	}
}

/* The nth open conflict of both kinds. */
static bool conflict_pick(struct sim *s, char id[33])
{
	static const char *const kinds[2] = { "conflict", "conflict_private" };
	json_t *open = json_array();
	size_t n;

	for (int i = 0; i < 2; i++) {
		struct query *q =
			query_begin(s->loop.store->db, SQL_LOG_KIND_LATEST);

		query_text(q, 1, COUNTY);
		query_text(q, 2, kinds[i]);
		while (query_row(q)) {
			json_t *c =
				plain_read(s, kinds[i], query_get_text(q, 1),
					   query_get_len(q, 1));

			if (c && !strcmp(json_text(c, "state"), "open"))
				json_array_append_new(
					open,
					json_string(query_get_text(q, 0)));
			json_decref(c);
		}
		must(s, query_end(q, &s->err), "list conflicts");
	}
	n = json_array_size(open);
	if (n)
		snprintf(id, 33, "%s",
			 json_string_value(json_array_get(
				 open, (size_t)rng_below(&s->rng, (int)n))));
	json_decref(open);
	return n > 0;
}

void office_decide(struct sim *s)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	const char *decision = rng_chance(&s->rng, 50) ? "terminal" : "server";
	char id[33];
	enum rc rc;

	/* Who calls off does not judge what was done meanwhile. */
	snprintf(admin.name, sizeof(admin.name), "judge");
	if (!conflict_pick(s, id))
		return;
	rc = ledger_decide(&op, COUNTY, id, decision, NULL, "so it is");
	say(s, "conflict %s is decided for %s: %s", id, decision, rc_name(rc));
	/* A record may be shredded, have moved on, or be signed by now. */
	if (rc == RC_DENIED || rc == RC_CONFLICT || rc == RC_INVALID)
		forget(s);
	else
		must(s, rc, "decide a conflict");
}

void office_key_destroy(struct sim *s)
{
	char subject[16];
	enum rc rc;

	snprintf(subject, sizeof(subject), "s%d", 4 * rng_below(&s->rng, 5));
	rc = store_key_destroy(s->loop.store, COUNTY, subject, "admin", "law",
			       &s->err);
	say(s, "the key of %s is destroyed: %s", subject, rc_name(rc));
	if (rc == RC_NOT_FOUND)
		forget(s);
	else
		must(s, rc, "destroy a key");
}

/* A field more on the running server. */
void office_extend(struct sim *s)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	const struct kind *k =
		registry_kind(s->loop.store->kinds, "assignment");
	json_t *definition = json_deep_copy(k->definition);
	char path[200];
	bool changed;

	snprintf(path, sizeof(path), "%s/assignment.json", s->dir);
	json_array_append_new(json_object_get(definition, "fields"),
			      json_pack("{s:s, s:s, s:{s:s, s:s}, s:[s, s, s]}",
					"name", "sim_extra", "type", "text",
					"label", "zh", "x", "en", "x",
					"writers", "coordinator",
					"administrator", "inspector"));
	json_dump_file(definition, path, 0);
	json_decref(definition);
	say(s, "assignment gets a field");
	if (must(s, ledger_kind_load(&op, path, &changed), "extend a kind"))
		s->kind_extended = true;
}

/* Somebody at the office takes one of the records out of quarantine, or closes
 * it; what may not be is refused and changes nothing. */
void office_adopt(struct sim *s)
{
	struct account judge;
	struct op op = loop_op(&s->loop, &judge, &s->err);
	bool adopts = rng_chance(&s->rng, 80);
	const char *kind, *id;
	struct head before, after;
	json_t *rows = NULL, *row;
	enum rc rc;

	snprintf(judge.name, sizeof(judge.name), "judge");
	if (!must(s, quarantine_list(&op, COUNTY, 0, -1, &rows),
		  "list what is in quarantine"))
		return;
	row = json_array_get(
		rows,
		json_array_size(rows)
			? (size_t)rng_below(&s->rng, (int)json_array_size(rows))
			: 0);
	kind = json_text(row, "kind");
	id = json_text(row, "id");
	if (kind && must(s, ledger_head(op.store, COUNTY, &before, op.err),
			 "read the head")) {
		rc = quarantine_close(&op, json_text(row, "packet"), kind, id,
				      adopts, "seen");
		say(s, "%s of %s '%s': %s", adopts ? "adoption" : "rejection",
		    kind, id, rc == RC_OK ? "done" : s->err.text);
		s->adopted += rc == RC_OK && adopts;
		if (rc != RC_OK && rc != RC_DENIED && rc != RC_CONFLICT)
			must(s, rc, "adopt");
		err_clear(&s->err);
		if (rc != RC_OK &&
		    must(s, ledger_head(op.store, COUNTY, &after, op.err),
			 "read the head") &&
		    before.position != after.position)
			broke(s, "6 before or after",
			      "a refused adoption wrote something");
	}
	json_decref(rows);
}

void office_revoke(struct sim *s)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	struct tablet *t = any_tablet(s);

	if (t->is_revoked)
		return;
	say(s, "tablet %d is revoked", t->number);
	if (must(s, enrol_revoke(&op, COUNTY, t->enrolment, "lost"), "revoke"))
		t->is_revoked = true;
}

void office_part(struct sim *s)
{
	struct account admin;
	struct op op = loop_op(&s->loop, &admin, &s->err);
	struct tablet *t = any_tablet(s);
	json_t *enrolment = NULL;
	bool leaves = t->is_in_other;
	enum rc rc;

	if (t->is_revoked)
		return;
	say(s, "tablet %d %s " OTHER, t->number, leaves ? "leaves" : "joins");
	rc = leaves ? enrol_leave(&op, OTHER, t->enrolment, "moved", &enrolment)
		    : enrol_join(&op, OTHER, t->enrolment, &enrolment);
	if (must(s, rc, "change a tablet's scopes"))
		t->is_in_other = !leaves;
	json_decref(enrolment);
}

/* domain/draw.c - commit. */
#include "domain/draw_impl.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/hash.h"
#include "base/jcs.h"
#include "kind/fsm.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

/* Room for the rest of the record in the packet that carries it. */
#define DAY_MS INT64_C(86400000)
#define MATERIAL_INSIDE_MAX (RECORD_BYTES_MAX - (128u << 10))

/* The draw that this frame has already, in *id, or an empty text. */
static enum rc frame_was_drawn(struct op *op, const char *scope,
			       const char *frame_hash, char id[33],
			       char state[16])
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_OF_FRAME);

	*id = *state = '\0';
	query_text(q, 1, scope);
	query_text(q, 2, frame_hash);
	if (query_row(q)) {
		const char *s = query_get_text(q, 1);

		snprintf(id, 33, "%s", query_get_text(q, 0));
		snprintf(state, 16, "%s", s ? s : "");
	}
	return query_end(q, op->err);
}

static enum rc material_keep(struct op *op, const char *id,
			     const json_t *committed, json_t *material,
			     json_t **rules)
{
	struct buf text;
	char hash[65], *path;
	enum rc rc;

	buf_init(&text, DRAW_PAPER_BYTES_MAX);
	rc = jcs_write(&text, material, op->err);
	*rules = json_object();
	json_object_set(*rules, "committed",
			(json_t *)(uintptr_t)committed); /* borrowed, counted */
	if (rc == RC_OK && text.len <= MATERIAL_INSIDE_MAX) {
		json_object_set(*rules, "material", material);
	} else if (rc == RC_OK) {
		path = draw_material_path(op, id, true);
		rc = path ? draw_file_write(path, material, op->err)
			  : op->err->code;
		free(path);
		sha256_hex(hash, text.data, text.len);
		json_object_set_new(*rules, "material_hash", json_string(hash));
	}
	buf_release(&text);
	return rc;
}

static int64_t quota_of(const json_t *committed)
{
	const json_t *strata = json_object_get(committed, "strata");
	int64_t n = 0;

	for (size_t k = 0; k < json_array_size(strata); k++)
		n += json_int(json_array_get(strata, k), "n", 0);
	return n;
}

/* Everything that is known now is committed with the frame. */
static enum rc announce(struct op *op, const struct draw_options *o,
			const char *id, const char *replaces, json_t *committed,
			char commitment[65])
{
	json_object_set_new(committed, "format", json_integer(DRAW_FORMAT));
	json_object_set_new(committed, "committed_at",
			    json_integer(op->now_ms));
	draw_set_text(committed, "id", id);
	draw_set_text(committed, "name", o->name);
	draw_set_text(committed, "reason", o->reason);
	draw_set_text(committed, "replaces", replaces);
	return draw_hash(commitment, committed, op->err);
}

static enum rc record_make(struct op *op, const struct draw_options *o,
			   const char *id, const char *replaces,
			   json_t *committed, json_t *material, json_t **out)
{
	json_t *rules = NULL, *record = json_object();
	char commitment[65], population[65];
	enum rc rc = announce(op, o, id, replaces, committed, commitment);

	if (rc == RC_OK)
		rc = draw_population(population,
				     json_object_get(committed, "rules"),
				     op->err);
	if (rc == RC_OK)
		rc = material_keep(op, id, committed, material, &rules);
	draw_set_text(record, "name", o->name);
	draw_set_text(record, "item", o->item);
	draw_set_text(record, "algorithm", DRAW_ALGORITHM);
	draw_set_text(record, "frame_hash", json_text(committed, "frame_hash"));
	draw_set_text(record, "seed_source",
		      json_text(committed, "seed_source"));
	draw_set_text(record, "seed_at", json_text(committed, "seed_at"));
	draw_set_text(record, "replaces", replaces);
	draw_set_text(record, "reason", o->reason);
	draw_set_text(record, "state", "committed");
	draw_set_text(record, "committed_by", op->actor->name);
	draw_set_text(record, "commitment", rc == RC_OK ? commitment : NULL);
	draw_set_text(record, "population", rc == RC_OK ? population : NULL);
	json_object_set_new(record, "town",
			    json_string(o->towns && strlen(o->towns) == 3
						? o->towns
						: "000"));
	json_object_set(record, "frame_size",
			json_object_get(committed, "frame_size"));
	json_object_set(record, "strata", json_object_get(committed, "strata"));
	json_object_set_new(record, "quota", json_integer(quota_of(committed)));
	json_object_set_new(record, "committed_at", json_integer(op->now_ms));
	json_object_set_new(record, "rules", rules);
	*out = record;
	return rc;
}

/* A draw as it is void; *out is a new reference. RC_DENIED: that is for another
 * person to say. */
static enum rc void_make(struct op *op, const char *scope, const char *id,
			 const char *reason, json_t **out)
{
	const struct kind *k = registry_kind(op->store->kinds, "draw");
	json_t *was = NULL;
	enum rc rc = ledger_record(op, scope, "draw", id, &was);

	*out = NULL;
	if (rc == RC_OK) {
		*out = json_copy(was);
		draw_set_text(*out, "state", "void");
		draw_set_text(*out, "reason", reason);
		if (fsm_asks_second(k->fsm, ROLE_DRAW, was, *out))
			rc = people_in_person(op->actor, op->err);
	}
	if (rc == RC_OK) {
		rc = people_second(op->store, scope, k, ROLE_DRAW,
				   op->actor->name, was, *out, op->err);
	}
	json_decref(was);
	return rc;
}

/* A draw that was replaced before its assignments went out will never be run:
 * nobody chooses between two. Both are written, or none. */
static enum rc put_with_replaced(struct op *op, const char *scope,
				 const char *id, const json_t *record,
				 const char *old, const char *reason)
{
	json_t *gone = NULL;
	char text[400];
	enum rc rc;

	snprintf(text, sizeof(text), "replaced by draw %s: %.300s", id, reason);
	rc = void_make(op, scope, old, text, &gone);
	if (rc == RC_OK) {
		struct office_record both[] = {
			{ .kind = "draw", .id = id, .record = record },
			{ .kind = "draw", .id = old, .record = gone },
		};

		rc = draw_put_all(op, scope, "commit a draw", both, 2);
	}
	json_decref(gone);
	return rc;
}

enum rc draw_void(struct op *op, const char *id, const char *reason)
{
	json_t *record = NULL, *gone = NULL;
	char scope[33];
	enum rc rc = RC_OK;

	if (!reason || !*reason || strlen(reason) > 1000 ||
	    !utf8_is_valid(reason, strlen(reason)))
		rc = err_set(op->err, RC_INVALID,
			     "a draw becomes void only with a reason of 1 to "
			     "1000 bytes of text, which is published");
	if (rc == RC_OK)
		rc = draw_load(op, id, scope, &record);
	if (rc == RC_OK && json_text(record, "state") &&
	    !strcmp(json_text(record, "state"), "void"))
		rc = err_set(op->err, RC_CONFLICT, "draw '%s' is void already",
			     id);
	if (rc == RC_OK)
		rc = void_make(op, scope, id, reason, &gone);
	if (rc == RC_OK)
		rc = draw_put(op, scope, "draw", id, gone, "void a draw");
	json_decref(record);
	json_decref(gone);
	return rc;
}

/* RC_CONFLICT: subjects were drawn by the same rule in the year before. Each
 * time others were left out, or nobody, and who chooses among such frames
 * chooses who is drawn. */
static enum rc rule_is_new(struct op *op, const char *scope,
			   const json_t *rules)
{
	char population[65], day[25];
	struct query *q;
	enum rc rc = draw_population(population, rules, op->err);

	if (rc != RC_OK)
		return rc;
	q = query_begin(op->store->db, SQL_DRAW_OF_POPULATION);
	query_text(q, 1, scope);
	query_text(q, 2, population);
	query_int(q, 3, op->now_ms - DRAW_PERIOD_DAYS * DAY_MS);
	if (query_row(q)) {
		time_format(day, query_get_int(q, 1));
		rc = err_set(
			op->err, RC_CONFLICT,
			"draw '%s' of %.10s asked for the same: another in "
			"a year needs a reason, which is published",
			query_get_text(q, 0), day);
	}
	return query_end(q, op->err) == RC_OK ? rc : op->err->code;
}

/* The draw that this one takes the place of, or an empty text: what the frame
 * was committed for before, or what is named. */
static enum rc replaced_by(struct op *op, const char *scope,
			   const struct draw_options *o,
			   const json_t *committed, const json_t *frame,
			   char before[33], char state[16])
{
	size_t near = 0;
	json_t *record = NULL;
	enum rc rc = frame_was_drawn(
		op, scope, json_text(committed, "frame_hash"), before, state);

	if (rc == RC_OK && !*before)
		rc = draw_near(op, scope, o->item, frame, before, state, &near);
	if (rc == RC_OK && !*before && !o->reason)
		rc = rule_is_new(op, scope,
				 json_object_get(committed, "rules"));
	if (rc != RC_OK)
		return rc;
	if (near && !o->reason)
		return err_set(op->err, RC_CONFLICT,
			       "draw '%s' waits for its seed with %zu of these "
			       "%zu subjects: a second one needs a reason, "
			       "which is published, and takes its place",
			       before, near, json_array_size(frame));
	if (*before && !o->reason)
		return err_set(op->err, RC_CONFLICT,
			       "draw '%s' is committed for the same frame: a "
			       "second one needs a reason, which is published",
			       before);
	if (!o->replaces || strcmp(before, o->replaces) == 0)
		return RC_OK;
	if (*before)
		return err_set(op->err, RC_CONFLICT,
			       "the frame is that of draw '%s', not of '%.32s'",
			       before, o->replaces);
	rc = ledger_record(op, scope, "draw", o->replaces, &record);
	if (rc == RC_OK) {
		snprintf(before, 33, "%s", o->replaces);
		snprintf(state, 16, "%s", json_text(record, "state"));
	}
	if (rc == RC_OK && strcmp(state, "void") == 0)
		rc = err_set(op->err, RC_CONFLICT, "draw '%s' is void already",
			     before);
	json_decref(record);
	return rc;
}

static enum rc commit_frozen(struct op *op, const char *scope,
			     const struct draw_options *o, json_t *committed,
			     json_t *material, const char *id)
{
	char before[33], state[16];
	json_t *record = NULL;
	bool ends;
	enum rc rc =
		replaced_by(op, scope, o, committed,
			    json_object_get(material, "frame"), before, state);

	if (rc == RC_OK)
		rc = record_make(op, o, id, before, committed, material,
				 &record);
	ends = *before && strcmp(state, "drawn") != 0 &&
	       strcmp(state, "void") != 0;
	if (rc == RC_OK && ends)
		rc = put_with_replaced(op, scope, id, record, before,
				       o->reason);
	else if (rc == RC_OK)
		rc = draw_put(op, scope, "draw", id, record, "commit a draw");
	json_decref(record);
	return rc;
}

bool draw_towns_are_legal(const char *text)
{
	json_t *towns = draw_words(text), *town;
	bool are = !text || json_array_size(towns) > 0;
	size_t i;

	json_array_foreach(towns, i, town)
	{
		are = are && name_is_town(json_string_value(town));
	}
	json_decref(towns);
	return are;
}

/* What is wrong with the options, whatever the store has. */
static enum rc options_check(const struct draw_options *o, struct err *err)
{
	if (!draw_towns_are_legal(o->towns))
		err_set(err, RC_INVALID, "towns '%.60s' are not 3 digits each",
			o->towns);
	if (!o->due)
		err_set(err, RC_INVALID,
			"say until when who is drawn is to be checked: the day "
			"on which the assignments are due");
	else if (!name_is_date(o->due))
		err_set(err, RC_INVALID,
			"the due date '%.20s' is no date like 2026-11-22",
			o->due);
	if (o->visited_before && !name_is_date(o->visited_before))
		err_set(err, RC_INVALID, "'%.20s' is no date like 2026-11-22",
			o->visited_before);
	if (o->seed_parts && !draw_seed_parts_are_legal(o->seed_parts))
		err_set(err, RC_INVALID,
			"the parts of a seed are three or more NAME=HASH, by "
			"different names");
	if (o->replaces && !o->reason)
		err_set(err, RC_INVALID,
			"a draw replaces another only with a reason, which is "
			"published");
	return err->code;
}

/* Before anything of the scope is looked at. */
static enum rc may_commit(struct op *op, const char *scope)
{
	if (account_may(op->actor, ROLE_COORDINATOR, scope))
		return RC_OK;
	return err_set(op->err, RC_DENIED,
		       "account '%s' may not commit draws in scope '%s': that "
		       "is for a coordinator of the scope",
		       op->actor->name, scope);
}

enum rc draw_commit(struct op *op, const char *scope,
		    const struct draw_options *options, char id[21])
{
	json_t *committed = NULL, *material = NULL;
	enum rc rc = may_commit(op, scope);

	if (rc == RC_OK)
		rc = options_check(options, op->err);
	if (rc == RC_OK)
		rc = draw_freeze(op, scope, options, &committed, &material);
	host_new_id(op->store->host, id);
	if (rc == RC_OK)
		rc = commit_frozen(op, scope, options, committed, material, id);
	json_decref(committed);
	json_decref(material);
	return rc;
}

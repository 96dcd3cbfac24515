/* domain/draw_record.c - the draw as a record: how it is kept, revealed and
 * published. */
#include "domain/draw_impl.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_shape.h"
#include "domain/draw_ticket.h"
#include "sql_store.gen.h"

enum rc draw_put_all(struct op *op, const char *scope, const char *message,
		     struct office_record *records, size_t n)
{
	struct office_write w = { .scope = scope,
				  .operation = "draw",
				  .message = message,
				  .records = records,
				  .n = n };
	struct account drawer = *op->actor;
	struct op as_drawer = *op;
	enum rc rc;

	if (drawer.roles & ROLE_COORDINATOR)
		drawer.roles |= ROLE_DRAW;
	as_drawer.actor = &drawer;

	for (size_t i = 0; i < n && !w.about_kind; i++)
		if (!strcmp(records[i].kind, "draw")) {
			w.about_kind = records[i].kind;
			w.about_id = records[i].id;
		}
	rc = n ? ledger_office(&as_drawer, &w) : RC_OK;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		if (records[i].outcome == OFFICE_REFUSED)
			rc = err_set(op->err, RC_DENIED, "%s '%s': %s",
				     records[i].kind, records[i].id,
				     records[i].why);
	return rc;
}

enum rc draw_put(struct op *op, const char *scope, const char *kind,
		 const char *id, const json_t *record, const char *message)
{
	struct office_record r = { .kind = kind, .id = id, .record = record };

	return draw_put_all(op, scope, message, &r, 1);
}

/* DIR/draws/<id>.json, malloc'd. */
char *draw_material_path(struct op *op, const char *id, bool make)
{
	char name[64], *folder = make ? store_path(op->store, "draws") : NULL;
	bool ok = !make ||
		  (folder && (mkdir(folder, 0755) == 0 || errno == EEXIST));

	if (!ok)
		err_set(op->err, RC_IO, "cannot make folder '%s'",
			folder ? folder : "draws");
	free(folder);
	snprintf(name, sizeof(name), "draws/%s.json", id);
	return ok ? store_path(op->store, name) : NULL;
}

void draw_set_text(json_t *record, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(record, key, json_string(text));
}

enum rc draw_load(struct op *op, const char *id, char scope[33], json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_DRAW_SCOPE);

	*out = NULL;
	*scope = '\0';
	query_text(q, 1, id);
	if (query_row(q))
		snprintf(scope, 33, "%s", query_get_text(q, 0));
	if (query_end(q, op->err) != RC_OK)
		return op->err->code;
	if (!*scope)
		return err_set(op->err, RC_NOT_FOUND,
			       "there is no draw '%.32s'", id);
	return ledger_record(op, scope, "draw", id, out);
}

static bool state_is(const json_t *record, const char *state)
{
	const char *is = json_text(record, "state");

	return is && strcmp(is, state) == 0;
}

enum rc draw_reveal(struct op *op, const char *id, const char *seed)
{
	json_t *record;
	const char *known;
	char scope[33];
	enum rc rc;

	if (!draw_seed_is_legal(seed))
		return err_set(op->err, RC_INVALID,
			       "a seed is 1 to %d bytes of text without "
			       "control characters",
			       DRAW_SEED_MAX);
	rc = draw_load(op, id, scope, &record);
	if (rc != RC_OK)
		return rc;
	known = json_text(record, "seed");
	if (state_is(record, "void"))
		rc = err_set(op->err, RC_CONFLICT, "draw '%s' is void: %.200s",
			     id, json_text(record, "reason"));
	else if (known && strcmp(known, seed) != 0)
		rc = err_set(op->err, RC_CONFLICT,
			     "the seed of draw '%s' is known already, and it "
			     "is another",
			     id);
	if (rc == RC_OK)
		rc = draw_seed_check(
			json_object_get(json_object_get(record, "rules"),
					"committed"),
			seed, op->err);
	if (rc == RC_OK && !known)
		rc = draw_seed_is_new(op, id, record, seed);
	if (rc == RC_OK && !known) {
		draw_set_text(record, "seed", seed);
		draw_set_text(record, "state", "revealed");
		draw_set_text(record, "revealed_by", op->actor->name);
		json_object_set_new(record, "revealed_at",
				    json_integer(op->now_ms));
		rc = draw_put(op, scope, "draw", id, record,
			      "reveal the seed of a draw");
	}
	json_decref(record);
	return rc;
}

enum rc draw_material(struct op *op, const char *id, const json_t *rules,
		      json_t **out)
{
	const char *said = json_text(rules, "material_hash");
	char hash[65], *path;
	enum rc rc;

	*out = NULL;
	if (!said) {
		*out = json_incref(json_object_get(rules, "material"));
		return RC_OK;
	}
	path = draw_material_path(op, id, false);
	rc = path ? draw_file_read(path, out, op->err)
		  : err_set(op->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = draw_hash(hash, *out, op->err);
	if (rc == RC_OK && strcmp(hash, said) != 0)
		rc = err_set(op->err, RC_CORRUPT,
			     "'%s' is not what was committed", path);
	free(path);
	return rc;
}

static void copy(json_t *paper, const json_t *record, const char *const *keys)
{
	for (; *keys; keys++)
		json_object_set(paper, *keys, json_object_get(record, *keys));
}

/* The record repeats what was committed; both must say the same. */
static enum rc record_check(const char *id, const json_t *record,
			    const json_t *announced, const json_t *committed,
			    struct err *err)
{
	static const char *const of_both[] = { "algorithm",  "frame_hash",
					       "frame_size", "seed_source",
					       "strata",     "seed_at",
					       NULL };
	static const char *const of_this[] = { "committed_at", "name",
					       "replaces", "reason", NULL };
	bool is_void = state_is(record, "void");
	const char *differs = NULL;

	for (int i = 0; of_both[i]; i++) {
		const json_t *a = json_object_get(record, of_both[i]);
		const json_t *b = json_object_get(committed, of_both[i]);

		if (a != b && !json_equal(a, b))
			differs = of_both[i];
	}
	/* The reason of a void draw is why it is void. */
	for (int i = 0; of_this[i]; i++) {
		const json_t *a = json_object_get(record, of_this[i]);
		const json_t *b = json_object_get(announced, of_this[i]);

		if (a != b && !json_equal(a, b) &&
		    !(is_void && !strcmp(of_this[i], "reason")))
			differs = of_this[i];
	}
	if (strcmp(id, json_text(announced, "id")) != 0)
		differs = "id";
	return differs ? err_set(err, RC_CORRUPT,
				 "'%s' of draw '%s' is not what was committed",
				 differs, id)
		       : RC_OK;
}

/* The record and its material as one paper, checked; without the outcome. */
enum rc draw_paper_of(struct op *op, const char *id, const json_t *record,
		      json_t **out)
{
	static const char *const later[] = {
		"commitment",   "revealed_at", "seed", "result_hash",
		"replacements", "state",       NULL
	};
	static const char *const beside[] = { "algorithm", "committed_at",
					      "name",      "reason",
					      "replaces",  NULL };
	const json_t *rules = json_object_get(record, "rules");
	const json_t *committed = json_object_get(rules, "committed");
	int64_t format = json_int(committed, "format", 1);
	json_t *material = NULL, *paper = json_object();
	enum rc rc = draw_material(op, id, rules, &material);

	copy(paper, record, later);
	json_object_set_new(paper, "format", json_integer(format));
	json_object_set(paper, "committed",
			json_object_get(rules, "committed"));
	if (format == 1) {
		copy(paper, record, beside);
		json_object_set_new(paper, "id", json_string(id));
	} else if (state_is(record, "void")) {
		draw_set_text(paper, "void_reason",
			      json_text(record, "reason"));
	}
	json_object_update(paper, material);
	json_decref(material);
	if (rc == RC_OK)
		rc = draw_paper_check(paper, op->err);
	if (rc == RC_OK)
		rc = record_check(id, record, draw_announced(paper), committed,
				  op->err);
	*out = paper;
	return rc;
}

enum rc draw_paper(struct op *op, const char *id, bool is_public, json_t **out)
{
	json_t *record, *outcome = NULL;
	char scope[33];
	enum rc rc = draw_load(op, id, scope, &record);

	*out = NULL;
	if (rc == RC_OK)
		rc = draw_paper_of(op, id, record, out);
	if (rc == RC_OK)
		rc = draw_history_check(op, scope, id, record);
	if (rc == RC_OK && json_text(record, "result_hash")) {
		rc = draw_outcome(*out, json_text(record, "seed"), &outcome,
				  op->err);
		/* The stored hash stays: it is what was said when it ran. */
		json_object_update_missing(*out, outcome);
	}
	if (rc == RC_OK)
		rc = draw_verify(*out, op->err);
	if (rc == RC_OK && is_public)
		draw_make_public(*out);
	json_decref(outcome);
	json_decref(record);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* replica/rights.c - may this officer write what an edit changes?
 *
 * The server asks the same again. What was allowed when it was written and is
 * not any longer goes there all the same, and is judged there: before the
 * rights change here, the edits that they allow are remembered, in hufu_meta as
 * "former <kind>/<id>", until they are committed or undone. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

#define ENROLMENT "enrolment"
#define OBSERVATION "observation"
#define FORMER_SIZE 80

static void former_key(char out[FORMER_SIZE], const char *kind, const char *id)
{
	snprintf(out, FORMER_SIZE, "former %s/%s", kind, id);
}

static enum rc is_former(struct replica *r, const char *kind, const char *id,
			 bool *former, struct err *err)
{
	char key[FORMER_SIZE], *value = NULL;
	enum rc rc;

	former_key(key, kind, id);
	rc = meta_get(r, key, &value, err);
	*former = value != NULL;
	free(value);
	return rc;
}

enum rc rights_forget(struct replica *r, const char *kind, const char *id,
		      struct err *err)
{
	char key[FORMER_SIZE];

	former_key(key, kind, id);
	return meta_put(r, key, NULL, err);
}

/* Terminals enrol as inspectors; the enrolment's record says so, once it is
 * here. */
enum rc rights_role(struct replica *r, unsigned *role, struct err *err)
{
	json_t *record = NULL;
	char *id = NULL;
	const char *word;
	enum rc rc;

	*role = r->role;
	if (*role)
		return RC_OK;
	*role = ROLE_INSPECTOR;
	rc = meta_get(r, ENROLMENT, &id, err);
	if (rc == RC_OK && id)
		rc = record_main(r, ENROLMENT, id, &record, err);
	word = json_text(record, "role");
	if (rc == RC_OK && word && role_parse(word))
		*role = role_parse(word);
	json_decref(record);
	free(id);
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		r->role = *role;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* What becomes an observation is no edit of its field. New reference, or NULL
 * where memory ran out. */
static json_t *without_observed(const struct kind *k, unsigned role,
				json_t *before, json_t *after)
{
	json_t *rest = json_copy(after);

	for (size_t i = 0; rest && i < k->nfields; i++) {
		const char *name = k->fields[i].name;
		json_t *was = json_object_get(before, name);

		if (!kind_is_observed(k, &k->fields[i], role, before, after))
			continue;
		if ((was ? json_object_set(rest, name, was)
			 : json_object_del(rest, name)) != 0) {
			json_decref(rest);
			return NULL;
		}
	}
	return rest;
}

enum rc rights_check(struct replica *r, const struct kind *k, json_t *before,
		     json_t *after, struct err *why)
{
	json_t *rest;
	unsigned role;
	enum rc rc = rights_role(r, &role, why);

	if (rc != RC_OK)
		return rc;
	rest = before && captured_of(r, OBSERVATION)
		       ? without_observed(k, role, before, after)
		       : json_incref(after);
	if (!rest)
		return out_of_memory(why);
	rc = kind_may_write(k, role, before, rest, why);
	json_decref(rest);
	return rc;
}

/* What is damaged behind an edit holds nobody back: main was put right by the
 * server. */
static enum rc main_allows(struct replica *r, const struct edit *e,
			   bool *allowed, struct err *err)
{
	const struct kind *k = e->captured->kind;
	struct err denied = { 0 };
	json_t *main = NULL;
	enum rc rc;

	if (k->is_sealed)
		return RC_OK;
	rc = record_main(r, k->name, e->id, &main, err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		kind_normalise(k, main);
		rc = rights_check(r, k, main, e->after, &denied);
		*allowed = rc == RC_OK;
		if (rc == RC_DENIED)
			rc = RC_OK;
	}
	json_decref(main);
	return rc == RC_OK ? RC_OK : err_set(err, rc, "%s", denied.text);
}

enum rc rights_judge(struct replica *r, const struct edit *e, struct err *why)
{
	const char *kind = e->captured->kind->name;
	struct err denied = { 0 };
	bool allowed = false;
	enum rc rc = rights_check(r, e->captured->kind, e->before, e->after,
				  &denied);

	if (rc != RC_DENIED)
		return rc == RC_OK ? RC_OK
				   : err_set(why, rc, "%s", denied.text);
	rc = is_former(r, kind, e->id, &allowed, why);
	if (rc == RC_OK && !allowed)
		rc = main_allows(r, e, &allowed, why);
	if (rc != RC_OK || allowed)
		return rc;
	return err_set(why, RC_DENIED,
		       "%s '%s': %s; 'hufu undo %s %s' takes it back", kind,
		       e->id, denied.text, kind, e->id);
}

static enum rc remember(void *ctx, struct edit *e, struct err *err)
{
	struct replica *r = ctx;
	struct err denied = { 0 };
	char key[FORMER_SIZE];
	enum rc rc;

	if (e->bad)
		return RC_OK;
	rc = rights_check(r, e->captured->kind, e->before, e->after, &denied);
	if (rc == RC_DENIED)
		return RC_OK;
	if (rc != RC_OK)
		return err_set(err, rc, "%s", denied.text);
	former_key(key, e->captured->kind->name, e->id);
	return meta_put(r, key, "1", err);
}

enum rc rights_remember(struct replica *r, const char *kind, struct err *err)
{
	const struct captured *c = kind ? captured_of(r, kind) : NULL;

	if (kind)
		return c ? edits_of(r, c, remember, r, err) : RC_OK;
	return edits_each(r, remember, r, err);
}

enum rc rights_before_record(struct replica *r, const char *kind,
			     const char *id, struct err *err)
{
	char *own = NULL;
	enum rc rc;

	if (strcmp(kind, ENROLMENT) != 0)
		return RC_OK;
	rc = meta_get(r, ENROLMENT, &own, err);
	if (rc == RC_OK && own && !strcmp(own, id))
		rc = rights_remember(r, NULL, err);
	free(own);
	r->role = 0; /* it may be another from here on */
	return rc;
}

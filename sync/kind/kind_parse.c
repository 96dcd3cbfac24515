/* kind/kind_parse.c - a definition becomes a struct kind, or is refused.
 *
 * Members, merge rules and field types of a later version are tolerated, so
 * that a new schema never stops an old tablet: a rule that is not known means
 * conflict, and a field whose type is not known is carried like any unknown
 * field. Everything else that is wrong is refused by name. */
#include "kind/kind_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "base/words.h"

enum rc parse_no_memory(struct parse *p)
{
	return err_set(p->err, RC_NOMEM, "kind '%s': more than %u bytes",
		       p->kind->name, KIND_ARENA_BYTES);
}

/* {"zh":…,"en":…}; `owner` is what the label belongs to. */
static enum rc parse_label(struct parse *p, const json_t *o, const char *owner,
			   const char **zh, const char **en)
{
	const json_t *label = json_object_get(o, "label");

	*zh = json_text(label, "zh");
	*en = json_text(label, "en");
	if (!*zh || !**zh || !*en || !**en)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': '%s' needs a label in zh and en",
			       p->kind->name, owner);
	return RC_OK;
}

enum rc parse_roles(struct parse *p, const json_t *o, const char *member,
		    unsigned otherwise, unsigned *out)
{
	const json_t *words = json_object_get(o, member);

	*out = otherwise;
	if (!words)
		return RC_OK;
	*out = 0;
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		unsigned role = word ? role_parse(word) : 0;

		if (!role)
			return err_set(p->err, RC_INVALID,
				       "kind '%s': no role '%s' in %s",
				       p->kind->name, word ? word : "", member);
		*out |= role;
	}
	if (*out)
		return RC_OK;
	return err_set(p->err, RC_INVALID, "kind '%s': %s names no role",
		       p->kind->name, member);
}

enum rc parse_words(struct parse *p, const json_t *o, const char *member,
		    const char *const **out)
{
	const json_t *words = json_object_get(o, member);
	size_t n = json_array_size(words);
	const char **list;

	*out = NULL;
	if (!words)
		return RC_OK;
	list = arena_alloc(p->mem, (n + 1) * sizeof(*list));
	if (!list)
		return parse_no_memory(p);
	for (size_t i = 0; i < n; i++) {
		list[i] = json_string_value(json_array_get(words, i));
		if (!list[i])
			n = 0;
	}
	if (n == 0)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': %s is no list of texts",
			       p->kind->name, member);
	*out = list;
	return RC_OK;
}

static enum rc parse_rule(struct parse *p, const json_t *o, struct field *f)
{
	const json_t *rule = json_object_get(o, "rule");
	const char *word = json_string_value(rule);

	f->rule = f->type == FIELD_SET ? MERGE_SET : MERGE_THREEWAY;
	if (!rule)
		return RC_OK;
	if (!word)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' has a rule that is no "
			       "text",
			       p->kind->name, f->name);
	f->rule = rule_parse(word);
	return RC_OK;
}

/* What a rule needs from its field; otherwise it would never decide. */
static enum rc check_rule(struct parse *p, const struct field *f)
{
	bool is_set = f->type == FIELD_SET;
	bool is_json = f->type == FIELD_JSON;
	bool fits = true;

	if (f->rule == MERGE_SET || f->rule == MERGE_GSET)
		fits = is_set;
	else if (f->rule == MERGE_MAX || f->rule == MERGE_MIN)
		fits = !is_set && !is_json && f->type != FIELD_BOOL;
	else if (f->rule == MERGE_SAFE)
		fits = f->safe != NULL;
	else if (f->rule == MERGE_TEXT)
		fits = f->type == FIELD_TEXT && !f->values;
	else if (f->rule == MERGE_SUM)
		fits = f->type == FIELD_INT || f->type == FIELD_MONEY;
	else if (f->rule == MERGE_OWN)
		fits = f->own != NULL;
	if (!fits)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' does not suit its rule",
			       p->kind->name, f->name);
	if (!f->safe)
		return RC_OK;
	return field_check(p->kind, f, f->safe, p->err);
}

static enum rc parse_details(struct parse *p, const json_t *o, struct field *f)
{
	const json_t *max = json_object_get(o, "max");
	enum rc rc;

	f->group = json_text(o, "group");
	if (!f->group)
		f->group = f->name;
	f->required = json_is_true(json_object_get(o, "required"));
	f->safe = json_object_get(o, "safe");
	f->own = json_text(o, "own");
	f->max = max ? json_integer_value(max) : 0;
	f->refers = f->type == FIELD_REF || f->type == FIELD_SET
			    ? json_text(o, "refers")
			    : NULL;
	rc = parse_words(p, o, "values", &f->values);
	if (rc == RC_OK)
		rc = parse_roles(p, o, "writers", p->kind->writers,
				 &f->writers);
	if (rc == RC_OK)
		rc = parse_rule(p, o, f);
	if (rc != RC_OK)
		return rc;
	if (f->rule == MERGE_CALC)
		f->writers = ROLE_SERVER;
	if (!name_is_field(f->group) || strcmp(f->group, "town") == 0)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' has no such group '%s'",
			       p->kind->name, f->name, f->group);
	if (max && f->max < 1)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' has no max above 0",
			       p->kind->name, f->name);
	if (f->refers ? !name_is_field(f->refers) : f->type == FIELD_REF)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' refers to no kind",
			       p->kind->name, f->name);
	return check_rule(p, f);
}

static enum rc check_field_name(struct parse *p, const char *name)
{
	static const char *const taken[] = { "id", "scope", "town", NULL };
	static const char *const outer[] = { "alg", "box", "key", "nonce",
					     NULL };

	if (!name || !name_is_column(name) || words_have(taken, name) ||
	    (p->kind->is_sealed && words_have(outer, name)))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': no field can be named '%s'",
			       p->kind->name, name ? name : "");
	if (kind_field(p->kind, name))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' stands twice",
			       p->kind->name, name);
	return RC_OK;
}

static enum rc parse_field(struct parse *p, const json_t *o)
{
	struct field *f = &p->fields[p->kind->nfields];
	const char *type = json_text(o, "type");
	enum rc rc;

	f->name = json_text(o, "name");
	rc = check_field_name(p, f->name);
	if (rc == RC_OK)
		rc = parse_label(p, o, f->name, &f->label_zh, &f->label_en);
	if (rc != RC_OK)
		return rc;
	if (!type)
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' has no type",
			       p->kind->name, f->name);
	f->type = type_parse(type);
	if (f->type == FIELD__MAX)
		return RC_OK; /* of a later version; the place is used again */
	rc = parse_details(p, o, f);
	if (rc == RC_OK)
		p->kind->nfields++;
	return rc;
}

static enum rc parse_fields(struct parse *p, const json_t *definition)
{
	const json_t *fields = json_object_get(definition, "fields");
	size_t n = json_array_size(fields);

	if (n < 1 || n > KIND_FIELDS_MAX)
		return err_set(p->err, RC_INVALID,
			       "kind '%s' has no list of 1 to %d fields",
			       p->kind->name, KIND_FIELDS_MAX);
	p->fields = arena_alloc(p->mem, n * sizeof(*p->fields));
	if (!p->fields)
		return parse_no_memory(p);
	p->kind->fields = p->fields;
	for (size_t i = 0; i < n; i++) {
		enum rc rc = parse_field(p, json_array_get(fields, i));

		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* A table names fields that may stand after its own. */
static enum rc parse_tables(struct parse *p, const json_t *definition)
{
	const json_t *fields = json_object_get(definition, "fields"), *o;
	enum rc rc = RC_OK;
	size_t at = 0, i;

	json_array_foreach(fields, i, o)
	{
		struct field *f = &p->fields[at];

		if (at == p->kind->nfields ||
		    strcmp(f->name, json_text(o, "name")) != 0)
			continue;
		at++;
		if (rc == RC_OK && f->rule == MERGE_FSM)
			rc = fsm_parse(p, f, o);
	}
	return rc;
}

/* Each of the names is a field of the kind, or one of `also`. */
static enum rc check_names(struct parse *p, const char *const *names,
			   const char *const *also, const char *member)
{
	for (; names && *names; names++)
		if (!kind_field(p->kind, *names) && !words_have(also, *names))
			return err_set(p->err, RC_INVALID,
				       "kind '%s': no field '%s' for %s",
				       p->kind->name, *names, member);
	return RC_OK;
}

static enum rc check_indexes(struct parse *p, const json_t *definition)
{
	static const char *const also[] = { "id", "scope", "town", NULL };
	const json_t *indexes = json_object_get(definition, "indexes");

	if (indexes && (!json_is_array(indexes) || p->kind->is_sealed))
		return err_set(p->err, RC_INVALID,
			       "kind '%s' cannot have these indexes",
			       p->kind->name);
	for (size_t i = 0; i < json_array_size(indexes); i++) {
		const json_t *columns = json_array_get(indexes, i);

		if (json_array_size(columns) == 0)
			return err_set(p->err, RC_INVALID,
				       "kind '%s': an index without columns",
				       p->kind->name);
		for (size_t j = 0; j < json_array_size(columns); j++) {
			const char *names[] = {
				json_string_value(json_array_get(columns, j)),
				NULL,
			};
			enum rc rc = check_names(p, names, also, "an index");

			if (rc == RC_OK && !names[0])
				rc = err_set(p->err, RC_INVALID,
					     "kind '%s': an index without "
					     "columns",
					     p->kind->name);
			if (rc != RC_OK)
				return rc;
		}
	}
	return RC_OK;
}

/* What says where records live and who may have them. */
static enum rc parse_head(struct parse *p, const json_t *o)
{
	struct kind *k = p->kind;
	const char *scope = json_text(o, "scope");
	const char *class = json_text(o, "class");
	enum rc rc;

	if (!scope ||
	    (strcmp(scope, "catalog") != 0 && strcmp(scope, "county") != 0))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': scope is county or catalog",
			       k->name);
	if (!class || class[0] != 'L' || class[1] < '1' || class[1] > '4' ||
	    class[2])
		return err_set(p->err, RC_INVALID,
			       "kind '%s': class is L1, L2, L3 or L4", k->name);
	k->is_catalog = strcmp(scope, "catalog") == 0;
	k->privacy = class[1] - '0';
	k->is_sealed = json_is_true(json_object_get(o, "sealed"));
	k->companion = json_text(o, "companion");
	k->companion_key = json_text(o, "companion_key");
	rc = parse_label(p, o, k->name, &k->label_zh, &k->label_en);
	if (rc == RC_OK)
		rc = parse_roles(p, o, "writers", 0, &k->writers);
	if (rc == RC_OK)
		rc = parse_roles(p, o, "readers", ROLES_ALL, &k->readers);
	if (rc == RC_OK && !k->writers)
		rc = err_set(p->err, RC_INVALID, "kind '%s' has no writers",
			     k->name);
	return rc;
}

static enum rc parse_kind(struct parse *p, const json_t *o)
{
	static const char *const none[] = { NULL };
	struct kind *k = p->kind;
	const char *single[] = { NULL, NULL };
	enum rc rc;

	k->name = json_text(o, "kind");
	if (!k->name || !name_is_column(k->name)) {
		const char *name = k->name ? k->name : "";

		return err_set(p->err, RC_INVALID, "no kind can be named '%s'",
			       name);
	}
	kind_record_id(k->id, k->name);
	rc = parse_head(p, o);
	if (rc == RC_OK)
		rc = parse_fields(p, o);
	if (rc == RC_OK)
		rc = parse_tables(p, o);
	if (rc == RC_OK)
		rc = more_parse(p, o);
	if (rc == RC_OK && k->nfields == 0)
		rc = err_set(p->err, RC_INVALID,
			     "kind '%s' has no field of a known type", k->name);
	if (rc == RC_OK)
		rc = parse_words(p, o, "keys", &k->keys);
	if (rc == RC_OK)
		rc = check_names(p, k->keys, none, "keys");
	single[0] = k->companion_key;
	if (rc == RC_OK)
		rc = check_names(p, single, none, "companion_key");
	if (rc == RC_OK)
		rc = check_indexes(p, o);
	if (rc == RC_OK)
		rc = rows_prepare(k, p->fields, p->mem, p->err);
	return rc;
}

enum rc kind_parse(struct kind **out, const json_t *definition, struct err *err)
{
	struct kind_owned *owned = calloc(1, sizeof(*owned));
	struct kind *k = calloc(1, sizeof(*k));
	struct parse p = { .kind = k, .err = err };
	enum rc rc;

	*out = NULL;
	if (!k || !owned) {
		free(owned);
		free(k);
		return err_set(err, RC_NOMEM, "no memory for a kind");
	}
	k->owned = owned;
	arena_init(&owned->mem, KIND_ARENA_BYTES);
	p.mem = &owned->mem;
	owned->definition = json_deep_copy(definition);
	k->definition = owned->definition;
	if (!owned->definition)
		rc = err_set(err, RC_NOMEM, "no memory for a kind");
	else
		rc = parse_kind(&p, owned->definition);
	if (rc != RC_OK) {
		kind_free(k);
		return rc;
	}
	*out = k;
	return RC_OK;
}

void kind_free(struct kind *k)
{
	struct kind_owned *owned;

	if (!k)
		return;
	owned = k->owned;
	json_decref(owned->definition);
	arena_release(&owned->mem);
	free(owned);
	free(k);
}

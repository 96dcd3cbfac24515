/* contract/contract.c - operations out of the document. */
#include "contract/contract.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/jcs.h"
#include "contract/document.h"
#include "contract/embedded.h"
#include "contract/point.h"
#include "contract/schema.h"

#define ARENA_BYTES (8u << 20)
#define OPERATIONS_MAX 1000
#define ROUTES_MAX 200
#define LIMITS_MAX 16

struct contract {
	json_t *document; /* with every kind written out */
	json_t *source; /* as schema/api.json has it */
	struct arena mem;
	struct operation *ops;
	size_t nops;
	struct contract_route *routes;
	size_t nroutes;
	struct contract_limit limits[LIMITS_MAX];
	size_t nlimits;
	char tag[65]; /* of the document */
	json_t *kinds; /* name -> {"plural", "readers"} */
};

static const char *const methods[] = { "get", "post", "put", "patch",
				       "delete" };

static unsigned role_word(const char *word)
{
	return !strcmp(word, "public") ? ROLE_PUBLIC : role_parse(word);
}

static enum rc roles_read(const json_t *list, unsigned *out, struct err *err)
{
	const json_t *one;
	size_t i;

	*out = 0;
	json_array_foreach(list, i, one)
	{
		unsigned role = role_word(json_string_value(one));

		if (!role)
			return err_set(err, RC_INVALID, "there is no role '%s'",
				       json_string_value(one));
		*out |= role;
	}
	return RC_OK;
}

static unsigned class_readers(const json_t *document, const struct kind *k)
{
	char path[40];
	unsigned roles = 0;
	struct err ignored = { 0 };

	snprintf(path, sizeof(path), "/x-hufu/classes/L%d", k->privacy);
	(void)roles_read(json_point(document, path), &roles, &ignored);
	/* The readers of a sealed kind are those who get its keys. */
	return k->is_sealed ? k->readers : roles;
}

/* What `x-hufu.roles` says: a list, or who reads or writes the kind; who reads
 * another where {"with": {"readers": KIND}} names it. */
static enum rc op_roles(const struct contract *c, const struct registry *kinds,
			struct operation *op, const json_t *said,
			struct err *err)
{
	const char *word = json_string_value(said);
	const char *of = json_text(op->with, "readers");
	const struct kind *k = registry_kind(kinds, of ? of : op->kind);

	if (json_is_array(said))
		return roles_read(said, &op->roles, err);
	if (!k || !word)
		return err_set(err, RC_INVALID, "%s: its roles are of no kind",
			       op->id);
	if (!strcmp(word, "readers"))
		op->roles = class_readers(c->document, k);
	else if (!strcmp(word, "writers"))
		op->roles = k->writers & ~(unsigned)ROLES_OF_NOBODY;
	else
		return err_set(err, RC_INVALID, "%s: '%s' are no roles", op->id,
			       word);
	return RC_OK;
}

static enum rc op_scope_read(struct operation *op, const char *word,
			     struct err *err)
{
	static const char *const words[] = { "none", "asked", "record", "all",
					     "within" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (word && !strcmp(word, words[i])) {
			op->scope = (enum op_scope)i;
			return RC_OK;
		}
	return err_set(err, RC_INVALID, "%s: '%s' is no scope rule", op->id,
		       word ? word : "");
}

static const json_t *followed(const struct contract *c, const json_t *at)
{
	const char *ref = json_text(at, "$ref");

	return ref ? json_point(c->document, ref) : at;
}

/* The parameters of path and operation, with what $ref names. */
static enum rc op_parameters(struct contract *c, struct operation *op,
			     const json_t *item, json_t *o, struct err *err)
{
	const json_t *lists[] = { json_object_get(item, "parameters"),
				  json_object_get(o, "parameters") };
	json_t *all = json_array();
	const json_t *one;
	enum rc rc = RC_OK;
	size_t i;

	for (int n = 0; n < 2; n++)
		json_array_foreach(lists[n], i, one)
		{
			const json_t *p = followed(c, one);
			const char *name = json_text(p, "name");

			if (!name || !json_text(p, "in")) {
				rc = err_set(err, RC_INVALID,
					     "%s: a parameter without name or "
					     "place",
					     op->id);
				continue;
			}
			if (rc == RC_OK)
				rc = schema_check_words(
					c->document,
					json_object_get(p, "schema"), op->id,
					err);
			op->needs_key |= !strcmp(name, "Idempotency-Key");
			op->needs_match |= !strcmp(name, "If-Match");
			json_array_append(all, (json_t *)(uintptr_t)p);
		}
	/* The document is the owner: its operation has them written out. */
	json_object_set_new(o, "x-parameters", all);
	op->parameters = all;
	return rc;
}

static enum rc op_body(const struct contract *c, struct operation *op,
		       const json_t *o, struct err *err)
{
	const json_t *body = followed(c, json_object_get(o, "requestBody"));
	json_t *content = json_object_get(body, "content");
	void *at = json_object_iter(content);

	op->body_required = json_is_true(json_object_get(body, "required"));
	if (!at)
		return RC_OK;
	op->body_type = json_object_iter_key(at);
	op->body = json_object_get(json_object_iter_value(at), "schema");
	return schema_check_words(c->document, op->body, op->id, err);
}

static enum rc replies_check(const struct contract *c,
			     const struct operation *op, const json_t *o,
			     struct err *err)
{
	json_t *replies = json_object_get(o, "responses"), *reply, *media;
	const char *status, *type;
	enum rc rc = RC_OK;

	json_object_foreach(replies, status, reply)
	{
		const json_t *r = followed(c, reply);

		if (!r && rc == RC_OK)
			rc = err_set(err, RC_INVALID,
				     "%s: reply %s is not there", op->id,
				     status);
		json_object_foreach(json_object_get(r, "content"), type,
				    media) if (rc == RC_OK) rc =
			schema_check_words(c->document,
					   json_object_get(media, "schema"),
					   op->id, err);
	}
	return rc;
}

static bool is_text(const json_t *o, const char *key, const char *text)
{
	return json_text(o, key) && !strcmp(json_text(o, key), text);
}

/* But for the names of their arguments: nobody could tell them apart. */
static bool is_same_path(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		if (*a == '{') {
			a += strcspn(a, "}");
			b += strcspn(b, "}");
		}
	return *a == *b;
}

static enum rc op_read(struct contract *c, const struct registry *kinds,
		       const char *path, const json_t *item, const char *method,
		       json_t *o, struct err *err)
{
	struct operation *op = &c->ops[c->nops];
	const json_t *x = json_object_get(o, "x-hufu");
	char upper[8] = "";
	enum rc rc;

	if (c->nops + 1 == OPERATIONS_MAX)
		return err_set(err, RC_NOMEM, "too many operations");
	for (size_t i = 0; method[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)(method[i] - 'a' + 'A');
	op->id = json_text(o, "operationId");
	op->method = arena_strdup(&c->mem, upper);
	op->path = path;
	op->summary = json_text(o, "summary");
	op->description = json_text(o, "description");
	op->handler = json_text(x, "handler");
	op->limit = contract_limit(c, json_text(x, "limit"));
	op->with = json_object_get(x, "with");
	op->body_bytes_max = (size_t)json_int(x, "body", 0);
	op->is_raw = json_is_true(json_object_get(op->with, "raw"));
	op->is_streamed = json_is_true(json_object_get(op->with, "stream"));
	op->is_for_terminals =
		json_is_true(json_object_get(op->with, "terminal"));
	if (json_text(x, "kind"))
		snprintf(op->kind, sizeof(op->kind), "%s",
			 json_text(x, "kind"));
	else if (json_text(op->with, "kind"))
		snprintf(op->kind, sizeof(op->kind), "%s",
			 json_text(op->with, "kind"));
	if (!op->id || !op->summary || !op->handler)
		return err_set(err, RC_INVALID,
			       "%s %s: lacks an id, a summary or a handler",
			       upper, path);
	if (op->limit < 0 && !is_text(x, "limit", "none"))
		return err_set(err, RC_INVALID, "%s: has no limit, or \"none\"",
			       op->id);
	if (contract_operation(c, op->id))
		return err_set(err, RC_INVALID,
			       "the API has another operation '%s'", op->id);
	for (size_t i = 0; i < c->nops; i++)
		if (!strcmp(c->ops[i].method, op->method) &&
		    is_same_path(c->ops[i].path, path))
			return err_set(err, RC_INVALID,
				       "%s %s is there for %s already", upper,
				       path, c->ops[i].id);
	rc = op_roles(c, kinds, op, json_object_get(x, "roles"), err);
	if (rc == RC_OK)
		rc = op_scope_read(op, json_text(x, "scope"), err);
	if (rc == RC_OK)
		rc = op_parameters(c, op, item, o, err);
	if (rc == RC_OK)
		rc = op_body(c, op, o, err);
	if (rc == RC_OK)
		rc = replies_check(c, op, o, err);
	c->nops++;
	return rc;
}

static enum rc ops_read(struct contract *c, const struct registry *kinds,
			struct err *err)
{
	json_t *paths = json_object_get(c->document, "paths"), *item;
	const char *path;
	enum rc rc = RC_OK;

	c->ops = arena_alloc(&c->mem, OPERATIONS_MAX * sizeof(*c->ops));
	if (!c->ops)
		return err_set(err, RC_NOMEM, "out of memory");
	json_object_foreach(paths, path,
			    item) for (size_t m = 0;
				       m < sizeof(methods) / sizeof(*methods);
				       m++)
	{
		json_t *o = json_object_get(item, methods[m]);

		if (o && rc == RC_OK)
			rc = op_read(c, kinds, path, item, methods[m], o, err);
	}
	return rc;
}

static void route_add(struct contract *c, const char *path, const char *method,
		      const json_t *o)
{
	struct contract_route *r = &c->routes[c->nroutes];
	const json_t *x = json_object_get(o, "x-hufu");
	const json_t *with = json_object_get(x, "with");
	char upper[8] = "";

	assert(c->nroutes + 1 < ROUTES_MAX);
	for (size_t i = 0; method[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)(method[i] - 'a' + 'A');
	r->method = arena_strdup(&c->mem, upper);
	r->path = path;
	r->handler = json_text(x, "handler");
	r->limit = contract_limit(c, json_text(x, "limit"));
	r->body_bytes_max = (size_t)json_int(x, "body", 0);
	r->is_raw = json_is_true(json_object_get(with, "raw"));
	r->needs_digest = json_is_true(json_object_get(with, "digest"));
	r->is_signed = json_is_true(json_object_get(with, "signed"));
	r->is_streamed = json_is_true(json_object_get(with, "stream"));
	c->nroutes++;
}

static enum rc routes_read(struct contract *c, struct err *err)
{
	json_t *paths = json_object_get(c->source, "paths"), *item;
	const char *path;

	c->routes = arena_alloc(&c->mem, ROUTES_MAX * sizeof(*c->routes));
	if (!c->routes)
		return err_set(err, RC_NOMEM, "out of memory");
	for (int general = 0; general < 2; general++)
		json_object_foreach(paths, path, item)
		{
			if ((strstr(path, "{resource}") != NULL) != general)
				continue;
			for (size_t m = 0;
			     m < sizeof(methods) / sizeof(*methods); m++)
				if (json_object_get(item, methods[m]))
					route_add(c, path, methods[m],
						  json_object_get(item,
								  methods[m]));
		}
	return RC_OK;
}

static enum rc limits_read(struct contract *c, struct err *err)
{
	static const char *const by[] = { "address", "account", "terminal" };
	json_t *all =
		json_object_get(json_object_get(c->source, "x-hufu"), "limits");
	const char *name;
	json_t *said;

	json_object_foreach(all, name, said)
	{
		struct contract_limit *l = &c->limits[c->nlimits];
		int which = 0;

		while (which < 3 && !is_text(said, "by", by[which]))
			which++;
		if (which == 3 || c->nlimits == LIMITS_MAX)
			return err_set(err, RC_INVALID,
				       "limit '%s' is malformed", name);
		l->name = name;
		l->by = (enum limit_by)which;
		l->burst = (int)json_int(said, "burst", 0);
		l->tokens = (int)json_int(said, "tokens", 0);
		l->seconds = (int)json_int(said, "seconds", 0);
		c->nlimits++;
	}
	return RC_OK;
}

static enum rc tag_make(struct contract *c, struct err *err)
{
	char *text = json_dumps(c->document, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return err_set(err, RC_NOMEM, "out of memory");
	sha256_hex(c->tag, text, strlen(text));
	free(text);
	return RC_OK;
}

static enum rc kinds_read(struct contract *c, const struct registry *kinds,
			  struct err *err)
{
	c->kinds = json_object();
	if (!c->kinds)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < registry_count(kinds); i++) {
		const struct kind *k = registry_at(kinds, i);
		char plural[64];

		document_plural(c->document, k->name, plural);
		json_object_set_new(
			c->kinds, k->name,
			json_pack("{s:s, s:I}", "plural", plural, "readers",
				  (json_int_t)class_readers(c->document, k)));
	}
	return RC_OK;
}

enum rc contract_new(struct contract **out, const struct registry *kinds,
		     struct err *err)
{
	struct contract *c = calloc(1, sizeof(*c));
	enum rc rc;

	*out = NULL;
	if (!c)
		return err_set(err, RC_NOMEM, "out of memory");
	arena_init(&c->mem, ARENA_BYTES);
	rc = document_make(kinds, &c->document, err);
	if (rc == RC_OK)
		rc = json_read(api_json_begin,
			       (size_t)(api_json_end - api_json_begin),
			       &c->source, err);
	if (rc == RC_OK)
		rc = kinds_read(c, kinds, err);
	if (rc == RC_OK)
		rc = limits_read(c, err);
	if (rc == RC_OK)
		rc = ops_read(c, kinds, err);
	if (rc == RC_OK)
		rc = routes_read(c, err);
	/* Last: operations have their parameters written out in it. */
	if (rc == RC_OK)
		rc = tag_make(c, err);
	if (rc == RC_OK)
		*out = c;
	else
		contract_free(c);
	return rc;
}

/* `kinds` as they would be with the definition. */
static enum rc registry_with(struct registry **out,
			     const struct registry *kinds,
			     const json_t *definition, struct err *err)
{
	enum rc rc = registry_new(out, err);

	for (size_t i = 0; rc == RC_OK && i < registry_count(kinds); i++)
		rc = registry_add(*out, registry_at(kinds, i)->definition, err);
	return rc == RC_OK ? registry_add(*out, definition, err) : rc;
}

/* The first word of a path that the document has: "imports" of
 * /v1/imports/{kind}, "openapi" of /v1/openapi.json; false where it is an
 * argument. */
static bool path_word(const char *path, char *out, size_t size)
{
	size_t n;

	path += strncmp(path, "/v1/", 4) ? 1 : 4;
	n = strcspn(path, "/.");
	snprintf(out, size, "%.*s", (int)n, path);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return *out && *out != '{' && n < size;
}

/* Is one of the path's operations declared for the kind? */
static bool path_is_of(const json_t *item, const char *kind)
{
	for (size_t m = 0; m < sizeof(methods) / sizeof(*methods); m++) {
		const json_t *o = json_object_get(item, methods[m]);
		const json_t *with =
			json_object_get(json_object_get(o, "x-hufu"), "with");

		if (is_text(with, "kind", kind))
			return true;
	}
	return false;
}

/* A kind is named by a word of its own: with that of a path, or one whose
 * plural it is, somebody would take the one for the other. */
static enum rc word_check_free(const struct contract *c, const char *kind,
			       struct err *err)
{
	char word[64], plural[64];
	const char *path, *taken = NULL;
	bool is_own = false;
	json_t *item;

	document_plural(c->document, kind, plural);
	for (char *p = plural; *p; p++)
		*p = *p == '-' ? '_' : *p;
	json_object_foreach(json_object_get(c->source, "paths"), path, item)
	{
		if (!path_word(path, word, sizeof(word)) ||
		    (strcmp(word, kind) != 0 && strcmp(word, plural) != 0))
			continue;
		taken = path;
		is_own |= path_is_of(item, kind);
	}
	return !taken || is_own
		       ? RC_OK
		       : err_set(err, RC_INVALID,
				 "the API has '%s' for something else", taken);
}

enum rc contract_admits(const struct registry *kinds, const json_t *definition,
			struct err *err)
{
	struct registry *with = NULL;
	struct contract *c = NULL;
	struct err why = { 0 };
	enum rc rc = registry_with(&with, kinds, definition, err);

	if (rc == RC_OK)
		rc = contract_new(&c, with, &why);
	if (rc == RC_OK && !registry_kind(kinds, json_text(definition, "kind")))
		rc = word_check_free(c, json_text(definition, "kind"), &why);
	if (rc != RC_OK && !err->code)
		err_set(err, rc,
			"no kind can be named '%s': %s: choose another name",
			json_text(definition, "kind"), why.text);
	contract_free(c);
	registry_free(with);
	return rc;
}

void contract_free(struct contract *c)
{
	if (!c)
		return;
	json_decref(c->document);
	json_decref(c->source);
	json_decref(c->kinds);
	arena_release(&c->mem);
	free(c);
}

size_t contract_count(const struct contract *c)
{
	return c->nops;
}

const struct operation *contract_at(const struct contract *c, size_t i)
{
	return i < c->nops ? &c->ops[i] : NULL;
}

const struct operation *contract_operation(const struct contract *c,
					   const char *id)
{
	for (size_t i = 0; i < c->nops; i++)
		if (!strcmp(c->ops[i].id, id))
			return &c->ops[i];
	return NULL;
}

size_t contract_limits(const struct contract *c,
		       const struct contract_limit **out)
{
	*out = c->limits;
	return c->nlimits;
}

int contract_limit(const struct contract *c, const char *name)
{
	for (size_t i = 0; name && i < c->nlimits; i++)
		if (!strcmp(c->limits[i].name, name))
			return (int)i;
	return -1;
}

const struct contract_route *contract_routes(const struct contract *c)
{
	return c->routes;
}

/* Does the path fit the pattern? Arguments go to `args` where it is given. */
static bool path_fits(const char *pattern, const char *path, json_t *args)
{
	while (*pattern) {
		size_t n, m;
		char name[40];

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		n = strcspn(path, "/");
		m = strcspn(++pattern, "}");
		if (n == 0)
			return false;
		if (args) {
			snprintf(name, sizeof(name), "%.*s", (int)m, pattern);
			json_object_set_new(args, name, json_stringn(path, n));
		}
		path += n;
		pattern += m + 1;
	}
	return *path == '\0';
}

const struct operation *contract_match(const struct contract *c,
				       const char *method, const char *path,
				       json_t **args)
{
	const char *wanted = strcmp(method, "HEAD") ? method : "GET";
	const struct operation *found = NULL;

	*args = NULL;
	for (size_t i = 0; i < c->nops; i++) {
		const struct operation *op = &c->ops[i];

		if (strcmp(op->method, wanted) != 0 ||
		    !path_fits(op->path, path, NULL))
			continue;
		/* A literal path before one with an argument in its place. */
		if (!found ||
		    strcspn(op->path, "{") > strcspn(found->path, "{"))
			found = op;
	}
	if (found) {
		*args = json_object();
		path_fits(found->path, path, *args);
	}
	return found;
}

void contract_allowed(const struct contract *c, const char *path,
		      char out[ALLOWED_SIZE])
{
	static const char *const words[] = { "GET", "HEAD",  "POST",
					     "PUT", "PATCH", "DELETE" };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		json_t *args = NULL;

		if (contract_match(c, words[i], path, &args))
			n += (size_t)snprintf(out + n, ALLOWED_SIZE - n, "%s%s",
					      n ? ", " : "", words[i]);
		json_decref(args);
	}
}

const json_t *contract_document(const struct contract *c)
{
	return c->document;
}

const json_t *contract_reply(const struct contract *c,
			     const struct operation *op, int status)
{
	const json_t *paths = json_object_get(c->document, "paths");
	const json_t *item = json_object_get(paths, op->path);
	const json_t *replies, *content;
	char method[8] = "", word[8];
	void *at;

	for (size_t i = 0; op->method[i] && i < sizeof(method) - 1; i++)
		method[i] = (char)(op->method[i] - 'A' + 'a');
	snprintf(word, sizeof(word), "%d", status);
	replies = json_object_get(json_object_get(item, method), "responses");
	content = json_object_get(followed(c, json_object_get(replies, word)),
				  "content");
	at = json_object_iter((json_t *)(uintptr_t)content);
	return at ? json_object_get(json_object_iter_value(at), "schema")
		  : NULL;
}

const char *contract_problem(const struct contract *c, const char *type)
{
	const json_t *all = json_point(c->document, "/x-hufu/problems");

	return type ? json_text(json_object_get(all, type), "title") : NULL;
}

const char *contract_tag(const struct contract *c)
{
	return c->tag;
}

unsigned contract_readers(const struct contract *c, const struct kind *k)
{
	return (unsigned)json_int(json_object_get(c->kinds, k->name), "readers",
				  0);
}

const char *contract_plural(const struct contract *c, const char *kind)
{
	return json_text(json_object_get(c->kinds, kind), "plural");
}

void contract_roles_say(unsigned roles, char *out, size_t size)
{
	size_t n = 0;

	*out = '\0';
	if (roles & ROLE_PUBLIC)
		n = (size_t)snprintf(out, size, "everybody");
	for (unsigned bit = 1; bit <= ROLE_ADMINISTRATOR && n < size; bit <<= 1)
		if (roles & bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
					      n ? ", " : "", role_name(bit));
}

/* "conflicts decide" is "conflicts", and a part of it. */
static bool is_of_command(const char *said, const char *command)
{
	size_t n = strlen(command);

	return said && !strncmp(said, command, n) &&
	       (!said[n] || said[n] == ' ');
}

void contract_command_say(const char *command, struct buf *out)
{
	struct err ignored = { 0 };
	json_t *document = NULL, *item, *o;
	const char *path;

	if (json_read(api_json_begin, (size_t)(api_json_end - api_json_begin),
		      &document, &ignored) != RC_OK)
		return;
	json_object_foreach(json_object_get(document, "paths"), path,
			    item) for (size_t m = 0;
				       m < sizeof(methods) / sizeof(*methods);
				       m++)
	{
		const json_t *x;
		char upper[8] = "";

		o = json_object_get(item, methods[m]);
		x = json_object_get(o, "x-hufu");
		if (!is_of_command(json_text(x, "command"), command))
			continue;
		for (size_t i = 0; methods[m][i]; i++)
			upper[i] = (char)(methods[m][i] - 'a' + 'A');
		buf_printf(out, "  %-6s %s  (%s)\n", upper, path,
			   json_text(o, "operationId"));
	}
	json_decref(document);
}

/* cli/cmd_call.c - `hufud call`: any operation of the API, without HTTP. */
#include "cli/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/service_impl.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "http/problem.h"

static const char usage[] =
	"usage: hufud call OPERATION [NAME=VALUE...] [--body FILE] [--as "
	"ACCOUNT]\n"
	"       hufud call OPERATION --about\n"
	"       hufud call --list\n"
	"\n"
	"Does what the operation of the API does, with the account's rights, "
	"and prints its reply\n"
	"as JSON. A NAME is a parameter of the operation, or else a member of "
	"its body; lists are\n"
	"a,b,c. --body is the whole body as a JSON file, - for standard "
	"input. Without If-Match a\n"
	"change is made to the record as it stands.\n"
	"\n"
	"--about  what the operation does, for whom, its parameters and its "
	"body\n"
	"--list   all operations\n"
	"\nOptions: --data DIR, --scope S\n";

#define WORDS_MAX 66

static void list(const struct contract *c)
{
	for (size_t i = 0; i < contract_count(c); i++) {
		const struct operation *op = contract_at(c, i);

		if (op->is_raw)
			continue;
		printf("%-28s %-6s %-44s %s\n", op->id, op->method, op->path,
		       op->summary);
	}
}

static const json_t *resolved(const struct contract *c, const json_t *schema)
{
	const char *ref = json_text(schema, "$ref");
	const json_t *parts =
		json_object_get(contract_document(c), "components");

	return ref ? json_object_get(json_object_get(parts, "schemas"),
				     strrchr(ref, '/') + 1)
		   : schema;
}

static void schema_print(const struct contract *c, const json_t *schema)
{
	const json_t *s = resolved(c, schema);
	const json_t *type = json_object_get(s, "type"), *one;
	size_t i;

	if (json_is_string(type))
		printf("%s", json_string_value(type));
	json_array_foreach(type, i, one)
		printf("%s%s", i ? " or " : "", json_string_value(one));
	if (json_text(s, "format"))
		printf(" (%s)", json_text(s, "format"));
	json_array_foreach(json_object_get(s, "enum"), i, one)
		printf("%s%s", i ? "|" : " ",
		       json_is_string(one) ? json_string_value(one) : "null");
}

static void about(const struct contract *c, const struct operation *op)
{
	const json_t *body = resolved(c, op->body), *p;
	const char *name;
	char roles[120];
	json_t *member;
	size_t i;

	contract_roles_say(op->roles, roles, sizeof(roles));
	printf("%s: %s %s\n%s\n", op->id, op->method, op->path, op->summary);
	if (op->description)
		printf("%s\n", op->description);
	printf("For %s.\n", roles);
	if (json_array_size(op->parameters))
		puts("\nParameters:");
	json_array_foreach(op->parameters, i, p)
	{
		printf("  %-20s ", json_text(p, "name"));
		schema_print(c, json_object_get(p, "schema"));
		printf("  %s%s\n",
		       json_text(p, "description") ? json_text(p, "description")
						   : "",
		       json_is_true(json_object_get(p, "required"))
			       ? " (required)"
			       : "");
	}
	if (body)
		puts("\nBody:");
	json_object_foreach(json_object_get(body, "properties"), name, member)
	{
		if (json_is_true(
			    json_object_get(resolved(c, member), "readOnly")))
			continue;
		printf("  %-20s ", name);
		schema_print(c, member);
		printf("  %s\n", json_text(member, "description")
					 ? json_text(member, "description")
					 : "");
	}
}

static bool is_parameter(const struct operation *op, const char *name,
			 const char *in)
{
	const json_t *p;
	size_t i;

	json_array_foreach(op->parameters, i,
			   p) if (!strcmp(json_text(p, "name"), name) &&
				  !strcmp(json_text(p, "in"), in)) return true;
	return false;
}

/* A member of the body by the type that its schema has. */
static json_t *member_of(const struct contract *c, const struct operation *op,
			 const char *name, const char *text)
{
	const json_t *body = resolved(c, op->body);
	const json_t *s = resolved(
		c, json_object_get(json_object_get(body, "properties"), name));
	const json_t *type = json_object_get(s, "type");
	const char *word = json_is_array(type)
				   ? json_string_value(json_array_get(type, 0))
				   : json_string_value(type);
	struct err ignored = { 0 };
	json_t *value = NULL;

	if (!strcmp(text, "@null"))
		return json_null();
	if (word && !strcmp(word, "array") && *text != '[') {
		value = json_array();
		while (*text) {
			size_t n = strcspn(text, ",");

			json_array_append_new(value, json_stringn(text, n));
			text += n + (text[n] == ',');
		}
		return value;
	}
	if (word && strcmp(word, "string") != 0 &&
	    json_read(text, strlen(text), &value, &ignored) == RC_OK)
		return value;
	return json_string(text);
}

/* The words of the command as a request. */
struct asked {
	json_t *path, *headers, *body;
	struct buf query, text;
};

static void query_add(struct buf *query, const char *name, const char *value)
{
	buf_printf(query, "%s%s=", query->len ? "&" : "", name);
	for (; *value; value++)
		if (isalnum((unsigned char)*value) || strchr("-_.,", *value))
			buf_byte(query, *value);
		else
			buf_printf(query, "%%%02x", (unsigned char)*value);
}

static const char *header_of(void *ctx, const char *name)
{
	const struct asked *a = ctx;

	return json_text(a->headers, name);
}

static int words_take(struct cli *c, const struct contract *contract,
		      const struct operation *op, const char *const *words,
		      struct asked *a)
{
	for (; *words; words++) {
		const char *equals = strchr(*words, '=');
		char name[64];

		if (!equals || equals == *words || equals - *words > 63)
			return cli_misuse(c, "'%s' is not NAME=VALUE", *words);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - *words),
			 *words);
		if (is_parameter(op, name, "path"))
			json_object_set_new(a->path, name,
					    json_string(equals + 1));
		else if (is_parameter(op, name, "header"))
			json_object_set_new(a->headers, name,
					    json_string(equals + 1));
		else if (is_parameter(op, name, "query") || !op->body)
			query_add(&a->query, name, equals + 1);
		else
			json_object_set_new(
				a->body, name,
				member_of(contract, op, name, equals + 1));
	}
	if (c->scope && is_parameter(op, "scope", "query"))
		query_add(&a->query, "scope", c->scope);
	return EXIT_DONE;
}

static int body_take(struct cli *c, const struct operation *op,
		     const char *file, struct asked *a)
{
	json_error_t why;
	json_t *whole;

	if (op->body_type)
		json_object_set_new(a->headers, "Content-Type",
				    json_string(op->body_type));
	if (file) {
		whole = strcmp(file, "-") ? json_load_file(file, 0, &why)
					  : json_loadf(stdin, 0, &why);
		if (!whole)
			return cli_misuse(c, "--body: %s", why.text);
		json_object_update(whole, a->body);
		json_decref(a->body);
		a->body = whole;
	}
	if (op->body && (json_object_size(a->body) || op->body_required))
		if (json_write(&a->text, a->body, &c->err) != RC_OK)
			return cli_fail(c, &c->err);
	return EXIT_DONE;
}

static int run(struct cli *c, struct service *service,
	       const struct contract *contract, const struct operation *op,
	       struct asked *a)
{
	struct reply reply;
	struct call call = { .service = service,
			     .contract = contract,
			     .operation = op,
			     .store = c->store,
			     .actor = c->account,
			     .by = BY_COMMAND,
			     .reply = &reply };
	const struct call_input in = { .query = a->query.data ? a->query.data
							      : "",
				       .path_args = a->path,
				       .header = header_of,
				       .ctx = a,
				       .body = a->text.data,
				       .body_bytes = a->text.len };
	const json_t *e;
	size_t i;
	int code = EXIT_DONE;

	reply_init(&reply);
	if (call_run(&call, &in) != RC_OK) {
		json_array_foreach(call.errors, i, e) if (i > 0) fprintf(
			stderr, "%s: %s %s\n", c->program,
			json_text(e, "pointer"), json_text(e, "detail"));
		c->store->audited++; /* the call has left its entry */
		code = cli_fail(c, &call.err);
		if (call.errors)
			code = EXIT_USE;
	} else if (call.result) {
		cli_json(json_incref(call.result));
	} else if (reply.body.len) {
		fwrite(reply.body.data, 1, reply.body.len, stdout);
	}
	reply_release(&reply);
	call_release(&call);
	return code;
}

static int call(struct cli *c, struct service *service,
		const struct contract *contract, const char *const *words,
		const char *file, bool is_about)
{
	const struct operation *op = contract_operation(contract, words[0]);
	struct asked a = { .path = json_object(),
			   .headers = json_object(),
			   .body = json_object() };
	int code;

	if (!op || op->is_raw)
		return cli_misuse(c, "there is no operation '%s': --list",
				  words[0]);
	if (is_about) {
		about(contract, op);
		code = EXIT_DONE;
	} else {
		buf_init(&a.query, 64u << 10);
		buf_init(&a.text, JSON_BYTES_MAX);
		code = words_take(c, contract, op, words + 1, &a);
		if (code == EXIT_DONE)
			code = body_take(c, op, file, &a);
		if (code == EXIT_DONE)
			code = run(c, service, contract, op, &a);
		buf_release(&a.query);
		buf_release(&a.text);
	}
	json_decref(a.path);
	json_decref(a.headers);
	json_decref(a.body);
	return code;
}

int cmd_call(struct cli *c)
{
	const char *words[WORDS_MAX + 1] = { NULL }, *file = NULL;
	bool is_list = false, is_about = false;
	const struct cli_option own[] = { { "--body", &file, NULL },
					  { "--list", NULL, &is_list },
					  { "--about", NULL, &is_about },
					  { NULL, NULL, NULL } };
	struct contract_held *held = NULL;
	struct service *service = NULL;
	int code = cli_options(c, own, usage, words, WORDS_MAX);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] && !is_list)
		return cli_misuse(c, "name an operation, or --list");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (service_inline(&service, c->store, &c->err) != RC_OK ||
	    contract_take(service, c->store, &held, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (is_list)
		list(held->contract);
	else
		code = call(c, service, held->contract, words, file, is_about);
	contract_give(service, held);
	service_stop(service);
	return code;
}

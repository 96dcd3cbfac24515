/* cli.c - options, the data folder, and how a command speaks. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "base/seal.h"
#include "contract/contract.h"
#include "cli/kinds_behind.h"
#include "cli/plain.h"

#define PRINTED_BYTES_MAX (1u << 30)

static const struct cli_option *find_option(const struct cli_option *options,
					    const char *word, size_t n)
{
	for (; options && options->name; options++)
		if (strlen(options->name) == n &&
		    memcmp(options->name, word, n) == 0)
			return options;
	return NULL;
}

/* "--name value", "--name=value", or a flag; *at is the word's place. */
static int take_option(struct cli *c, const struct cli_option *o, int *at)
{
	const char *word = c->argv[*at];
	const char *equals = strchr(word, '=');

	if (!o->value) {
		if (equals)
			return cli_misuse(c, "'%s' takes no value", o->name);
		*o->flag = true;
		return EXIT_DONE;
	}
	if (equals) {
		*o->value = equals + 1;
		return EXIT_DONE;
	}
	if (*at + 1 >= c->argc)
		return cli_misuse(c, "'%s' needs a value", o->name);
	*o->value = c->argv[++*at];
	return EXIT_DONE;
}

/* What the command says, and which operations of the API do the same. */
static void help_print(const struct cli *c, const char *usage)
{
	struct buf same;

	fputs(usage, stdout);
	if (usage[strlen(usage) - 1] != '\n')
		putchar('\n');
	buf_init(&same, 16u << 10);
	contract_command_say(c->program + strlen("hufud "), &same);
	if (same.len)
		printf("\nOver HTTP (hufud call OPERATION --about):\n%s",
		       same.data);
	buf_release(&same);
	exit(EXIT_DONE);
}

int cli_options(struct cli *c, const struct cli_option *own, const char *usage,
		const char **words, size_t max)
{
	bool help = false, only_words = false;
	const struct cli_option shared[] = {
		{ "--data", &c->data, NULL }, { "--scope", &c->scope, NULL },
		{ "--as", &c->as, NULL },     { "--json", NULL, &c->json },
		{ "--help", NULL, &help },    { NULL, NULL, NULL },
	};
	size_t n = 0;

	for (int i = 0; i < c->argc; i++) {
		const char *word = c->argv[i];
		size_t len = strcspn(word, "=");
		const struct cli_option *o;
		int rc;

		if (only_words || word[0] != '-' || !word[1]) {
			if (n == max)
				return cli_misuse(c, "what is '%s' for?", word);
			words[n++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_words = true;
			continue;
		}
		o = find_option(own, word, len);
		if (!o)
			o = find_option(shared, word, len);
		if (!o)
			return cli_misuse(c, "there is no option '%s'", word);
		rc = take_option(c, o, &i);
		if (rc != EXIT_DONE)
			return rc;
	}
	if (help)
		help_print(c, usage);
	words[n] = NULL;
	return EXIT_DONE;
}

static const char *from_environment(const char *given, const char *name,
				    const char *otherwise)
{
	if (!given)
		given = getenv(name);
	return given && *given ? given : otherwise;
}

int cli_begin(struct cli *c)
{
	c->data = from_environment(c->data, "HUFU_DATA", NULL);
	if (!c->data)
		return cli_misuse(c, "which data folder? --data DIR, or "
				     "HUFU_DATA");
	if (c->scope && !name_is_scope(c->scope))
		return cli_misuse(c, "'%s' is no scope: six digits, or catalog",
				  c->scope);
	if (seal_setup(&c->err) != RC_OK || object_setup(&c->err) != RC_OK)
		return cli_fail(c, &c->err);
	return EXIT_DONE;
}

enum rc cli_act_as(struct cli *c, const char *account)
{
	enum rc rc = account_get(c->store, account, &c->account, &c->err);

	c->op = (struct op){ .store = c->store,
			     .actor = &c->account,
			     .now_ms = host_wall_ms(&host_system),
			     .err = &c->err,
			     .via = VIA_CLI };
	return rc;
}

int cli_open(struct cli *c)
{
	int code = cli_begin(c);

	if (code != EXIT_DONE)
		return code;
	c->as = from_environment(c->as, "HUFU_ACCOUNT", "admin");
	if (store_open(&c->store, c->data, &host_system, false, &c->err) !=
		    RC_OK ||
	    cli_act_as(c, c->as) != RC_OK)
		return cli_fail(c, &c->err);
	/* Who is about to load them knows. */
	if (strcmp(c->program, "hufud kind") != 0)
		kinds_behind_say(c);
	return EXIT_DONE;
}

/* The store may be just what fails: then the message alone is left. */
static void tell_refusal(struct cli *c, const struct err *err)
{
	const struct audit_entry e = { .by = { .who = c->as, .via = VIA_CLI },
				       .operation =
					       c->program + strlen("hufud "),
				       .scope = c->scope,
				       .outcome = AUDIT_REFUSED,
				       .detail = err->text };
	struct err ignored = { 0 };

	if (err->code == RC_DENIED && c->store && !c->store->audited)
		audit_put(c->store, &e, &ignored);
}

int cli_fail(struct cli *c, const struct err *err)
{
	tell_refusal(c, err);
	fprintf(stderr, "%s: %s\n", c->program,
		err->code != RC_OK ? err->text : "failed");
	return EXIT_FAILED;
}

int cli_misuse(struct cli *c, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", c->program);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n%s --help says how to use it\n", c->program);
	return EXIT_USE;
}

void cli_json(json_t *object)
{
	struct err ignored = { 0 };
	struct buf text;

	buf_init(&text, PRINTED_BYTES_MAX);
	puts(json_write(&text, object, &ignored) == RC_OK ? text.data : "{}");
	buf_release(&text);
	json_decref(object);
}

void cli_json_list(const char *name, json_t *list)
{
	cli_json(json_pack("{s:o}", name, list));
}

void cli_progress(void *ctx, size_t done, size_t total)
{
	(void)ctx;
	if (!isatty(STDERR_FILENO))
		return;
	if (total > 0)
		fprintf(stderr, "\r%zu of %zu%s", done, total,
			done == total ? "\n" : "");
	else
		fprintf(stderr, "\r%zu", done);
}

bool cli_may_read(struct cli *c, const char *kind)
{
	const struct kind *k =
		kind ? registry_kind(c->store->kinds, kind) : NULL;
	unsigned roles = k && k->is_sealed ? k->readers : ~0u;

	/* The catalog is everybody's. */
	if (!strcmp(c->scope, "catalog") ||
	    account_may(&c->account, roles, c->scope))
		return true;
	err_set(&c->err, RC_DENIED, "account '%s' may not read %s%sscope %s",
		c->account.name, k && k->is_sealed ? kind : "",
		k && k->is_sealed ? " in " : "", c->scope);
	cli_fail(c, &c->err);
	return false;
}

int cli_was_read(struct cli *c, const char *kind, const char *id,
		 const char *detail)
{
	const struct audit_entry e = { .by = op_by(&c->op),
				       .operation = "read",
				       .scope = c->scope,
				       .kind = kind,
				       .id = id,
				       .detail = detail };

	if (!audit_is_due(registry_kind(c->store->kinds, kind)) ||
	    audit_put(c->store, &e, &c->err) == RC_OK)
		return EXIT_DONE;
	return cli_fail(c, &c->err);
}

void cli_author_print(struct cli *c, const char *id, const char *otherwise)
{
	struct err ignored = { 0 };
	struct op quiet = c->op;
	json_t *officer = NULL;

	quiet.err = &ignored;
	if (ledger_record(&quiet, c->scope, "officer", id, &officer) == RC_OK) {
		plain_value(stdout, json_object_get(officer, "name"), "");
		printf(" (%s)", id);
	} else {
		printf("%s%s", otherwise, id);
	}
	json_decref(officer);
}

/* cmd_check.c - hufud check: does everything that is stored fit together? */
#include "cli/cli.h"

#include <stdio.h>

#include "ledger/check.h"

static const char usage[] =
	"usage: hufud check --data DIR [--scope S] [--json]\n"
	"\n"
	"Verifies everything that is stored: both databases, the log against\n"
	"the signed main line, every packet's signature, chain and records,\n"
	"receipts, the kinds' tables, the tree, and the keys of sealed\n"
	"records. It only reads, and may run beside 'hufud serve'.\n"
	"\n"
	"Prints a line for each scope; or names the first thing that is\n"
	"wrong, by scope, position in the log, and record or commit.\n"
	"'unresolved' counts references to records that are not here; that\n"
	"alone is no fault.\n"
	"\n"
	"Exit: 0 everything fits, 1 something is wrong or cannot be read.";

static json_t *scope_json(const struct check_scope *s)
{
	char root[OID_HEX_SIZE];

	oid_hex(root, &s->root);
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:I}", "scope",
			 s->scope, "records", (json_int_t)s->records, "entries",
			 (json_int_t)s->entries, "commits",
			 (json_int_t)s->commits, "packets",
			 (json_int_t)s->packets, "root", root, "unresolved",
			 (json_int_t)s->dangling);
}

static void print_json(const struct check_report *r)
{
	json_t *scopes = json_array(), *all;

	for (size_t i = 0; i < r->nscopes; i++)
		json_array_append_new(scopes, scope_json(&r->scopes[i]));
	all = json_pack("{s:b, s:o}", "sound", (int)r->is_sound, "scopes",
			scopes);
	if (r->fault.why[0])
		json_object_set_new(all, "fault",
				    json_pack("{s:s, s:I, s:s, s:s}", "scope",
					      r->fault.scope, "position",
					      (json_int_t)r->fault.position,
					      "what", r->fault.what, "why",
					      r->fault.why));
	cli_json(all);
}

static void print_table(const struct check_report *r)
{
	for (size_t i = 0; i < r->nscopes; i++) {
		const struct check_scope *s = &r->scopes[i];
		char root[OID_HEX_SIZE];

		oid_hex(root, &s->root);
		printf("%-8s %lld records, %lld log entries, %lld commits, "
		       "%lld packets, root %s",
		       s->scope, (long long)s->records, (long long)s->entries,
		       (long long)s->commits, (long long)s->packets, root);
		if (s->dangling)
			printf(", %lld references unresolved",
			       (long long)s->dangling);
		putchar('\n');
	}
}

int cmd_check(struct cli *c)
{
	struct check_report report;
	const char *words[1] = { 0 };
	int code = cli_options(c, NULL, usage, words, 0);
	enum rc rc;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	rc = ledger_check(c->store, c->scope, &report, &c->err);
	if (c->json)
		print_json(&report);
	else
		print_table(&report);
	check_report_release(&report);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

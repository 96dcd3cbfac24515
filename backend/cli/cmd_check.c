/* cmd_check.c - hufud check: does everything that is stored fit together? */
#include "cli/cli.h"

#include <stdio.h>

#include "base/jcs.h"
#include "domain/draw_assigned.h"
#include "ledger/check.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud check --data DIR [--scope S] [--json]\n"
	"\n"
	"Verifies everything that is stored: both databases, the log against\n"
	"the signed main line, every packet's signature, chain and records,\n"
	"receipts, the kinds' tables, the tree, and the keys of sealed\n"
	"records. Then repeats every draw and holds the assignments against\n"
	"it, as 'hufud draw verify' does. It only reads, and may run beside\n"
	"'hufud serve'.\n"
	"\n"
	"Prints a line for each scope; or names the first thing that is\n"
	"wrong, by scope, position in the log, and record or commit.\n"
	"'unresolved' counts references to records that are not here, and the\n"
	"first 20 are named; that alone is no fault.\n"
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

static json_t *loose_json(const struct check_report *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->nloose; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s}",
						     "scope", r->loose[i].scope,
						     "record", r->loose[i].what,
						     "field", r->loose[i].field,
						     "to", r->loose[i].to));
	return all;
}

/* `draws`: [{"draw", "scope", "fault" | "faults"}] of those that do not hold,
 * taken over. */
static void print_json(const struct check_report *r, json_t *draws,
		       const json_t *audit, bool is_sound)
{
	json_t *scopes = json_array(), *all;

	for (size_t i = 0; i < r->nscopes; i++)
		json_array_append_new(scopes, scope_json(&r->scopes[i]));
	all = json_pack("{s:b, s:o, s:o, s:o}", "sound", (int)is_sound,
			"scopes", scopes, "unresolved", loose_json(r), "draws",
			draws);
	if (r->fault.why[0])
		json_object_set_new(all, "fault",
				    json_pack("{s:s, s:I, s:s, s:s}", "scope",
					      r->fault.scope, "position",
					      (json_int_t)r->fault.position,
					      "what", r->fault.what, "why",
					      r->fault.why));
	if (audit)
		json_object_set(all, "audit", (json_t *)(uintptr_t)audit);
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
	for (size_t i = 0; i < r->nloose; i++)
		printf("  unresolved: %s %s, %s: there is no %s\n",
		       r->loose[i].scope, r->loose[i].what, r->loose[i].field,
		       r->loose[i].to);
}

static void print_draws(const json_t *draws)
{
	for (size_t i = 0; i < json_array_size(draws); i++) {
		const json_t *d = json_array_get(draws, i), *f;
		const char *why = json_text(d, "fault");
		size_t k;

		if (why)
			printf("  draw %s: %s\n", json_text(d, "draw"), why);
		json_array_foreach(json_object_get(d, "faults"), k, f)
			printf("  draw %s: assignment %s of %s: %s\n",
			       json_text(d, "draw"), json_text(f, "assignment"),
			       json_text(f, "subject"), json_text(f, "why"));
	}
}

/* One draw against its commitment, the log and its assignments; what does not
 * hold is appended. A failure of the check itself is an error. */
static enum rc draw_hold(struct cli *c, const char *scope, const char *id,
			 json_t *draws)
{
	struct err why = { 0 };
	struct op op = c->op;
	json_t *against = NULL, *faults, *entry = NULL;
	enum rc rc;

	op.err = &why;
	rc = draw_assigned(&op, id, &against);
	faults = json_object_get(against, "faults");
	if (json_array_size(faults))
		entry = json_pack("{s:s, s:s, s:O}", "draw", id, "scope", scope,
				  "faults", faults);
	else if (rc != RC_OK && rc != RC_NOMEM && rc != RC_BUSY)
		entry = json_pack("{s:s, s:s, s:s}", "draw", id, "scope", scope,
				  "fault", why.text);
	else if (rc != RC_OK)
		err_set(&c->err, rc, "%s", why.text);
	if (entry)
		json_array_append_new(draws, entry);
	json_decref(against);
	return c->err.code;
}

/* Of one scope that is sound. */
static enum rc draws_hold(struct cli *c, const char *scope, json_t *draws)
{
	struct query *q = query_begin(c->store->db, SQL_DRAWS_COMMITTED);
	json_t *ids = json_array();
	enum rc rc;

	query_text(q, 1, scope);
	while (query_row(q))
		json_array_append_new(ids, json_string(query_get_text(q, 0)));
	rc = query_end(q, &c->err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(ids); i++)
		rc = draw_hold(c, scope,
			       json_string_value(json_array_get(ids, i)),
			       draws);
	json_decref(ids);
	return rc;
}

int cmd_check(struct cli *c)
{
	struct check_report report;
	json_t *audit = NULL;
	const char *words[1] = { 0 };
	json_t *draws;
	int code = cli_options(c, NULL, usage, words, 0);
	enum rc rc;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	rc = ledger_check(c->store, c->scope, &report, &c->err);
	draws = json_array();
	for (size_t i = 0; rc == RC_OK && i < report.nscopes; i++)
		rc = draws_hold(c, report.scopes[i].scope, draws);
	if (rc == RC_OK && json_array_size(draws))
		rc = err_set(&c->err, RC_CORRUPT,
			     "%zu draw%s not hold, the first is '%s'",
			     json_array_size(draws),
			     json_array_size(draws) == 1 ? " does" : "s do",
			     json_text(json_array_get(draws, 0), "draw"));
	/* It is of no scope. */
	if (rc == RC_OK && !c->scope)
		rc = cli_audit_verify(c, NULL, &audit);
	if (!c->json) {
		print_table(&report);
		print_draws(draws);
		cli_audit_print(audit);
		json_decref(draws);
	} else {
		print_json(&report, draws, audit, rc == RC_OK);
	}
	json_decref(audit);
	check_report_release(&report);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

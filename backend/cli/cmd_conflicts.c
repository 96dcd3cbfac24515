/* cli/cmd_conflicts.c - `hufud conflicts`: the conflict desk. */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud conflicts list --scope S [--all] [--json]\n"
	"       hufud conflicts show ID --scope S [--json]\n"
	"       hufud conflicts decide ID terminal|server --reason TEXT "
	"--scope S [--as ACCOUNT]\n"
	"       hufud conflicts decide ID other --value JSON --reason TEXT "
	"--scope S\n"
	"\n"
	"Where two authors changed the same field apart, both values are "
	"kept and one stands\n"
	"until a named account decides: for the terminal's value, for the "
	"server's, or for\n"
	"another, given as an object of the fields: --value "
	"'{\"summary\":\"...\"}'. A decision is a\n"
	"signed packet and reaches every tablet; deciding again replaces "
	"it.\n"
	"\nOptions: --data DIR\n";

static char *value_text(const json_t *conflict, const char *side)
{
	return json_dumps(json_object_get(conflict, side),
			  JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static void side_print(const json_t *conflict, const char *words,
		       const char *side, const char *author)
{
	char *text = value_text(conflict, side);

	printf("  %-26s %s%s%s\n", words, text ? text : "(absent)",
	       author ? "   by " : "", author ? author : "");
	free(text);
}

static void conflict_print(const json_t *o)
{
	char when[25];

	time_format(when, json_int(o, "opened_at", 0));
	printf("conflict %s  %s  since %s\n  on %s of %s '%s'\n",
	       json_text(o, "id"), json_text(o, "state"), when,
	       json_text(o, "field_group"), json_text(o, "record_kind"),
	       json_text(o, "record_id"));
	side_print(o, "both began from", "base_value", NULL);
	side_print(o, "the terminal wrote", "terminal_value",
		   json_text(o, "author"));
	side_print(o, "the main line had", "server_value",
		   json_text(o, "server_author"));
	side_print(o, "what stood meanwhile", "standing_value", NULL);
	if (json_text(o, "decided_by")) {
		time_format(when, json_int(o, "decided_at", 0));
		side_print(o, "decided", "decided_value",
			   json_text(o, "decided_by"));
		printf("  at %s because: %s\n", when, json_text(o, "reason"));
	}
}

static enum rc conflict_load(struct cli *c, const char *id, json_t **out)
{
	struct err first = { 0 };
	struct op quiet = c->op;
	enum rc rc;

	quiet.err = &first;
	rc = ledger_record(&quiet, c->scope, "conflict", id, out);
	if (rc == RC_NOT_FOUND && cli_may_read(c, "conflict_private") &&
	    ledger_record(&quiet, c->scope, "conflict_private", id, out) ==
		    RC_OK)
		return RC_OK;
	if (rc == RC_NOT_FOUND)
		return err_set(&c->err, RC_NOT_FOUND,
			       "there is no conflict '%s' in scope %s", id,
			       c->scope);
	return rc == RC_OK ? rc : err_set(&c->err, rc, "%s", first.text);
}

static int show(struct cli *c, const char *id)
{
	json_t *o;

	if (conflict_load(c, id, &o) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(o);
	else
		conflict_print(o);
	json_decref(o);
	return EXIT_DONE;
}

static int list(struct cli *c, bool all)
{
	struct query *q = query_begin(c->store->db, SQL_CONFLICT_IDS);
	int n = 0;

	query_text(q, 1, c->scope);
	while (query_row(q)) {
		struct err ignored = { 0 };
		struct op quiet = c->op;
		json_t *o = NULL;

		quiet.err = &ignored;
		if (!strcmp(query_get_text(q, 0), "conflict_private") &&
		    !account_may(
			    &c->account,
			    registry_kind(c->store->kinds, "conflict_private")
				    ->readers,
			    c->scope))
			continue;
		/* One whose key was destroyed has nothing left to decide. */
		if (ledger_record(&quiet, c->scope, query_get_text(q, 0),
				  query_get_text(q, 1), &o) != RC_OK)
			continue;
		if (all || !strcmp(json_text(o, "state"), "open")) {
			n++;
			if (c->json)
				cli_json(o);
			else
				conflict_print(o);
		}
		json_decref(o);
	}
	if (query_end(q, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (!n && !c->json)
		printf("no %sconflicts in scope %s\n", all ? "" : "open ",
		       c->scope);
	return EXIT_DONE;
}

static int decide(struct cli *c, const char *id, const char *decision,
		  const char *value, const char *reason)
{
	json_t *json = NULL;
	enum rc rc = RC_OK;

	if (!decision)
		return cli_misuse(c, "decide for terminal, server or other");
	if (!reason || !*reason)
		return cli_misuse(c, "give a reason: --reason TEXT");
	if (value)
		rc = json_read(value, strlen(value), &json, &c->err);
	if (rc == RC_OK)
		rc = ledger_decide(&c->op, c->scope, id, decision, json,
				   reason);
	json_decref(json);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (!c->json)
		printf("decided %s for %s, by %s\n", id, decision,
		       c->account.name);
	return EXIT_DONE;
}

int cmd_conflicts(struct cli *c)
{
	const char *words[4] = { NULL, NULL, NULL, NULL };
	const char *reason = NULL, *value = NULL;
	bool all = false;
	const struct cli_option own[] = { { "--reason", &reason, NULL },
					  { "--value", &value, NULL },
					  { "--all", NULL, &all },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 3);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(c, "say list, show or decide");
	if (!cli_needs_scope(c))
		return EXIT_USE;
	if (strcmp(words[0], "list") != 0 && !words[1])
		return cli_misuse(c, "name the conflict");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, NULL))
		return EXIT_FAILED;
	if (!strcmp(words[0], "list"))
		return list(c, all);
	if (!strcmp(words[0], "show"))
		return show(c, words[1]);
	if (!strcmp(words[0], "decide"))
		return decide(c, words[1], words[2], value, reason);
	return cli_misuse(c, "there is no 'conflicts %s'", words[0]);
}

/* cli/cmd_terminal.c - `hufud terminal`: codes, list, revoke. */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud terminal code --officer ID [--scope S]\n"
	"       hufud terminal list [--scope S]\n"
	"       hufud terminal revoke TERMINAL --reason TEXT [--scope S]\n"
	"\n"
	"code    prints a one-time code, valid for 10 minutes, with which an "
	"officer enrols\n"
	"        a tablet: hufu enroll URL --code CODE --replica FILE\n"
	"list    the scope's terminals, their officers and last contact\n"
	"revoke  what the terminal sends from now on goes to quarantine\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT, --json\n";

static int code(struct cli *c, const char *officer)
{
	char code_text[ENROL_CODE_SIZE], expires[25];

	if (enrol_code_new(&c->op, officer, c->scope, code_text) != RC_OK)
		return cli_fail(c, &c->err);
	time_format(expires, c->op.now_ms + ENROL_CODE_MS);
	if (c->json) {
		cli_json(json_pack("{s:s, s:s, s:s, s:s}", "code", code_text,
				   "officer", officer, "scope", c->scope,
				   "expires", expires));
	} else {
		printf("%s\n", code_text);
		fprintf(stderr, "for officer %s in scope %s, until %s, once\n",
			officer, c->scope, expires);
	}
	return EXIT_DONE;
}

static void terminal_print(struct cli *c, struct query *q, json_t *all)
{
	char contact[25] = "never";

	if (!query_is_null(q, 4))
		time_format(contact, query_get_int(q, 4));
	if (c->json) {
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:s, s:s}", "terminal",
				       query_get_text(q, 0), "officer",
				       query_get_text(q, 1), "state",
				       query_get_text(q, 2), "enrolment",
				       query_get_text(q, 3), "last_contact",
				       contact));
		return;
	}
	printf("%-20s  %-16s  %-8s  last contact %s\n", query_get_text(q, 0),
	       query_get_text(q, 1), query_get_text(q, 2), contact);
}

static int list(struct cli *c)
{
	struct query *q = query_begin(c->store->db, SQL_TERMINAL_LIST);
	json_t *all = json_array();
	int exit_code = EXIT_DONE;
	enum rc rc = RC_OK;
	bool may;

	query_text(q, 1, c->scope);
	while (rc == RC_OK && query_row(q)) {
		rc = store_may_agency_of(c->store, &c->account, c->scope,
					 "officer", query_get_text(q, 1), &may,
					 &c->err);
		if (rc == RC_OK && may)
			terminal_print(c, q, all);
	}
	if (query_end(q, &c->err) != RC_OK || rc != RC_OK)
		exit_code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("terminals", json_incref(all));
	json_decref(all);
	return exit_code;
}

static int revoke(struct cli *c, const char *terminal, const char *reason)
{
	if (enrol_revoke(&c->op, c->scope, terminal, reason) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s}", "terminal", terminal, "state",
				   "revoked"));
	else
		printf("revoked %s\n", terminal);
	return EXIT_DONE;
}

int cmd_terminal(struct cli *c)
{
	const char *officer = NULL, *reason = NULL;
	const char *words[3] = { NULL, NULL, NULL };
	const struct cli_option own[] = { { "--officer", &officer, NULL },
					  { "--reason", &reason, NULL },
					  { NULL, NULL, NULL } };
	bool is_code, is_revoke;
	int exit_code = cli_options(c, own, usage, words, 2);

	if (exit_code != EXIT_DONE)
		return exit_code;
	is_code = words[0] && !strcmp(words[0], "code");
	is_revoke = words[0] && !strcmp(words[0], "revoke");
	if (!is_code && !is_revoke && (!words[0] || strcmp(words[0], "list")))
		return cli_misuse(c, "say code, list or revoke");
	if (is_code && !officer)
		return cli_misuse(c, "name the officer: --officer ID");
	if (is_revoke && !words[1])
		return cli_misuse(c, "name the terminal");
	if (is_revoke && (!reason || !*reason))
		return cli_misuse(c, "give a reason: --reason TEXT");
	exit_code = cli_open(c);
	if (exit_code == EXIT_DONE)
		exit_code = cli_scope(c, "officer", is_code ? officer : NULL);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (!cli_may_read(c, NULL))
		return EXIT_FAILED;
	if (is_code)
		return code(c, officer);
	return is_revoke ? revoke(c, words[1], reason) : list(c);
}

/* cli/cmd_terminal.c - `hufud terminal`: codes, list, revoke. */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud terminal code --officer ID [--scope S [--scope S2 ...]]\n"
	"       hufud terminal list [--scope S]\n"
	"       hufud terminal join TERMINAL --scope S\n"
	"       hufud terminal leave TERMINAL --reason TEXT --scope S\n"
	"       hufud terminal revoke TERMINAL --reason TEXT [--wipe] [--scope "
	"S]\n"
	"\n"
	"code    prints a one-time code, valid for 10 minutes, with which an "
	"officer enrols\n"
	"        a tablet: hufu enroll URL --code CODE --replica FILE; with "
	"several scopes\n"
	"        it is of all of them, and the first has the enrolment\n"
	"list    the scope's terminals, their officers and last contact\n"
	"join    the terminal gets a part in another county, whose officer its "
	"officer is,\n"
	"        too: its next sync fetches it\n"
	"leave   it has none in that county any more: its next sync sends what "
	"is left, which\n"
	"        goes to quarantine, and takes the county's records out of the "
	"tablet\n"
	"revoke  what the terminal sends from now on goes to quarantine\n"
	"        --wipe: at its next contact it seals to the server what it "
	"had "
	"not sent, sends\n"
	"        that ('hufud rescue list') and erases its files; also for one "
	"that was revoked\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT, --json\n";

/* Every --scope, in order. */
static size_t scopes_said(const struct cli *c,
			  const char *out[ENROL_SCOPES_MAX + 1])
{
	size_t n = 0;

	for (int i = 0; i < c->argc && n <= ENROL_SCOPES_MAX; i++) {
		const char *word = c->argv[i];

		if (!strcmp(word, "--"))
			break;
		if (!strncmp(word, "--scope=", 8))
			out[n++] = word + 8;
		else if (!strcmp(word, "--scope") && i + 1 < c->argc)
			out[n++] = c->argv[++i];
	}
	return n;
}

static int code(struct cli *c, const char *officer)
{
	const char *scopes[ENROL_SCOPES_MAX + 1];
	char code_text[ENROL_CODE_SIZE], expires[25];
	size_t n = scopes_said(c, scopes);
	json_t *list;

	if (!n)
		scopes[n++] = c->scope;
	if (enrol_code_for(&c->op, officer, scopes, n, code_text) != RC_OK)
		return cli_fail(c, &c->err);
	time_format(expires, c->op.now_ms + ENROL_CODE_MS);
	if (c->json) {
		list = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, json_string(scopes[i]));
		cli_json(json_pack("{s:s, s:s, s:s, s:o, s:s}", "code",
				   code_text, "officer", officer, "scope",
				   scopes[0], "scopes", list, "expires",
				   expires));
	} else {
		printf("%s\n", code_text);
		fprintf(stderr, "for officer %s in scope%s %s", officer,
			n > 1 ? "s" : "", scopes[0]);
		for (size_t i = 1; i < n; i++)
			fprintf(stderr, ", %s", scopes[i]);
		fprintf(stderr, ", until %s, once\n", expires);
	}
	return EXIT_DONE;
}

static json_t *scopes_of(struct query *q, int col)
{
	const char *text = query_get_text(q, col);
	json_t *list = text ? json_loads(text, 0, NULL) : NULL;

	return list ? list : json_array();
}

/* The scopes beside this one. */
static void others_print(const struct cli *c, struct query *q)
{
	json_t *scopes = scopes_of(q, 5);
	const json_t *scope;
	bool first = true;
	size_t i;

	json_array_foreach(scopes, i, scope)
	{
		const char *text = json_string_value(scope);

		if (!text || !strcmp(text, c->scope))
			continue;
		printf("%s %s", first ? "  also in" : ",", text);
		first = false;
	}
	json_decref(scopes);
}

static void terminal_print(struct cli *c, struct query *q, json_t *all)
{
	char contact[25] = "never";

	if (!query_is_null(q, 4))
		time_format(contact, query_get_int(q, 4));
	if (c->json) {
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}",
				       "terminal", query_get_text(q, 0),
				       "officer", query_get_text(q, 1), "state",
				       query_get_text(q, 2), "enrolment",
				       query_get_text(q, 3), "last_contact",
				       contact, "scopes", scopes_of(q, 5)));
		return;
	}
	printf("%-20s  %-16s  %-8s  last contact %s", query_get_text(q, 0),
	       query_get_text(q, 1), query_get_text(q, 2), contact);
	others_print(c, q);
	putchar('\n');
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

static int part_told(struct cli *c, enum rc rc, json_t *enrolment)
{
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s, s:O}", "terminal",
				   json_text(enrolment, "terminal"), "officer",
				   json_text(enrolment, "officer"), "enrolment",
				   json_text(enrolment, "id"), "scopes",
				   json_object_get(enrolment, "scopes")));
	else
		printf("%s has part in %zu scope%s\n",
		       json_text(enrolment, "terminal"),
		       json_array_size(json_object_get(enrolment, "scopes")),
		       json_array_size(json_object_get(enrolment, "scopes")) ==
				       1
			       ? ""
			       : "s");
	json_decref(enrolment);
	return EXIT_DONE;
}

static int join(struct cli *c, const char *terminal)
{
	json_t *enrolment;
	enum rc rc = enrol_join(&c->op, c->scope, terminal, &enrolment);

	return part_told(c, rc, enrolment);
}

static int leave(struct cli *c, const char *terminal, const char *reason)
{
	json_t *enrolment;
	enum rc rc =
		enrol_leave(&c->op, c->scope, terminal, reason, &enrolment);

	return part_told(c, rc, enrolment);
}

static int revoke(struct cli *c, const char *terminal, const char *reason,
		  bool wipes)
{
	enum rc rc = wipes ? enrol_wipe(&c->op, c->scope, terminal, reason)
			   : enrol_revoke(&c->op, c->scope, terminal, reason);

	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:b}", "terminal", terminal,
				   "state", "revoked", "wipe", wipes));
	else
		printf("revoked %s%s\n", terminal,
		       wipes ? ": it is wiped at its next contact" : "");
	return EXIT_DONE;
}

enum verb { CODE, LIST, JOIN, LEAVE, REVOKE, VERB__MAX };
static const char *const verbs[] = { "code", "list", "join", "leave",
				     "revoke" };

static int verb_do(struct cli *c, enum verb verb, const char *officer,
		   const char *terminal, const char *reason, bool wipes)
{
	switch (verb) {
	case CODE: return code(c, officer);
	case JOIN: return join(c, terminal);
	case LEAVE: return leave(c, terminal, reason);
	case REVOKE: return revoke(c, terminal, reason, wipes);
	default: return list(c);
	}
}

static const char *words_wrong(const struct cli *c, enum verb verb,
			       const char *officer, const char *terminal,
			       const char *reason)
{
	bool is_part = verb == JOIN || verb == LEAVE;

	if (verb == VERB__MAX)
		return "say code, list, join, leave or revoke";
	if (verb == CODE && !officer)
		return "name the officer: --officer ID";
	if ((is_part || verb == REVOKE) && !terminal)
		return "name the terminal";
	if (is_part && !c->scope)
		return "name the county: --scope S";
	if ((verb == LEAVE || verb == REVOKE) && (!reason || !*reason))
		return "give a reason: --reason TEXT";
	return NULL;
}

int cmd_terminal(struct cli *c)
{
	const char *officer = NULL, *reason = NULL, *wrong;
	const char *scopes[ENROL_SCOPES_MAX + 1];
	const char *words[3] = { NULL, NULL, NULL };
	bool wipes = false;
	const struct cli_option own[] = { { "--officer", &officer, NULL },
					  { "--reason", &reason, NULL },
					  { "--wipe", NULL, &wipes },
					  { NULL, NULL, NULL } };
	int exit_code = cli_options(c, own, usage, words, 2);
	enum verb verb = CODE;

	if (exit_code != EXIT_DONE)
		return exit_code;
	while (verb < VERB__MAX && (!words[0] || strcmp(words[0], verbs[verb])))
		verb++;
	wrong = words_wrong(c, verb, officer, words[1], reason);
	if (!wrong && wipes && verb != REVOKE)
		wrong = "--wipe is for revoke";
	if (wrong)
		return cli_misuse(c, "%s", wrong);
	/* The first is the one that the command is about. */
	if (verb == CODE && scopes_said(c, scopes))
		c->scope = scopes[0];
	exit_code = cli_open(c);
	if (exit_code == EXIT_DONE)
		exit_code =
			cli_scope(c, "officer", verb == CODE ? officer : NULL);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (!cli_may_read(c, NULL))
		return EXIT_FAILED;
	return verb_do(c, verb, officer, words[1], reason, wipes);
}

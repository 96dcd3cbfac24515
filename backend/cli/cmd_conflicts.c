/* cli/cmd_conflicts.c - `hufud conflicts`: the conflict desk. */
#include "cli/cli.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/jcs.h"
#include "kind/telling.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud conflicts list [--scope S] [--all] [--json]\n"
	"       hufud conflicts show ID [--scope S] [--json]\n"
	"       hufud conflicts decide ID terminal|server --reason TEXT "
	"[--scope S] [--as ACCOUNT]\n"
	"       hufud conflicts decide ID other --value JSON --reason TEXT "
	"[--scope S]\n"
	"\n"
	"Where two authors changed the same field apart, both values are "
	"kept and one stands\n"
	"until a named account decides: for the terminal's value, for the "
	"server's, or for\n"
	"another, given as an object of the fields: --value "
	"'{\"summary\":\"...\"}'. A decision is a\n"
	"signed packet and reaches every tablet; deciding again replaces "
	"it.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR\n";

static char *value_text(const json_t *conflict, const char *side)
{
	return json_dumps(json_object_get(conflict, side),
			  JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static void side_print(const json_t *conflict, const char *words,
		       const char *side, const char *after)
{
	char *text = value_text(conflict, side);

	printf("  %-24s ", words);
	plain_print(stdout, text ? text : "(absent)");
	printf("%s\n", after);
	free(text);
}

/* "by Li (o1), in packet 12ab..., received 2026-11-22T05:40Z": an officer of
 * the district has a name, whoever has none is an account of the office. */
static void author_print(struct cli *c, const char *id, const char *packet,
			 int64_t received_ms)
{
	char when[25];

	printf("  %-24s by ", "");
	if (id)
		cli_author_print(c, id, "account ");
	else
		fputs("nobody known", stdout);
	if (packet)
		printf(", in packet %.10s", packet);
	if (received_ms) {
		time_format(when, received_ms);
		printf(", received %.16sZ", when);
	}
	putchar('\n');
}

static void sides_print(struct cli *c, const json_t *o)
{
	const json_t *packets = json_object_get(o, "packets");
	const json_t *stands = json_object_get(o, "standing_value");
	bool first = json_equal(stands, json_object_get(o, "server_value"));
	bool later = json_equal(stands, json_object_get(o, "terminal_value"));
	const char *word = strcmp(json_text(o, "state"), "open") != 0
				   ? "   stood meanwhile"
				   : "   stands now";

	side_print(o, "both began from", "base_value", "");
	side_print(o, "merged first (server)", "server_value",
		   first ? word : "");
	author_print(c, json_text(o, "server_author"),
		     json_text(o, "server_packet"),
		     json_int(o, "server_at", 0));
	side_print(o, "came later (terminal)", "terminal_value",
		   later && !first ? word : "");
	author_print(c, json_text(o, "author"),
		     json_string_value(json_array_get(packets, 0)),
		     json_int(o, "opened_at", 0));
	if (!first && !later)
		side_print(o, "neither of them", "standing_value", word);
}

/* An officer's name as the district knows it, into `out`; NULL: it has none. */
static const char *name_of(struct cli *c, const char *id, char out[200])
{
	struct err ignored = { 0 };
	struct op quiet = c->op;
	json_t *officer = NULL;
	bool found;

	quiet.err = &ignored;
	found = id &&
		ledger_record(&quiet, c->scope, "officer", id, &officer) ==
			RC_OK &&
		json_text(officer, "name");
	if (found)
		snprintf(out, 200, "%s", json_text(officer, "name"));
	json_decref(officer);
	return found ? out : NULL;
}

/* The same in sentences, with the words of the kind file. */
static void says_print(struct cli *c, const json_t *o)
{
	const char *kind = json_text(o, "record_kind");
	char author[200], server[200];
	const struct telling t = {
		.kind = kind ? registry_kind(c->store->kinds, kind) : NULL,
		.conflict = o,
		.author = name_of(c, json_text(o, "author"), author),
		.server_author =
			name_of(c, json_text(o, "server_author"), server),
		.in_chinese = telling_is_chinese(),
	};
	struct err ignored = { 0 };
	struct buf text;

	buf_init(&text, RECORD_BYTES_MAX);
	telling_write(&text, &t);
	if (buf_status(&text, &ignored) == RC_OK)
		for (const char *at = text.data; *at;) {
			size_t n = strcspn(at, "\n");
			char *line = strndup(at, n);

			fputs("  ", stdout);
			plain_print(stdout, line ? line : "");
			putchar('\n');
			free(line);
			at += n + (at[n] == '\n');
		}
	buf_release(&text);
}

static void conflict_print(struct cli *c, const json_t *o)
{
	const char *rule = json_text(o, "rule");
	char when[25];

	time_format(when, json_int(o, "opened_at", 0));
	printf("conflict %s  %s  since %s\n  on %s of %s '%s'%s%s\n",
	       json_text(o, "id"), json_text(o, "state"), when,
	       json_text(o, "field_group"), json_text(o, "record_kind"),
	       json_text(o, "record_id"), rule ? ", by the rule " : "",
	       rule ? rule : "");
	says_print(c, o);
	sides_print(c, o);
	if (json_text(o, "decided_by")) {
		time_format(when, json_int(o, "decided_at", 0));
		side_print(o, "decided", "decided_value", "");
		printf("  %-24s by account %s, %.16sZ, because: ", "",
		       json_text(o, "decided_by"), when);
		plain_print(stdout, json_text(o, "reason")
					    ? json_text(o, "reason")
					    : "");
		putchar('\n');
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
		return cli_was_read(c, "conflict_private", id, c->program) ==
				       EXIT_DONE
			       ? RC_OK
			       : c->err.code;
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
		cli_json(json_incref(o));
	else
		conflict_print(c, o);
	json_decref(o);
	return EXIT_DONE;
}

static int list(struct cli *c, bool all)
{
	struct query *q = query_begin(c->store->db, SQL_CONFLICT_IDS);
	json_t *listed = json_array();
	bool is_private = false;
	size_t n;

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
			is_private |= !strcmp(query_get_text(q, 0),
					      "conflict_private");
			json_array_append(listed, o);
			if (!c->json)
				conflict_print(c, o);
		}
		json_decref(o);
	}
	n = json_array_size(listed);
	if (c->json)
		cli_json_list("conflicts", json_incref(listed));
	json_decref(listed);
	if (query_end(q, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (is_private &&
	    cli_was_read(c, "conflict_private", NULL, c->program) != EXIT_DONE)
		return EXIT_FAILED;
	if (!n && !c->json)
		printf("no %sconflicts in scope %s\n", all ? "" : "open ",
		       c->scope);
	return EXIT_DONE;
}

struct decision {
	const char *for_side, *value, *reason;
	json_t *other; /* what `value` says; owned */
};

/* What is wrong with the words of a decision. */
static int decision_read(struct cli *c, struct decision *d)
{
	bool is_other = d->for_side && !strcmp(d->for_side, "other");
	struct err why = { 0 };

	if (!is_other && (!d->for_side || (strcmp(d->for_side, "terminal") &&
					   strcmp(d->for_side, "server"))))
		return cli_misuse(c, "decide for terminal, server or other");
	if (!d->reason || !*d->reason)
		return cli_misuse(c, "give a reason: --reason TEXT");
	if (!d->value != !is_other)
		return cli_misuse(c, "--value belongs to 'other', and 'other' "
				     "needs it");
	if (is_other &&
	    (json_read(d->value, strlen(d->value), &d->other, &why) != RC_OK ||
	     !json_is_object(d->other)))
		return cli_misuse(c, "--value is no JSON object of fields");
	return EXIT_DONE;
}

static int decide(struct cli *c, const char *id, const struct decision *d)
{
	if (ledger_decide(&c->op, c->scope, id, d->for_side, d->other,
			  d->reason) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s}", "id", id, "decision",
				   d->for_side, "by", c->account.name));
	else
		printf("decided %s for %s, by %s\n", id, d->for_side,
		       c->account.name);
	return EXIT_DONE;
}

/* NULL id: list. */
static int run(struct cli *c, const char *id, const struct decision *d,
	       bool all)
{
	int code = cli_open(c);

	if (code == EXIT_DONE)
		code = cli_scope(c, "conflict", id);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, NULL))
		return EXIT_FAILED;
	if (!id)
		return list(c, all);
	return d->for_side ? decide(c, id, d) : show(c, id);
}

int cmd_conflicts(struct cli *c)
{
	const char *words[4] = { NULL, NULL, NULL, NULL };
	struct decision d = { 0 };
	bool all = false;
	const struct cli_option own[] = { { "--reason", &d.reason, NULL },
					  { "--value", &d.value, NULL },
					  { "--all", NULL, &all },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 3);

	if (code != EXIT_DONE)
		return code;
	if (words[0] && !strcmp(words[0], "list"))
		return words[1] ? cli_misuse(c, "what is '%s' for?", words[1])
				: run(c, NULL, &d, all);
	if (!words[0] ||
	    (strcmp(words[0], "show") && strcmp(words[0], "decide")))
		return cli_misuse(c, "say list, show or decide");
	if (!words[1])
		return cli_misuse(c, "name the conflict");
	if (!strcmp(words[0], "decide")) {
		d.for_side = words[2];
		code = decision_read(c, &d);
	}
	if (code == EXIT_DONE)
		code = run(c, words[1], &d, all);
	json_decref(d.other);
	return code;
}

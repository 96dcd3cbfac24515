/* cli/cmd_history.c - `hufud history`: who changed which field when. */
#include "cli/cli.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/history.h"

static const char usage[] =
	"usage: hufud history KIND ID [--scope S] [--json]\n"
	"\n"
	"Tells each version of a record, oldest first: when the server "
	"received "
	"it, who wrote\n"
	"it on which terminal in which packet, and for each field its value "
	"before and after\n"
	"and what decided: the terminal or the office where that side alone "
	"moved, a conflict,\n"
	"or the field's merge rule. Where a terminal's clock was off it is "
	"told what it said\n"
	"and when it was, by the server's times. Values of a packet that do "
	"not stand are "
	"told, too. The\n"
	"packets are the commits of `git log --full-history --diff-filter=AM "
	"SCOPE -- KIND/ID`\n"
	"in a clone of the mirror.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static void fields_print(const json_t *changes, const char *from,
			 const char *to, const char *between)
{
	const json_t *f;
	size_t i;

	json_array_foreach(changes, i, f)
	{
		printf("    %s: ", json_text(f, "field"));
		plain_value(stdout, json_object_get(f, from), "(nothing)");
		fputs(between, stdout);
		plain_value(stdout, json_object_get(f, to), "(nothing)");
		printf("   by %s\n", json_text(f, "rule"));
	}
}

/* Where the terminal's clock was off: what it said, and what it was. */
static void clock_print(const json_t *clock)
{
	const json_t *flags = json_object_get(clock, "flags");
	int64_t earliest = json_int(clock, "earliest", 0);
	int64_t latest = json_int(clock, "latest", 0);
	char wall[25], middle[25];
	const json_t *flag;
	size_t i;

	if (!json_array_size(flags))
		return;
	time_format(wall, json_int(clock, "wall", 0));
	time_format(middle, earliest + (latest - earliest) / 2);
	fputs("  ", stdout);
	json_array_foreach(flags, i, flag)
		printf("%s%s", i ? ", " : "", json_string_value(flag));
	printf(": its clock said %s, it was %s +- %lld s\n", wall, middle,
	       (long long)((latest - earliest + 1999) / 2000));
}

static void version_print(struct cli *c, const json_t *v)
{
	const char *operation = json_text(v, "operation");
	const char *packet = json_text(v, "packet");
	char when[25];

	time_format(when, json_int(v, "received", 0));
	if (json_is_null(json_object_get(v, "position")))
		printf("no change  %s  ", when);
	else
		printf("position %lld  %s  ",
		       (long long)json_int(v, "position", 0), when);
	cli_author_print(c, json_text(v, "author"), "");
	printf(" on %s", json_text(v, "terminal"));
	if (*packet)
		printf("  packet %.12s", packet);
	printf("%s\n",
	       json_is_true(json_object_get(v, "merged")) ? "  merged" : "");
	clock_print(json_object_get(v, "clock"));
	if (*json_text(v, "message")) {
		printf("  %s%s", operation ? operation : "",
		       operation ? ": " : "");
		plain_print(stdout, json_text(v, "message"));
		putchar('\n');
	}
	fields_print(json_object_get(v, "changes"), "before", "after", " -> ");
	fields_print(json_object_get(v, "refused"), "terminal", "stands",
		     " was written, but there stands ");
}

int cmd_history(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL };
	json_t *history = NULL;
	const json_t *v;
	size_t i;
	int code = cli_record(c, NULL, usage, words);

	if (code != EXIT_DONE)
		return code;
	if (ledger_history(&c->op, c->scope, words[0], words[1], &history) !=
	    RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json_list("history", history);
		return EXIT_DONE;
	}
	json_array_foreach(history, i, v) version_print(c, v);
	json_decref(history);
	return EXIT_DONE;
}

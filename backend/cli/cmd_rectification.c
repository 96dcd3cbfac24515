/* cli/cmd_rectification.c - `hufud rectification`: orders to correct. */
#include "cli/cli.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/rectification.h"

static const char usage[] =
	"usage: hufud rectification list [--overdue] [--as-of DATE] [--scope "
	"S] [--json]\n"
	"\n"
	"Lists orders to correct with their deadlines, the earliest first. The "
	"deadline is the\n"
	"day named in the order, or its working days after service, or a later "
	"day that the\n"
	"office set; a last day on a holiday becomes the next working day. "
	"--overdue lists\n"
	"those whose deadline has passed without proof of the correction, as "
	"of today or of\n"
	"--as-of. Working days come from the records of kind 'calendar' "
	"(fixtures/calendar);\n"
	"without them every Monday to Friday is one.\n"
	"\n"
	"An extension is 'hufud set rectification ID extended_to=DATE'.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static int list(struct cli *c, const struct rectification_options *o)
{
	json_t *all, *r;
	size_t i;

	if (rectification_list(&c->op, c->scope, o, &all) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json_list("rectifications", all);
		return EXIT_DONE;
	}
	json_array_foreach(all, i, r)
	{
		const char *deadline = json_text(r, "deadline");
		const char *state = json_text(r, "state");
		long long over = (long long)json_int(r, "working_days_over", 0);

		printf("%-20s  subject %s  visit %s  %-9s  due %-10s%s",
		       json_text(r, "id"), json_text(r, "subject"),
		       json_text(r, "visit"), state ? state : "-",
		       deadline ? deadline : "-",
		       json_is_true(json_object_get(r, "extended"))
			       ? " (extended)"
			       : "");
		if (json_is_true(json_object_get(r, "overdue")))
			printf("  overdue by %lld working days", over);
		printf("\n");
	}
	if (!i)
		printf("no %sorders to correct\n",
		       o->overdue ? "overdue " : "");
	json_decref(all);
	return EXIT_DONE;
}

int cmd_rectification(struct cli *c)
{
	const char *words[2] = { NULL, NULL };
	struct rectification_options o = { 0 };
	const struct cli_option own[] = {
		{ "--as-of", &o.as_of, NULL },
		{ "--overdue", NULL, &o.overdue },
		{ NULL, NULL, NULL },
	};
	int64_t day;
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || strcmp(words[0], "list") != 0)
		return cli_misuse(c, "say list");
	if (o.as_of && !date_parse(o.as_of, &day))
		return cli_misuse(c, "--as-of '%s' is no date like 2026-12-31",
				  o.as_of);
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "rectification", NULL);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, "rectification"))
		return EXIT_FAILED;
	return list(c, &o);
}

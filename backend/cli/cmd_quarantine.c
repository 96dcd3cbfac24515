/* cli/cmd_quarantine.c - `hufud quarantine`: what was received and not merged.
 */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/quarantine.h"

static const char usage[] =
	"usage: hufud quarantine list [--scope S] [--json]\n"
	"\n"
	"Lists what tablets and accounts sent that may not stand on the main "
	"line: single\n"
	"records of packets, with the code that their receipt has, and whole "
	"packets that\n"
	"do not fit their journal. Nothing of it is lost; the author enters "
	"anew what was\n"
	"meant. The codes are in docs/protocol.md. Without --scope: all "
	"scopes of the\n"
	"account.\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

static const char *member(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static void row_print(const json_t *row)
{
	const char *kind = member(row, "kind");

	printf("%s  %s  %-16s  %s%s%s  by %s on %s  packet %.12s\n    %s\n",
	       member(row, "time"), member(row, "scope"), member(row, "code"),
	       *kind ? kind : "the whole packet", *kind ? " " : "",
	       member(row, "id"), member(row, "author"),
	       member(row, "terminal"), member(row, "packet"),
	       member(row, "reason"));
}

static int list(struct cli *c)
{
	json_t *rows = NULL, *row;
	char when[25];
	int code = EXIT_DONE;
	enum rc rc = quarantine_list(&c->op, c->scope, 0, -1, &rows);
	size_t i;

	json_array_foreach(rows, i, row)
	{
		time_format(when, json_int(row, "time", 0));
		json_object_set_new(row, "time", json_string(when));
	}
	if (rc != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("quarantine", json_incref(rows));
	else if (!json_array_size(rows))
		puts("nothing is in quarantine");
	else
		json_array_foreach(rows, i, row) row_print(row);
	json_decref(rows);
	return code;
}

int cmd_quarantine(struct cli *c)
{
	const char *words[2] = { NULL, NULL };
	int code = cli_options(c, NULL, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || strcmp(words[0], "list") != 0)
		return cli_misuse(c, "say list");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (c->scope && !cli_may_read(c, NULL))
		return EXIT_FAILED;
	return list(c);
}

/* cmd_division.c - hufud division: the tree of divisions as of a day. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/division.h"

static const char usage[] =
	"usage: hufud division [CODE] [--as-of DATE] [--json]\n"
	"\n"
	"Lists a division and all below it as they were on that day (today), "
	"or the\n"
	"whole tree. CODE has 6 to 12 digits. A code that had been abolished "
	"is\n"
	"shown with its last day and with what became of it.\n"
	"\n"
	"Options: --data DIR, --as ACCOUNT";

static void print_term(const json_t *d)
{
	const char *from = json_text(d, "valid_from");
	const char *to = json_text(d, "valid_to");

	if (from)
		printf(", from %s", from);
	if (to)
		printf(", until %s", to);
	printf("\n");
}

static void print_division(const json_t *d)
{
	static const char *const levels[] = { "province", "city", "county" };
	const char *level = json_text(d, "level");
	const char *town_kind = json_text(d, "town_kind");
	int depth = 0;

	while (depth < 3 && level && strcmp(level, levels[depth]) != 0)
		depth++;
	printf("%*s%s %s", 2 * depth, "", json_text(d, "code"),
	       json_text(d, "name"));
	if (town_kind)
		printf(" (%s)", town_kind);
	print_term(d);
}

/* A list without days holds on any: what it was long ago it does not say. */
static void print_undated(const json_t *list)
{
	size_t n = 0, i;
	const json_t *d;

	json_array_foreach(list, i, d) n += !json_text(d, "valid_from");
	if (n)
		printf("%zu of %zu have no first day in the table: whether "
		       "they were so on that day it does not say\n",
		       n, json_array_size(list));
}

static void print_tree(const json_t *tree)
{
	const json_t *gone = json_object_get(tree, "abolished");
	const json_t *list = json_object_get(tree, "divisions");

	if (gone) {
		printf("%s %s", json_text(gone, "code"),
		       json_text(gone, "name"));
		print_term(gone);
		printf(json_array_size(list) ? "became\n"
					     : "became nothing known\n");
	}
	for (size_t i = 0; i < json_array_size(list); i++)
		print_division(json_array_get(list, i));
}

int cmd_division(struct cli *c)
{
	const char *words[2] = { 0 }, *as_of = NULL;
	const struct cli_option own[] = { { "--as-of", &as_of, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 1);
	int64_t day;
	json_t *tree;

	if (code != EXIT_DONE)
		return code;
	if (as_of && !date_parse(as_of, &day))
		return cli_misuse(c, "'%.20s' is no date like 2026-11-22",
				  as_of);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (division_tree(&c->op, words[0], as_of, &tree) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(tree);
		return EXIT_DONE;
	}
	print_tree(tree);
	if (as_of)
		print_undated(json_object_get(tree, "divisions"));
	json_decref(tree);
	return EXIT_DONE;
}

/* cli/cmd_visit.c - `hufud visit`: what was answered at a visit, by whom, and
 * what follows. */
#include "cli/cli.h"

#include <string.h>

#include "base/jcs.h"

static const char usage[] =
	"usage: hufud visit ID [--scope S] [--json]\n"
	"\n"
	"Shows the checklist of a visit with the answers of all officers, "
	"joined by point:\n"
	"the value that stands, its authors, what is disputed, and the "
	"verdict. Different\n"
	"values of two officers are disputed; until the lead settles that, or "
	"one of them\n"
	"changes the answer, the visit cannot be signed.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static void list_print(const char *before, const json_t *list)
{
	if (!json_array_size(list))
		return;
	printf("%s", before);
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s%s", i ? ", " : " ",
		       json_string_value(json_array_get(list, i)));
	printf("\n");
}

static void answers_print(const json_t *point)
{
	const json_t *answers = json_object_get(point, "answers"), *a;
	size_t i;

	json_array_foreach(answers, i, a)
	{
		const char *reason = json_text(a, "reason");

		printf("      %-8s by %s%s%s%s\n", json_text(a, "value"),
		       json_text(a, "author"),
		       json_is_true(json_object_get(a, "settles")) ? ", settles"
								   : "",
		       reason ? ": " : "", reason ? reason : "");
	}
}

static void point_print(const json_t *p)
{
	const char *value = json_text(p, "value");
	const char *then = json_text(p, "on_fail");
	const json_t *authors = json_object_get(p, "authors");

	printf("  %-8s %-9s %-8s %s%s%s%s", json_text(p, "point"),
	       json_text(p, "state"), value ? value : "-",
	       json_is_true(json_object_get(p, "key")) ? "(key) " : "",
	       json_text(p, "text"), then ? "  -> " : "", then ? then : "");
	list_print(json_array_size(authors) ? "  by" : "\n", authors);
	if (!json_array_size(authors))
		printf("\n");
	if (strcmp(json_text(p, "state"), "disputed") == 0)
		answers_print(p);
}

static void verdict_print(const json_t *v)
{
	const json_t *list = json_object_get(v, "points"), *o;
	const char *form = json_text(v, "form_code");
	const char *state = json_text(v, "state");
	size_t i;

	printf("visit %s, %s, verdict: %s\n", json_text(v, "visit"),
	       state ? state : "no state", json_text(v, "verdict"));
	if (form)
		printf("form %s version %lld\n", form,
		       (long long)json_int(v, "form_version", 0));
	if (json_text(v, "item"))
		printf("item %s version %s\n", json_text(v, "item"),
		       json_text(v, "item_version")
			       ? json_text(v, "item_version")
			       : "-");
	list_print("flags:", json_object_get(v, "flags"));
	json_array_foreach(list, i, o) point_print(o);
	list_print("still to be answered:", json_object_get(v, "open"));
	list_print("disputed:", json_object_get(v, "disputed"));
	list_print("new key points of the later version:",
		   json_object_get(v, "supplement"));
	list = json_object_get(v, "unused");
	json_array_foreach(list, i, o)
	{
		const char *author = json_text(o, "author");
		const char *value = json_text(o, "value");

		printf("beside the table: %s to %s by %s, answer %s (%s)\n",
		       value ? value : "-", json_text(o, "point"),
		       author ? author : "nobody", json_text(o, "id"),
		       json_text(o, "why"));
	}
}

int cmd_visit(struct cli *c)
{
	const char *words[2] = { NULL, NULL };
	json_t *verdict = NULL;
	int code = cli_options(c, NULL, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(c, "name a visit");
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "visit", words[0]);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, "visit"))
		return EXIT_FAILED;
	if (ledger_verdict(&c->op, c->scope, words[0], &verdict) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_incref(verdict));
	else
		verdict_print(verdict);
	json_decref(verdict);
	return EXIT_DONE;
}

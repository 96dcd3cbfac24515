/* cli/cmd_visit.c - `hufud visit`: what was answered at a visit, by whom, and
 * what follows. */
#include "cli/cli.h"

#include <string.h>

#include "base/jcs.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud visit ID [--scope S] [--json]\n"
	"       hufud visit --all [--verdict WORD] [--flag FLAG] [--scope S] "
	"[--json]\n"
	"\n"
	"Shows the checklist of a visit with the answers of all officers, "
	"joined by point:\n"
	"the value that stands, its authors, what is disputed, and the "
	"verdict. Different\n"
	"values of two officers are disputed; until the lead settles that, or "
	"one of them\n"
	"changes the answer, the visit cannot be signed.\n"
	"\n"
	"--all      a line for each visit with a checklist: verdict and "
	"flags\n"
	"--verdict  only those with this verdict: disputed, incomplete, "
	"serious, case,\n"
	"           deadline, spot, clean, withdrawn\n"
	"--flag     only those with this flag: old_form, form_withdrawn, "
	"points_withdrawn\n"
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

	printf("  %-13s %-9s %-8s %s%s%s%s", json_text(p, "point"),
	       json_text(p, "state"), value ? value : "-",
	       json_is_true(json_object_get(p, "key")) ? "(key) " : "",
	       json_text(p, "text"), then ? "  -> " : "", then ? then : "");
	list_print(json_array_size(authors) ? "  by" : "\n", authors);
	if (!json_array_size(authors))
		printf("\n");
	if (strcmp(json_text(p, "state"), "disputed") == 0)
		answers_print(p);
}

static void files_print(const json_t *v)
{
	const json_t *list = json_object_get(v, "evidence"), *f;
	int64_t missing = json_int(v, "missing", 0);
	size_t i;

	json_array_foreach(list, i, f)
	{
		const char *media = json_text(f, "media");

		printf("evidence %s: %s, %lld bytes, %s", json_text(f, "id"),
		       media ? media : "file",
		       (long long)json_int(f, "size", 0),
		       json_text(f, "state"));
		if (!strcmp(json_text(f, "state"), "part"))
			printf(" (%lld)", (long long)json_int(f, "offset", 0));
		printf("\n");
	}
	if (missing)
		printf("missing %lld of %zu file%s of evidence\n",
		       (long long)missing, json_array_size(list),
		       json_array_size(list) == 1 ? "" : "s");
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
	if (json_text(v, "subject_version_seen"))
		printf("signed on version %s of its subject\n",
		       json_text(v, "subject_version_seen"));
	list_print("flags:", json_object_get(v, "flags"));
	json_array_foreach(list, i, o) point_print(o);
	files_print(v);
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

/* One line of --all, and what is picked. */
struct picked {
	const char *verdict, *flag; /* NULL: all */
	json_t *list;
	size_t n;
};

static bool is_picked(const struct picked *p, const json_t *v)
{
	const json_t *flags = json_object_get(v, "flags");
	bool found = !p->flag;

	for (size_t i = 0; !found && i < json_array_size(flags); i++)
		found = !strcmp(p->flag,
				json_string_value(json_array_get(flags, i)));
	return found &&
	       (!p->verdict || !strcmp(p->verdict, json_text(v, "verdict")));
}

static json_t *line_of(const json_t *v)
{
	static const char *const names[] = {
		"visit",        "state", "form",    "form_code",
		"form_version", "item",  "verdict", "flags",
		"disputed",     "open",  "failed",  "supplement",
	};
	json_t *line = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_object_get(v, names[i]))
			json_object_set(line, names[i],
					json_object_get(v, names[i]));
	return line;
}

static void line_take(struct cli *c, struct picked *p, const json_t *v)
{
	const char *state = json_text(v, "state");
	const char *form = json_text(v, "form_code");

	if (!is_picked(p, v))
		return;
	p->n++;
	if (c->json) {
		json_array_append_new(p->list, line_of(v));
		return;
	}
	printf("%-20s  %-9s  %-10s  form %s version %lld",
	       json_text(v, "visit"), state ? state : "-",
	       json_text(v, "verdict"), form ? form : "-",
	       (long long)json_int(v, "form_version", 0));
	if (json_array_size(json_object_get(v, "flags")))
		list_print("  flags:", json_object_get(v, "flags"));
	else
		printf("\n");
}

static int all(struct cli *c, struct picked *p)
{
	struct query *q;
	enum rc rc = RC_OK;

	if (!kind_field(registry_kind(c->store->kinds, "visit"), "form")) {
		err_set(&c->err, RC_NOT_FOUND,
			"this folder is older than checklists: 'hufud kind "
			"load' visit.json first");
		return cli_fail(c, &c->err);
	}
	q = query_begin(c->store->db, SQL_CLI_VISITS_WITH_FORM);
	query_text(q, 1, c->scope);
	p->list = json_array();
	while (rc == RC_OK && query_row(q)) {
		json_t *v = NULL;

		rc = ledger_verdict(&c->op, c->scope, query_get_text(q, 0), &v);
		if (rc == RC_OK)
			line_take(c, p, v);
		json_decref(v);
	}
	if (query_end(q, &c->err) != RC_OK)
		rc = c->err.code;
	if (rc == RC_OK && c->json)
		cli_json_list("visits", json_incref(p->list));
	else if (rc == RC_OK && !p->n)
		printf("no such visits\n");
	json_decref(p->list);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

int cmd_visit(struct cli *c)
{
	const char *words[2] = { NULL, NULL };
	struct picked picked = { 0 };
	bool every = false;
	const struct cli_option own[] = {
		{ "--all", NULL, &every },
		{ "--verdict", &picked.verdict, NULL },
		{ "--flag", &picked.flag, NULL },
		{ NULL, NULL, NULL },
	};
	json_t *verdict = NULL;
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] == !every)
		return cli_misuse(c, "name a visit, or say --all");
	if (!every && (picked.verdict || picked.flag))
		return cli_misuse(c, "--verdict and --flag go with --all");
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "visit", words[0]);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, "visit"))
		return EXIT_FAILED;
	if (every)
		return all(c, &picked);
	if (ledger_verdict(&c->op, c->scope, words[0], &verdict) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_incref(verdict));
	else
		verdict_print(verdict);
	json_decref(verdict);
	return EXIT_DONE;
}

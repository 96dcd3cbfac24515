/* cli/cmd_form.c - `hufud form`: checklists. */
#include "cli/cli.h"
#include "cli/plain.h"

#include <string.h>

#include "base/jcs.h"
#include "domain/form.h"

static const char usage[] =
	"usage: hufud form load FILE.json [--json]\n"
	"       hufud form list [--json]\n"
	"       hufud form publish ID [--json]\n"
	"       hufud form retire ID [--json]\n"
	"       hufud form withdraw ID --reason TEXT [--json]\n"
	"\n"
	"load records one version of a checklist; tablets get it by their next "
	"sync. What was\n"
	"loaded keeps its points: another text is another version, and visits "
	"keep the version\n"
	"that they began with. A withdrawn form leaves the verdict of its "
	"visits; the answers\n"
	"stay. The format of a form file is in docs/data-model.md; "
	"fixtures/forms has two.\n"
	"\nOptions: --data DIR, --as ACCOUNT (an administrator)\n";

static int load(struct cli *c, const char *file)
{
	enum office_outcome outcome;
	const char *word;
	char id[21];

	if (form_load(&c->op, file, id, &outcome) != RC_OK)
		return cli_fail(c, &c->err);
	word = outcome == OFFICE_SAME ? "unchanged" : "loaded";
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s}", "file", file, "id", id,
				   "outcome", word));
	else
		printf("%s: %s as form %s\n", file, word, id);
	return EXIT_DONE;
}

static int list(struct cli *c)
{
	json_t *all, *form;
	size_t i;

	if (form_list(&c->op, &all) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json_list("forms", all);
		return EXIT_DONE;
	}
	json_array_foreach(all, i, form)
	{
		printf("%s  %s  version %lld  %-9s  from %-10s  %lld points  ",
		       json_text(form, "id"), json_text(form, "form_code"),
		       (long long)json_int(form, "version", 0),
		       json_text(form, "state"), json_text(form, "valid_from"),
		       (long long)json_int(form, "points", 0));
		plain_print(stdout, json_text(form, "title"));
		putchar('\n');
	}
	if (!i)
		printf("no checklists\n");
	json_decref(all);
	return EXIT_DONE;
}

static int move(struct cli *c, const char *id, const char *state,
		const char *reason)
{
	json_t *form = NULL;
	struct office_record r = { .kind = "form", .id = id };
	struct office_write w = { .scope = "catalog",
				  .operation = "form",
				  .message = "move a checklist",
				  .records = &r,
				  .n = 1 };
	enum rc rc = ledger_record(&c->op, "catalog", "form", id, &form);

	if (rc == RC_OK) {
		json_object_set_new(form, "state", json_string(state));
		if (reason)
			json_object_set_new(form, "reason",
					    json_string(reason));
		r.record = form;
		rc = ledger_office(&c->op, &w);
	}
	if (rc == RC_OK && r.outcome == OFFICE_REFUSED)
		rc = err_set(&c->err, RC_INVALID, "%s", r.why);
	json_decref(form);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s}", "id", id, "state", state));
	else
		printf("form %s is %s\n", id, state);
	return EXIT_DONE;
}

static const struct {
	const char *verb, *state;
} moves[] = {
	{ "publish", "published" },
	{ "retire", "retired" },
	{ "withdraw", "withdrawn" },
};

int cmd_form(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL }, *reason = NULL;
	const char *state = NULL;
	const struct cli_option own[] = {
		{ "--reason", &reason, NULL },
		{ NULL, NULL, NULL },
	};
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	for (size_t i = 0; words[0] && i < sizeof(moves) / sizeof(*moves); i++)
		if (!strcmp(words[0], moves[i].verb))
			state = moves[i].state;
	if (!words[0] ||
	    (!state && strcmp(words[0], "load") && strcmp(words[0], "list")))
		return cli_misuse(
			c, "say load, list, publish, retire or withdraw");
	if (strcmp(words[0], "list") != 0 && !words[1])
		return cli_misuse(c, "'form %s' needs %s", words[0],
				  state ? "an id" : "a file");
	if (!strcmp(words[0], "withdraw") && !reason)
		return cli_misuse(c, "'form withdraw' needs --reason");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (state)
		return move(c, words[1], state, reason);
	return !strcmp(words[0], "load") ? load(c, words[1]) : list(c);
}

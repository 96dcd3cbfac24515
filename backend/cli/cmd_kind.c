/* cli/cmd_kind.c - `hufud kind`: declarations of records. */
#include "cli/cli.h"

#include <dirent.h>

#include "contract/contract.h"

static const char usage[] =
	"usage: hufud kind load FILE.json|FOLDER [--as ACCOUNT] [--json]\n"
	"       hufud kind list [--json]\n"
	"       hufud kind show NAME\n"
	"\n"
	"load adds a kind, or fields to a kind, also while the server runs; "
	"tablets get it by\n"
	"their next sync. Of a folder, as after an upgrade, all kind files are "
	"loaded. Fields never vanish and never change type. The "
	"format of a kind file\n"
	"is in docs/data-model.md.\n"
	"\nOptions: --data DIR\n";

static int load_file(struct cli *c, const char *file, json_t *said)
{
	json_t *definition;
	bool changed = false;
	enum rc rc = ledger_kind_read(file, &definition, &c->err);

	if (rc == RC_OK)
		rc = contract_admits(c->store->kinds, definition, &c->err);
	if (rc == RC_OK)
		rc = ledger_kind_put(&c->op, definition, &changed);
	json_decref(definition);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	json_array_append_new(said, json_pack("{s:s, s:b}", "file", file,
					      "changed", (int)changed));
	if (!c->json)
		printf("%s: %s\n", file, changed ? "loaded" : "unchanged");
	return EXIT_DONE;
}

/* Of a folder, all that can be loaded. */
static int load(struct cli *c, const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), code = EXIT_DONE;
	json_t *said = json_array();
	char file[4400];

	if (n < 0)
		code = load_file(c, path, said);
	for (int i = 0; i < n; i++) {
		const char *dot;

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		dot = strrchr(file, '.');
		if (!strcmp(dot ? dot : "", ".json") &&
		    load_file(c, file, said) != EXIT_DONE)
			code = EXIT_FAILED;
		err_clear(&c->err);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	if (c->json && n >= 0)
		cli_json_list("files", json_incref(said));
	else if (c->json && code == EXIT_DONE)
		cli_json(json_incref(json_array_get(said, 0)));
	json_decref(said);
	return code;
}

static int list(struct cli *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < registry_count(c->store->kinds); i++) {
		const struct kind *k = registry_at(c->store->kinds, i);

		if (c->json) {
			json_array_append(all, k->definition);
			continue;
		}
		printf("%-18s  %-14s  %-24s  L%d  %2zu fields  %s%s\n", k->name,
		       k->label_zh, k->label_en, k->privacy, k->nfields,
		       k->is_catalog ? "catalog" : "county",
		       k->is_sealed ? ", sealed" : "");
	}
	if (c->json)
		cli_json_list("kinds", json_incref(all));
	json_decref(all);
	return EXIT_DONE;
}

static int show(struct cli *c, const char *name)
{
	const struct kind *k = registry_kind(c->store->kinds, name);
	char *text;

	if (!k) {
		err_set(&c->err, RC_NOT_FOUND, "there is no kind '%s'", name);
		return cli_fail(c, &c->err);
	}
	text = json_dumps(k->definition, JSON_INDENT(1));
	puts(text ? text : "");
	free(text);
	return EXIT_DONE;
}

int cmd_kind(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL };
	int code = cli_options(c, NULL, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || (strcmp(words[0], "load") &&
			  strcmp(words[0], "list") && strcmp(words[0], "show")))
		return cli_misuse(c, "say load, list or show");
	if (strcmp(words[0], "list") != 0 && !words[1])
		return cli_misuse(c, "'kind %s' needs a name", words[0]);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (!strcmp(words[0], "load"))
		return load(c, words[1]);
	return !strcmp(words[0], "list") ? list(c) : show(c, words[1]);
}

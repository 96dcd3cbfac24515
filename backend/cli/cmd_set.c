/* cli/cmd_set.c - `hufud set`: the office changes fields of a record. */
#include "cli/cli.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/entry.h"

static const char usage[] =
	"usage: hufud set KIND ID FIELD=VALUE... [--scope S] [--as ACCOUNT] "
	"[--new]\n"
	"                [--base FILE] [--message TEXT] [--json]\n"
	"\n"
	"Changes fields of a record on the main line, as a signed packet of "
	"the account; what\n"
	"tablets change meanwhile is merged field by field. FIELD=@null "
	"clears a field; town is\n"
	"a field too. --new makes the record when there is none. --base is "
	"the record that\n"
	"was seen when the change was decided, as 'show --json' printed it: "
	"what changed since\n"
	"is merged, not overwritten. Values are written as in a file for "
	"import: "
	"dates as\n"
	"2026-11-22, money in yuan, coordinates in degrees, sets as a;b;c. "
	"They are checked as\n"
	"an import checks them; what is odd but goes in is told, and stands in "
	"the flags.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR\n";

#define WORDS_MAX 66
#define FIELD_NAME_SIZE 40

static bool is_field_word(const char *word)
{
	const char *equals = strchr(word, '=');

	return equals && equals > word && equals - word < FIELD_NAME_SIZE;
}

static enum rc field_set(struct cli *c, const struct kind *k, json_t *given,
			 const char *word)
{
	const char *equals = strchr(word, '=');
	const struct field *f;
	json_t *value = NULL;
	char name[FIELD_NAME_SIZE];
	enum rc rc = RC_OK;

	snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
	if (!strcmp(name, "town")) {
		json_object_set_new(given, "town", json_string(equals + 1));
		return RC_OK;
	}
	f = kind_field(k, name);
	if (!f)
		return err_set(&c->err, RC_INVALID,
			       "kind '%s' has no field '%s'", k->name, name);
	if (strcmp(equals + 1, "@null") != 0)
		rc = entry_value(f, equals + 1, &value, &c->err);
	if (rc == RC_OK)
		json_object_set_new(given, name, value ? value : json_null());
	return rc;
}

/* The record that was seen, as `show --json` wrote it or by itself. */
static enum rc base_read(struct cli *c, const char *file, const char *id,
			 json_t **base)
{
	json_error_t why;
	json_t *said = json_load_file(file, JSON_REJECT_DUPLICATES, &why);
	json_t *seen = json_object_get(said, "record");
	const char *of;

	if (!said)
		return err_set(&c->err, RC_INVALID, "--base: %s", why.text);
	*base = json_incref(seen ? seen : said);
	json_decref(said);
	of = json_text(*base, "id");
	if (!of || strcmp(of, id) != 0)
		return err_set(&c->err, RC_INVALID,
			       "'%s' does not hold the record '%s'", file, id);
	return RC_OK;
}

/* The record as it stands, or none where that is asked for. */
static enum rc record_begin(struct cli *c, const char *kind, const char *id,
			    bool is_new, json_t **base)
{
	struct err missing = { 0 };
	struct op quiet = c->op;
	enum rc rc;

	quiet.err = &missing;
	rc = ledger_record(&quiet, c->scope, kind, id, base);
	if (rc == RC_NOT_FOUND && is_new &&
	    registry_kind(c->store->kinds, kind))
		return RC_OK;
	if (rc != RC_OK)
		return err_set(&c->err, rc, "%s%s", missing.text,
			       rc == RC_NOT_FOUND && !is_new
				       ? " (--new makes one)"
				       : "");
	return RC_OK;
}

/* The words as facts, checked, over what stands. */
static enum rc record_make(struct cli *c, const char *const *words,
			   struct entry_fact *fact, const char *kind,
			   const json_t *base, json_t **record, bool *is_marked)
{
	const struct kind *k = registry_kind(c->store->kinds, kind);
	json_t *given = json_object();
	enum rc rc = entry_kind(k, &c->err);

	for (; *words && rc == RC_OK; words++)
		rc = field_set(c, k, given, *words);
	if (rc == RC_OK)
		rc = entry_make(&c->op, c->scope, k, given, fact, base, record,
				is_marked, &c->err);
	json_decref(given);
	return rc;
}

static int report(struct cli *c, const struct office_record *o,
		  const struct entry_fact *fact)
{
	static const char *const words[] = { "unchanged", "new", "changed",
					     "refused" };

	if (o->outcome == OFFICE_REFUSED) {
		err_set(&c->err, RC_DENIED, "%s '%s' was not changed: %s",
			o->kind, o->id, o->why);
		return cli_fail(c, &c->err);
	}
	if (c->json) {
		json_t *remarks = json_array();

		for (int i = 0; i < ENTRY_REMARKS_MAX && fact->remarks[i]; i++)
			json_array_append_new(
				remarks, json_string(fact->remarks[i]->flag));
		cli_json(json_pack("{s:s, s:s, s:s, s:o}", "kind", o->kind,
				   "id", o->id, "outcome", words[o->outcome],
				   "remarks", remarks));
		return EXIT_DONE;
	}
	printf("%s %s: %s\n", o->kind, o->id, words[o->outcome]);
	for (int i = 0; i < ENTRY_REMARKS_MAX && fact->remarks[i]; i++)
		printf("  flagged %s: %s\n", fact->remarks[i]->flag,
		       fact->remarks[i]->what);
	return EXIT_DONE;
}

int cmd_set(struct cli *c)
{
	const char *words[WORDS_MAX + 1] = { NULL }, *message = "set fields";
	const char *seen = NULL;
	bool is_new = false;
	const struct cli_option own[] = { { "--new", NULL, &is_new },
					  { "--base", &seen, NULL },
					  { "--message", &message, NULL },
					  { NULL, NULL, NULL } };
	struct office_record o = { 0 };
	struct office_write w = {
		.operation = "set", .records = &o, .n = 1, .entered = true
	};
	struct entry_fact fact = { 0 };
	json_t *base = NULL, *record = NULL;
	int code = cli_options(c, own, usage, words, WORDS_MAX);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || !words[1] || !words[2])
		return cli_misuse(c, "name kind, id and FIELD=VALUE");
	if (!name_is_id(words[1]))
		return cli_misuse(c, "id '%s' is not 1 to 32 of a-z and 0-9",
				  words[1]);
	for (size_t i = 2; words[i]; i++)
		if (!is_field_word(words[i]))
			return cli_misuse(c, "'%s' is not FIELD=VALUE",
					  words[i]);
	code = cli_open(c);
	if (code == EXIT_DONE)
		/* A new record is not where another has its id. */
		code = cli_scope(c, words[0], is_new ? NULL : words[1]);
	if (code != EXIT_DONE)
		return code;
	o.kind = words[0];
	o.id = words[1];
	w.scope = c->scope;
	w.message = message;
	rc = seen ? base_read(c, seen, o.id, &base)
		  : record_begin(c, o.kind, o.id, is_new, &base);
	fact.id = o.id;
	if (rc == RC_OK)
		rc = record_make(c, words + 2, &fact, o.kind, base, &record,
				 &o.is_marked);
	o.record = record;
	o.base = base;
	if (rc == RC_OK)
		rc = ledger_office(&c->op, &w);
	code = rc == RC_OK ? report(c, &o, &fact) : cli_fail(c, &c->err);
	json_decref(base);
	json_decref(record);
	return code;
}

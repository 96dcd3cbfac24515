/* cli/cmd_evidence.c - `hufud evidence`: files that have not come. */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "domain/awaited.h"
#include "evidence/evidence.h"

static const char usage[] =
	"usage: hufud evidence [--late] [--as-of DATE] [--scope S] [--json]\n"
	"       hufud evidence --check [--json]\n"
	"\n"
	"Lists files of evidence whose records have come and which are not "
	"whole yet, of visits\n"
	"that are not published. One is late after 3 working days, as of today "
	"or of --as-of;\n"
	"--late lists only these. 'hufud serve' raises an alarm "
	"'evidence_missing' for the visit\n"
	"of a late file, once.\n"
	"\n"
	"--check reads every file that is here and names those whose bytes "
	"are no more what\n"
	"their SHA-256 says; it ends with 1 where there are any.\n"
	"\n"
	"A file that is lost for good is given up with 'hufud set evidence ID "
	"state=void\n"
	"reason=...'.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static int list(struct cli *c, const char *as_of, bool late)
{
	json_t *rows, *r;
	size_t i;

	if (awaited_list(&c->op, c->scope, as_of, late, &rows) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json_list("evidence", rows);
		return EXIT_DONE;
	}
	json_array_foreach(rows, i, r) printf(
		"%-20s  visit %-20s  %s, %lld bytes, since %s, %lld working "
		"days%s\n",
		json_text(r, "evidence"), json_text(r, "visit"),
		json_text(r, "state"), (long long)json_int(r, "size", 0),
		json_text(r, "since"),
		(long long)json_int(r, "working_days", 0),
		json_is_true(json_object_get(r, "late")) ? ", late" : "");
	if (!i)
		printf("no file of evidence is %s\n",
		       late ? "late" : "awaited");
	json_decref(rows);
	return EXIT_DONE;
}

static void bad_take(void *list, const char *sha256, const char *is)
{
	json_array_append_new(
		list, json_pack("{s:s, s:s}", "sha256", sha256, "is", is));
}

static int check(struct cli *c)
{
	json_t *bad = json_array(), *b;
	int64_t files;
	size_t i, n;

	if (evidence_check(c->store->dir, bad_take, bad, &files, &c->err) !=
	    RC_OK) {
		json_decref(bad);
		return cli_fail(c, &c->err);
	}
	n = json_array_size(bad);
	json_array_foreach(bad, i, b) if (!c->json)
		printf("%s is damaged: its bytes are those of %.10s; restore "
		       "it from the backup\n",
		       json_text(b, "sha256"), json_text(b, "is"));
	if (c->json)
		cli_json(json_pack("{s:I, s:O}", "files", (json_int_t)files,
				   "damaged", bad));
	else
		printf("%lld files, %zu damaged\n", (long long)files, n);
	json_decref(bad);
	return n ? EXIT_FAILED : EXIT_DONE;
}

int cmd_evidence(struct cli *c)
{
	const char *words[1] = { NULL }, *as_of = NULL;
	bool late = false, checks = false;
	const struct cli_option own[] = {
		{ "--as-of", &as_of, NULL },
		{ "--late", NULL, &late },
		{ "--check", NULL, &checks },
		{ NULL, NULL, NULL },
	};
	int64_t day;
	int code = cli_options(c, own, usage, words, 0);

	if (code != EXIT_DONE)
		return code;
	if (as_of && !date_parse(as_of, &day))
		return cli_misuse(c, "--as-of '%s' is no date like 2026-12-31",
				  as_of);
	code = cli_open(c);
	if (code == EXIT_DONE && checks)
		return check(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "evidence", NULL);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, "evidence"))
		return EXIT_FAILED;
	return list(c, as_of, late);
}

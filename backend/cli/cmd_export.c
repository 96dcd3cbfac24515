/* cli/cmd_export.c - `hufud export`: the records of a kind as a file. */
#include "cli/cli.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/log.h"
#include "export/export.h"

#define DAY_MS INT64_C(86400000)

static const char usage[] =
	"usage: hufud export KIND [--scope S] [--format csv|jsonl] [--town T]\n"
	"                    [--as-of DATE | --at POSITION] [--private]\n"
	"                    [--out FILE [--json]]\n"
	"\n"
	"Writes all records of a kind (or its plural: ratings, visits) in the "
	"order of\n"
	"their ids, the same bytes for the same records. With --out, "
	"FILE.manifest.json\n"
	"says rows, SHA-256 and the commit of the main line; without it the "
	"rows go to\n"
	"standard output. csv is RFC 4180, as an import reads it; jsonl is "
	"one canonical\n"
	"record a line. --json reports on FILE; for the records as JSON take "
	"--format jsonl.\n"
	"\n"
	"results  instead of a kind: visits with their result codes, answers "
	"and violations,\n"
	"         a row for each of them\n"
	"--as-of  as the log held it at the end of that day in UTC; of today, "
	"as it is now\n"
	"--at     as the log held it at that position\n"
	"\n"
	"A day that is over and a position give the same bytes whenever they "
	"are asked for.\n"
	"What is of today, or of no day, says so with \"final\": false; its "
	"position repeats\n"
	"it. There is no export of a day to come.\n"
	"\n"
	"Personal data is exported with --private alone, by an account that "
	"may read it.\n"
	"An export of class L3 or L4, as ratings are, leaves a line in the log "
	"on stderr.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT";

static int report(struct cli *c, const struct export_job *job,
		  const struct export_done *done)
{
	if (done->privacy >= 3)
		log_info("export kind=%s class=L%d scope=%s by=%s rows=%lld "
			 "sha256=%s private=%s",
			 done->kind, done->privacy, job->scope, c->account.name,
			 (long long)done->rows, done->sha256,
			 job->private ? "yes" : "no");
	if (!job->out)
		return EXIT_DONE;
	if (c->json) {
		cli_json(json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:b}",
				   "kind", done->kind, "file", job->out, "rows",
				   (json_int_t)done->rows, "bytes",
				   (json_int_t)done->bytes, "sha256",
				   done->sha256, "shredded",
				   (json_int_t)done->shredded, "position",
				   (json_int_t)done->position, "final",
				   (int)job->is_final));
		return EXIT_DONE;
	}
	printf("%s: %lld rows, sha256 %s\n", job->out, (long long)done->rows,
	       done->sha256);
	if (!job->is_final)
		printf("the day is not over: '--at %lld' repeats this\n",
		       (long long)done->position);
	if (done->shredded)
		printf("%lld of them without content: their key was "
		       "destroyed\n",
		       (long long)done->shredded);
	return EXIT_DONE;
}

/* Who took out what, also where it broke off. */
static int tell(struct cli *c, const struct export_job *job, const char *kind,
		const struct export_done *done, enum rc rc)
{
	char detail[AUDIT_TEXT_MAX + 1];
	struct err why = { 0 };
	struct audit_entry e = { .by = op_by(&c->op),
				 .operation = "export",
				 .scope = job->scope,
				 .kind = kind,
				 .outcome = audit_outcome_of(rc),
				 .detail = detail };

	if (rc == RC_OK)
		snprintf(detail, sizeof(detail),
			 "rows=%lld sha256=%s class=L%d private=%s",
			 (long long)done->rows, done->sha256, done->privacy,
			 job->private ? "yes" : "no");
	else
		snprintf(detail, sizeof(detail), "%s", c->err.text);
	if (audit_put(c->store, &e, &why) == RC_OK)
		return EXIT_DONE;
	return rc == RC_OK ? cli_fail(c, &why) : EXIT_FAILED;
}

struct words {
	const char *kind, *format, *out, *town, *as_of, *at;
	bool private;
	bool is_final; /* set by words_check */
};

static int words_check(struct cli *c, struct words *w)
{
	int64_t day = 0, today = host_wall_ms(&host_system) / DAY_MS;

	if (!w->kind)
		return cli_misuse(c, "name the kind");
	if (strcmp(w->format, "csv") != 0 && strcmp(w->format, "jsonl") != 0)
		return cli_misuse(c, "'%s' is no format: csv or jsonl",
				  w->format);
	if (w->town && !name_is_town(w->town))
		return cli_misuse(c, "town '%s' is not three digits", w->town);
	if (c->json && !w->out)
		return cli_misuse(c, "--json reports on --out FILE; for "
				     "records as JSON: --format jsonl");
	if (w->as_of && w->at)
		return cli_misuse(c, "--as-of or --at, not both");
	if (w->as_of && !date_parse(w->as_of, &day))
		return cli_misuse(c, "--as-of '%s' is no date like 2026-12-31",
				  w->as_of);
	if (w->as_of && day > today)
		return cli_misuse(c, "--as-of %s is yet to come", w->as_of);
	w->is_final = w->at || (w->as_of && day < today);
	if (w->at && (!*w->at || strlen(w->at) > 15 ||
		      strspn(w->at, "0123456789") != strlen(w->at)))
		return cli_misuse(c, "--at '%s' is no position", w->at);
	return EXIT_DONE;
}

static int export(struct cli *c, const struct words *w)
{
	const struct kind *k = export_kind(c->store->kinds, w->kind);
	int64_t position = w->at ? strtoll(w->at, NULL, 10) : 0;
	const char *lives = k ? k->name : w->kind;
	struct export_done done;
	struct export_job job;
	int code;
	enum rc rc;

	/* Results are where visits are. */
	if (k && !registry_kind(c->store->kinds, k->name))
		lives = "visit";
	code = cli_scope(c, lives, NULL);
	if (code != EXIT_DONE)
		return code;
	job = (struct export_job){
		.store = c->store,
		.actor = &c->account,
		.kind = w->kind,
		.scope = c->scope,
		.format = strcmp(w->format, "csv") == 0 ? EXPORT_CSV
							: EXPORT_JSONL,
		.town = w->town,
		.as_of = w->as_of,
		.position = w->at ? &position : NULL,
		.is_final = w->is_final,
		.private = w->private,
		.out = w->out,
	};
	rc = export_write(&job, &done, &c->err);
	code = tell(c, &job, k ? k->name : w->kind, &done, rc);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	return code == EXIT_DONE ? report(c, &job, &done) : code;
}

int cmd_export(struct cli *c)
{
	const char *words[2] = { NULL };
	struct words w = { .format = "csv" };
	const struct cli_option own[] = {
		{ "--format", &w.format, NULL },
		{ "--out", &w.out, NULL },
		{ "--town", &w.town, NULL },
		{ "--as-of", &w.as_of, NULL },
		{ "--at", &w.at, NULL },
		{ "--private", NULL, &w.private },
		{ NULL, NULL, NULL },
	};
	int code = cli_options(c, own, usage, words, 1);

	w.kind = words[0];
	if (code == EXIT_DONE)
		code = words_check(c, &w);
	if (code == EXIT_DONE)
		code = cli_open(c);
	return code == EXIT_DONE ? export(c, &w) : code;
}

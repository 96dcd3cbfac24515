/* cli/cmd_export.c - `hufud export`: the records of a kind as a file. */
#include "cli/cli.h"

#include "base/hex.h"
#include "base/log.h"
#include "export/export.h"

static const char usage[] =
	"usage: hufud export KIND [--scope S] [--format csv|jsonl]\n"
	"                    [--out FILE [--json]] [--town T] [--private]\n"
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
	"Personal data is exported with --private alone, by an account that "
	"may read it,\n"
	"and leaves a line in the log.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT";

static int report(struct cli *c, const struct export_job *job,
		  const struct export_done *done)
{
	if (job->private)
		log_info("export kind=%s scope=%s by=%s rows=%lld private=yes",
			 done->kind, job->scope, c->account.name,
			 (long long)done->rows);
	if (!job->out)
		return EXIT_DONE;
	if (c->json) {
		cli_json(json_pack(
			"{s:s, s:s, s:I, s:I, s:s, s:I}", "kind", done->kind,
			"file", job->out, "rows", (json_int_t)done->rows,
			"bytes", (json_int_t)done->bytes, "sha256",
			done->sha256, "shredded", (json_int_t)done->shredded));
		return EXIT_DONE;
	}
	printf("%s: %lld rows, sha256 %s\n", job->out, (long long)done->rows,
	       done->sha256);
	if (done->shredded)
		printf("%lld of them without content: their key was "
		       "destroyed\n",
		       (long long)done->shredded);
	return EXIT_DONE;
}

int cmd_export(struct cli *c)
{
	const char *words[2] = { NULL }, *format = "csv", *out = NULL;
	const char *town = NULL;
	const struct kind *k;
	bool private = false;
	const struct cli_option own[] = {
		{ "--format", &format, NULL }, { "--out", &out, NULL },
		{ "--town", &town, NULL },     { "--private", NULL, &private },
		{ NULL, NULL, NULL },
	};
	struct export_job job;
	struct export_done done;
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(c, "name the kind");
	if (strcmp(format, "csv") != 0 && strcmp(format, "jsonl") != 0)
		return cli_misuse(c, "'%s' is no format: csv or jsonl", format);
	if (town && !name_is_town(town))
		return cli_misuse(c, "town '%s' is not three digits", town);
	if (c->json && !out)
		return cli_misuse(c, "--json reports on --out FILE; for "
				     "records as JSON: --format jsonl");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	k = export_kind(c->store->kinds, words[0]);
	code = cli_scope(c, k ? k->name : words[0], NULL);
	if (code != EXIT_DONE)
		return code;
	job = (struct export_job){
		.store = c->store,
		.actor = &c->account,
		.kind = words[0],
		.scope = c->scope,
		.format =
			strcmp(format, "csv") == 0 ? EXPORT_CSV : EXPORT_JSONL,
		.town = town,
		.private = private,
		.out = out,
	};
	if (export_write(&job, &done, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	return report(c, &job, &done);
}

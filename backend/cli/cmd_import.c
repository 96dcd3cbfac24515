/* cmd_import.c - hufud import: CSV files become records. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "cli/schema_dir.h"
#include "domain/import.h"

static const char usage[] =
	"usage: hufud import KIND FILE.csv [--scope S] [--source NAME]\n"
	"                    [--encoding utf8|latin1|windows-1252|gb18030]\n"
	"                    [--rejects FILE] [--report FILE]\n"
	"                    [--valid-from DATE] [--json]\n"
	"       hufud import lives FOLDER|NAME.csv.rejects.csv [--scope S] "
	"...\n"
	"\n"
	"The header names the kind's fields, beside them id and town; money "
	"is\n"
	"in yuan, coordinates in degrees, dates 2026-11-22 or 20261122, sets\n"
	"a;b;c. A column overwrites the field, an empty cell clears it, a "
	"field\n"
	"without a column stays. Importing the same file again changes "
	"nothing.\n"
	"Ids come from the column id, a subject's credit code, or the kind's\n"
	"key fields within the source, which is the kind's name unless "
	"--source\n"
	"names another; a subject that has none of these is known by its "
	"15-digit\n"
	"registration number, or else by name and address.\n"
	"\n"
	"Refused rows are listed, the rest goes in; they are written to\n"
	"FILE.rejects.csv, or --rejects, to be corrected and imported again; a "
	"file\n"
	"that is there is left, and the next is FILE.rejects.2.csv. What is "
	"odd "
	"but "
	"no\n"
	"reason to refuse a row, such as a credit code with a wrong check\n"
	"character, goes in, is counted, and stands in the record's flags. A\n"
	"reference must find its record, a town its division where those are\n"
	"loaded, a state a legal move; a state that the record once had and\n"
	"left stays left.\n"
	"--report writes a row of CSV for each refusal and each remark: file, "
	"line,\n"
	"what (refused, flagged, noted), reason, id.\n"
	"\n"
	"With --encoding rows that are not valid UTF-8 are taken as such; the\n"
	"others stay as they are.\n"
	"\n"
	"A later edition of divisions or items changes names and wordings from "
	"today\n"
	"or --valid-from on; the earlier ones are kept with their days.\n"
	"\n"
	"lives: a folder with businesses.csv, inspections.csv and, if it has "
	"one,\n"
	"violations.csv in the open LIVES format. Its refused rows, corrected, "
	"are\n"
	"imported by the name of their file, such as "
	"inspections.csv.rejects.csv;\n"
	"--rejects names a folder for them.\n"
	"\n" CLI_SCOPE_USAGE "\n"
	"Exit: 0 done, 1 failed, 2 bad use, 3 done but rows were refused.";

static int64_t refused_of(const struct import_report *r, size_t n)
{
	int64_t refused = 0;

	for (size_t i = 0; i < n; i++)
		refused += r[i].refused;
	return refused;
}

static void print_refusals(const struct import_report *r)
{
	if (r->absent)
		printf("%s: the folder has none\n", r->name);
	if (r->refused == 0)
		return;
	printf("%s: refused %lld\n", r->name, (long long)r->refused);
	for (size_t i = 0; i < r->nshown; i++)
		printf("  line %lld: %s\n", (long long)r->shown[i].line,
		       r->shown[i].why);
	if (r->refused > (int64_t)r->nshown)
		printf("  and %lld more\n",
		       (long long)(r->refused - (int64_t)r->nshown));
	if (r->rejects)
		printf("  all of them are in %s\n", r->rejects);
	else if (*r->rejects_lost)
		printf("  they are nowhere else: %s; name another place with "
		       "--rejects, or list them with --report\n",
		       r->rejects_lost);
}

static void print_table(const struct import_report *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_refusals(&r[i]);
	printf("%-16s %9s %9s %9s %9s %9s\n", "", "read", "new", "changed",
	       "same", "refused");
	for (size_t i = 0; i < n; i++)
		if (!r[i].left_out)
			printf("%-16s %9lld %9lld %9lld %9lld %9lld\n",
			       r[i].name, (long long)r[i].read,
			       (long long)r[i].added, (long long)r[i].changed,
			       (long long)r[i].same, (long long)r[i].refused);
	for (size_t i = 0; i < n; i++)
		if (r[i].unwritten)
			printf("%s: %lld more rows were read and not written\n",
			       r[i].name, (long long)r[i].unwritten);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r[i].nnotes; k++)
			printf("%s: %lld %s\n", r[i].name,
			       (long long)r[i].notes[k].n, r[i].notes[k].what);
}

static void print_json(const struct import_report *r, size_t n)
{
	json_t *files = json_array();

	for (size_t i = 0; i < n; i++)
		if (!r[i].left_out)
			json_array_append_new(files, import_report_json(&r[i]));
	cli_json_list("files", files);
}

/* The report appears whole, as the refused rows do. */
static enum rc run(struct cli *c, struct import_job *job, const char *path,
		   struct import_report *reports, bool is_lives)
{
	char part[4200];
	enum rc rc;
	bool lost;

	if (path) {
		snprintf(part, sizeof(part), "%s.part", path);
		job->lines = fopen(part, "wb");
		if (!job->lines)
			return err_set(&c->err, RC_IO, "cannot write '%s': %s",
				       path, strerror(errno));
		fputs("file,line,what,reason,id\r\n", job->lines);
	}
	rc = is_lives ? import_lives(&c->op, job, reports)
		      : import_csv(&c->op, job, reports);
	if (!path)
		return rc;
	errno = 0;
	lost = fclose(job->lines) != 0;
	for (int i = 0; i < LIVES_FILES; i++)
		lost |= reports[i].lines_lost;
	if (lost || rename(part, path) != 0) {
		err_set(&c->err, RC_IO, "cannot write '%s': %s", path,
			errno ? strerror(errno) : "the disk took not all");
		(void)remove(part);
	}
	return c->err.code;
}

static int import(struct cli *c, struct import_job *job, const char *path)
{
	struct import_report reports[LIVES_FILES] = { 0 };
	bool is_lives = strcmp(job->kind, "lives") == 0;
	size_t n = is_lives ? LIVES_FILES : 1;
	enum rc rc = run(c, job, path, reports, is_lives);
	int code = EXIT_DONE;
	size_t read = 0;

	for (size_t i = 0; i < n; i++)
		read += (size_t)reports[i].read;
	cli_progress(NULL, read, read);
	/* What was committed before a failure stays, and is told; of an import
	 * that wrote nothing there is nothing to tell. */
	if (rc == RC_OK || read > 0) {
		if (c->json)
			print_json(reports, n);
		else
			print_table(reports, n);
	}
	if (rc != RC_OK)
		code = cli_fail(c, &c->err);
	else if (refused_of(reports, n) > 0)
		code = EXIT_PARTLY;
	for (size_t i = 0; i < n; i++)
		import_report_release(&reports[i]);
	return code;
}

int cmd_import(struct cli *c)
{
	const char *words[3] = { 0 }, *source = NULL, *encoding = "utf8";
	const char *path = NULL, *rejects = NULL, *from = NULL;
	const struct cli_option own[] = { { "--source", &source, NULL },
					  { "--encoding", &encoding, NULL },
					  { "--report", &path, NULL },
					  { "--rejects", &rejects, NULL },
					  { "--valid-from", &from, NULL },
					  { NULL, NULL, NULL } };
	struct import_job job = { .progress = cli_progress };
	struct err no_schema = { 0 };
	int64_t day;
	char mappings[4200];
	char *schema;
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || !words[1])
		return cli_misuse(c, "which kind, and which file?");
	if (!csv_encoding_parse(encoding, &job.encoding))
		return cli_misuse(c, "encoding is " CSV_ENCODINGS ", not '%s'",
				  encoding);
	if (rejects && strcmp(words[0], "lives") && access(rejects, F_OK) == 0)
		return cli_misuse(c,
				  "'%s' is there already: name another file "
				  "for --rejects",
				  rejects);
	if (from && !date_parse(from, &day))
		return cli_misuse(c, "'%.20s' is no date like 2026-11-22",
				  from);
	if (source && (!*source || strlen(source) > 64))
		return cli_misuse(c, "a source has 1 to 64 characters");
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, strcmp(words[0], "lives") ? words[0] : NULL,
				 NULL);
	if (code != EXIT_DONE)
		return code;
	/* Without declared mappings headers are field names. */
	schema = schema_dir(NULL, &no_schema);
	snprintf(mappings, sizeof(mappings), "%s/import", schema ? schema : "");
	job.kind = words[0];
	job.file = words[1];
	job.scope = c->scope;
	job.rejects_path = rejects;
	job.valid_from = from;
	job.source = source;
	job.mappings = schema ? mappings : NULL;
	free(schema);
	return import(c, &job, path);
}

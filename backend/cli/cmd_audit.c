/* cli/cmd_audit.c - `hufud audit`: who did what, and is that the whole of it?
 */
#include "cli/cli.h"

#include <errno.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"

static const char usage[] =
	"usage: hufud audit list [--who A] [--operation O] [--scope S] [--from "
	"DATE] [--to DATE]\n"
	"                        [--kind K] [--about ID] [--outcome O] "
	"[--request R]\n"
	"                        [--credential C] [--format text|csv|json]\n"
	"       hufud audit head [--out FILE]\n"
	"       hufud audit verify [--head FILE] [--json]\n"
	"\n"
	"list    the entries that an auditor or administrator may see: those "
	"of their scopes,\n"
	"        and those of no scope with the scope '*'. --operation token "
	"takes 'token make'\n"
	"        too; --about ID has what was done to that record or account "
	"and the lists that\n"
	"        it was read in; --credential token:ID what a token did; "
	"--outcome is ok,\n"
	"        refused or failed; days are in UTC, --to is the last one. "
	"--format "
	"json has\n"
	"        one entry a line\n"
	"head    where the log stands, signed by the server's key: keep it "
	"where nobody who\n"
	"        can write the data folder can reach it\n"
	"verify  walks the chain of hashes and names the first entry that was "
	"altered, moved\n"
	"        or is missing; with a kept head also whether the end was cut "
	"off, or all of\n"
	"        it written anew\n"
	"\nOptions: --data DIR, --as ACCOUNT\n"
	"Exit of verify: 0 whole, 1 not whole\n";

#define DAY_MS INT64_C(86400000)
#define HEAD_FILE_MAX 4096

enum format { TEXT, CSV, JSON };

struct wanted {
	const char *who, *operation, *from, *to, *format, *out, *head;
	const char *kind, *about, *outcome, *request, *credential;
};

/* -- list -- */

struct listing {
	struct cli *c;
	enum format format;
	json_t *all; /* --json; else NULL */
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void print_csv(const struct audit_row *r, const char *when)
{
	const char *cells[] = { when,          r->who,   r->via, r->operation,
				r->scope,      r->kind,  r->id,  r->outcome,
				r->request_id, r->detail };
	char hash[2 * SHA256_BYTES + 1];

	printf("%lld", (long long)r->seq);
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		const char *text = or_empty(cells[i]);

		/* A spreadsheet takes no cell for a formula. */
		printf(",\"%s", *text && strchr("=+-@", *text) ? "'" : "");
		for (; *text; text++)
			printf(*text == '"' ? "\"\"" : "%c", *text);
		putchar('"');
	}
	hex_encode(hash, r->hash, SHA256_BYTES);
	printf(",%s\r\n", hash);
}

static json_t *row_json(const struct audit_row *r, const char *when)
{
	char hash[2 * SHA256_BYTES + 1];

	hex_encode(hash, r->hash, SHA256_BYTES);
	return json_pack(
		"{s:I, s:I, s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s, s:s*, "
		"s:s*, s:s}",
		"seq", (json_int_t)r->seq, "at_ms", (json_int_t)r->at_ms, "at",
		when, "who", r->who, "via", r->via, "operation", r->operation,
		"scope", r->scope, "kind", r->kind, "id", r->id, "outcome",
		r->outcome, "request_id", r->request_id, "detail", r->detail,
		"hash", hash);
}

static enum rc row_print(void *ctx, const struct audit_row *r, struct err *err)
{
	struct listing *l = ctx;
	char when[25];

	(void)err;
	if (!audit_is_seen(&l->c->account, r))
		return RC_OK;
	time_format(when, r->at_ms);
	if (l->all)
		json_array_append_new(l->all, row_json(r, when));
	else if (l->format == CSV)
		print_csv(r, when);
	else if (l->format == JSON)
		cli_json(row_json(r, when));
	else
		printf("%6lld  %s  %-12s %-4s  %-8s %-16s %s%s%s%s%s%s%s\n",
		       (long long)r->seq, when, r->who, r->via, r->outcome,
		       r->operation, or_empty(r->scope), r->scope ? "  " : "",
		       or_empty(r->kind), r->kind && r->id ? "/" : "",
		       or_empty(r->id), r->kind || r->id ? "  " : "",
		       or_empty(r->detail));
	return RC_OK;
}

static int list_words(struct cli *c, const struct wanted *w,
		      struct audit_filter *f, enum format *format)
{
	int64_t day;

	*format = TEXT;
	if (c->json && w->format)
		return cli_misuse(c, "--json or --format, not both");
	if (w->format && !strcmp(w->format, "csv"))
		*format = CSV;
	else if (w->format && !strcmp(w->format, "json"))
		*format = JSON;
	else if (w->format && strcmp(w->format, "text") != 0)
		return cli_misuse(c, "'%s' is no format: text, csv or json",
				  w->format);
	*f = (struct audit_filter){
		.who = w->who,
		.operation = w->operation,
		.kind = w->kind,
		.about = w->about,
		.outcome = w->outcome,
		.request_id = w->request,
		.with = w->credential,
	};
	if (w->from && !date_parse(w->from, &day))
		return cli_misuse(c, "--from '%s' is no date like 2026-12-31",
				  w->from);
	f->from_ms = w->from ? day * DAY_MS : 0;
	if (w->to && !date_parse(w->to, &day))
		return cli_misuse(c, "--to '%s' is no date like 2026-12-31",
				  w->to);
	f->to_ms = w->to ? (day + 1) * DAY_MS : 0;
	return EXIT_DONE;
}

static int list(struct cli *c, const struct wanted *w)
{
	struct listing l = { .c = c };
	struct audit_filter f;
	struct audit_entry e = { .operation = "audit list" };
	int code = list_words(c, w, &f, &l.format);

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	f.scope = e.scope = c->scope;
	e.by = op_by(&c->op);
	if (!(c->account.roles & AUDIT_ROLES))
		err_set(&c->err, RC_DENIED,
			"only an auditor or administrator reads the audit "
			"log");
	if (c->err.code || audit_put(c->store, &e, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (l.format == CSV)
		fputs("seq,at,who,via,operation,scope,kind,id,outcome,"
		      "request_id,detail,hash\r\n",
		      stdout);
	l.all = c->json ? json_array() : NULL;
	if (audit_each(c->store, &f, row_print, &l, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("entries", json_incref(l.all));
	json_decref(l.all);
	return code;
}

/* -- head -- */

/* Appears whole, or not at all. */
static enum rc file_write(const char *path, const struct buf *text,
			  struct err *err)
{
	char part[4200];
	FILE *f;
	bool ok;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >=
	    sizeof(part))
		return err_set(err, RC_INVALID,
			       "the name '%.80s...' is too "
			       "long",
			       path);
	f = fopen(part, "wb");
	ok = f && fwrite(text->data, 1, text->len, f) == text->len;
	ok = f && fclose(f) == 0 && ok && rename(part, path) == 0;
	if (!ok)
		err_set(err, RC_IO, "cannot write '%s': %s", path,
			strerror(errno));
	if (!ok && f)
		(void)remove(part);
	return ok ? RC_OK : err->code;
}

static int head(struct cli *c, const char *out)
{
	struct buf text;
	int code = cli_open(c);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	buf_init(&text, 2 * HEAD_FILE_MAX);
	rc = audit_head_write(c->store, &text, &c->err);
	if (rc == RC_OK && out)
		rc = file_write(out, &text, &c->err);
	else if (rc == RC_OK)
		fwrite(text.data, 1, text.len, stdout);
	buf_release(&text);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

/* -- verify -- */

static enum rc kept_read(struct cli *c, const char *path,
			 struct audit_head *out)
{
	char text[HEAD_FILE_MAX + 1];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return err_set(&c->err, RC_NOT_FOUND, "cannot read '%s': %s",
			       path, strerror(errno));
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return audit_head_read(c->store, text, n, out, &c->err);
}

enum rc cli_audit_verify(struct cli *c, const struct audit_head *kept,
			 json_t **report)
{
	struct audit_head now;
	struct audit_fault fault;
	char hash[2 * SHA256_BYTES + 1];
	enum rc rc = audit_verify(c->store, kept, &now, &fault, &c->err);

	*report = NULL;
	hex_encode(hash, now.hash, SHA256_BYTES);
	if (rc == RC_OK)
		*report = json_pack("{s:b, s:I, s:s}", "sound", 1, "entries",
				    (json_int_t)now.seq, "hash", hash);
	else if (rc == RC_CORRUPT)
		*report = json_pack("{s:b, s:I, s:s}", "sound", 0, "entry",
				    (json_int_t)fault.seq, "why", fault.why);
	return rc;
}

void cli_audit_print(const json_t *report)
{
	if (json_is_true(json_object_get(report, "sound")))
		printf("audit    %lld entries, head %s\n",
		       (long long)json_int(report, "entries", 0),
		       json_text(report, "hash"));
}

static int verify(struct cli *c, const char *file)
{
	struct audit_head kept;
	json_t *report;
	int code = cli_open(c);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	if (file && kept_read(c, file, &kept) != RC_OK)
		return cli_fail(c, &c->err);
	rc = cli_audit_verify(c, file ? &kept : NULL, &report);
	if (report && c->json)
		cli_json(json_incref(report));
	else
		cli_audit_print(report);
	json_decref(report);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

int cmd_audit(struct cli *c)
{
	struct wanted w = { 0 };
	const char *words[2] = { NULL };
	const struct cli_option own[] = { { "--who", &w.who, NULL },
					  { "--operation", &w.operation, NULL },
					  { "--kind", &w.kind, NULL },
					  { "--about", &w.about, NULL },
					  { "--outcome", &w.outcome, NULL },
					  { "--request", &w.request, NULL },
					  { "--credential", &w.credential,
					    NULL },
					  { "--from", &w.from, NULL },
					  { "--to", &w.to, NULL },
					  { "--format", &w.format, NULL },
					  { "--out", &w.out, NULL },
					  { "--head", &w.head, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (words[0] && !strcmp(words[0], "list"))
		return list(c, &w);
	if (words[0] && !strcmp(words[0], "head"))
		return head(c, w.out);
	if (words[0] && !strcmp(words[0], "verify"))
		return verify(c, w.head);
	return cli_misuse(c, "say list, head or verify");
}

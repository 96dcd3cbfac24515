/* cli/cmd_quarantine.c - `hufud quarantine`: what was received and not merged.
 */
#include "cli/cli.h"

#include "base/date.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud quarantine list [--scope S] [--json]\n"
	"\n"
	"Lists what tablets and accounts sent that may not stand on the main "
	"line: single\n"
	"records of packets, with the code that their receipt has, and whole "
	"packets that\n"
	"do not fit their journal. Nothing of it is lost; the author enters "
	"anew what was\n"
	"meant. The codes are in docs/protocol.md. Without --scope: all "
	"scopes of the\n"
	"account.\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

/* protocol.md 8, in words. */
static const char *reason_of(const char *code)
{
	static const struct {
		const char *code, *reason;
	} reasons[] = {
		{ "author", "the author is not who the enrolment says" },
		{ "revoked", "the terminal had been revoked" },
		{ "role", "the author's role may not write this kind, or not "
			  "make such a record" },
		{ "field", "a field was changed that the author's role may "
			   "not write, or that is set once" },
		{ "scope", "the record belongs to another scope" },
		{ "invalid", "a value breaks the kind's rules" },
		{ "state", "the kind's table of states has no such move, or "
			   "the record no longer changes" },
		{ "unknown_kind", "the server does not know this kind" },
		{ "no_key", "the key of the sealed record is not there" },
		{ "id_taken", "another record has this id" },
		{ "missing", "it changes a record that its base does not "
			     "have" },
		{ "after_quarantine", "an earlier change of this record is "
				      "in quarantine" },
		{ "refers", "it refers to a new record that is in "
			    "quarantine" },
		{ "owner", "the record is another's: only its author "
			   "changes it" },
		{ "twin", "another record has the same values where no "
			  "two may" },
		{ "disputed", "officers disagree on a point of the visit "
			      "that was to be signed" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(code, reasons[i].code))
			return reasons[i].reason;
	return "";
}

static const char *text_of(struct query *q, int col)
{
	const char *text = query_get_text(q, col);

	return text ? text : "";
}

/* The row that stands in SQL_CLI_QUARANTINE; a packet as a whole has no
 * record. */
static json_t *row_json(struct query *q)
{
	const char *code = text_of(q, 6);
	char hex[OID_HEX_SIZE], when[25];
	struct oid oid = { 0 };
	size_t n;
	const void *p = query_get_blob(q, 1, &n);

	if (p && n == OID_BYTES)
		memcpy(oid.b, p, OID_BYTES);
	oid_hex(hex, &oid);
	time_format(when, query_get_int(q, 8));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:s}",
			 "scope", text_of(q, 0), "packet", hex, "kind",
			 query_get_text(q, 2), "id", query_get_text(q, 3),
			 "author", text_of(q, 4), "terminal", text_of(q, 5),
			 "code", code, "reason",
			 query_is_null(q, 7) ? reason_of(code) : text_of(q, 7),
			 "time", when);
}

static const char *member(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static void row_print(const json_t *row)
{
	const char *kind = member(row, "kind");

	printf("%s  %s  %-16s  %s%s%s  by %s on %s  packet %.12s\n    %s\n",
	       member(row, "time"), member(row, "scope"), member(row, "code"),
	       *kind ? kind : "the whole packet", *kind ? " " : "",
	       member(row, "id"), member(row, "author"),
	       member(row, "terminal"), member(row, "packet"),
	       member(row, "reason"));
}

static int list(struct cli *c)
{
	struct query *q = query_begin(c->store->db, SQL_CLI_QUARANTINE);
	json_t *rows = json_array(), *row;
	int code = EXIT_DONE;
	size_t i;

	query_text(q, 1, c->scope);
	while (query_row(q))
		if (account_may(&c->account, ~0u, query_get_text(q, 0)))
			json_array_append_new(rows, row_json(q));
	if (query_end(q, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("quarantine", json_incref(rows));
	else if (!json_array_size(rows))
		puts("nothing is in quarantine");
	else
		json_array_foreach(rows, i, row) row_print(row);
	json_decref(rows);
	return code;
}

int cmd_quarantine(struct cli *c)
{
	const char *words[2] = { NULL, NULL };
	int code = cli_options(c, NULL, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || strcmp(words[0], "list") != 0)
		return cli_misuse(c, "say list");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (c->scope && !cli_may_read(c, NULL))
		return EXIT_FAILED;
	return list(c);
}

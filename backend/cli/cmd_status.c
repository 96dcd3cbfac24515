/* cli/cmd_status.c - `hufud status`: where each scope stands, and who is late.
 */
#include "cli/cli.h"

#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

static const char usage[] = "usage: hufud status [--scope S] [--json]\n"
			    "\n"
			    "Tells for each scope of the account its records, "
			    "position and root (the "
			    "half of the\n"
			    "tally that a tablet's `hufu info` must match), "
			    "open conflicts, records "
			    "in quarantine,\n"
			    "and the terminals that may write, with the time "
			    "of the one not heard of "
			    "for longest.\n"
			    "It reads what stands; `hufud check` proves it.\n"
			    "\nOptions: --data DIR, --as ACCOUNT\n";

static int64_t count(struct cli *c, const char *sql, const char *scope)
{
	struct query *q = query_begin(c->store->db, sql);
	struct err err = { 0 };
	int64_t n;

	query_text(q, 1, scope);
	n = query_row(q) ? query_get_int(q, 0) : 0;
	if (query_end(q, &err) != RC_OK && !c->err.code)
		c->err = err;
	return n;
}

/* Their state is sealed. One whose key was destroyed can no longer be decided.
 */
static int64_t private_conflicts(struct cli *c, const char *scope)
{
	struct query *q = query_begin(c->store->db, SQL_CLI_PRIVATE_CONFLICTS);
	struct err ignored = { 0 };
	struct op quiet = c->op;
	int64_t n = 0;

	quiet.err = &ignored;
	query_text(q, 1, scope);
	while (query_row(q)) {
		json_t *conflict = NULL;

		err_clear(&ignored);
		if (ledger_record(&quiet, scope, "conflict_private",
				  query_get_text(q, 0), &conflict) == RC_OK)
			n += !strcmp(json_text(conflict, "state"), "open");
		json_decref(conflict);
	}
	if (query_end(q, &ignored) != RC_OK && !c->err.code)
		c->err = ignored;
	return n;
}

/* What still asks for somebody. A folder of before adoptions has none. */
static int64_t quarantined(struct cli *c, const char *scope)
{
	int64_t n = count(c, SQL_CLI_QUARANTINED, scope);

	if (registry_kind(c->store->kinds, "adoption"))
		n -= count(c, SQL_CLI_ADOPTIONS, scope);
	return n;
}

static json_t *scope_json(struct cli *c, const char *scope)
{
	struct head head;
	char root[OID_HEX_SIZE], heard[25] = "";
	int64_t oldest;

	if (ledger_head(c->store, scope, &head, &c->err) != RC_OK)
		return NULL;
	oid_hex(root, &head.root);
	oldest = count(c, SQL_CLI_OLDEST_CONTACT, scope);
	if (oldest)
		time_format(heard, oldest);
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:s?}", "scope",
		scope, "records",
		(json_int_t)count(c, SQL_SNAPSHOT_COUNT, scope), "position",
		(json_int_t)head.position, "commits", (json_int_t)head.number,
		"root", root, "open_conflicts",
		(json_int_t)(count(c, SQL_CLI_OPEN_CONFLICTS, scope) +
			     private_conflicts(c, scope)),
		"quarantined", (json_int_t)quarantined(c, scope), "terminals",
		(json_int_t)count(c, SQL_CLI_TERMINALS, scope),
		"longest_unheard", *heard ? heard : NULL);
}

static void scope_print(const json_t *s)
{
	const char *heard = json_text(s, "longest_unheard");

	printf("%-8s %8lld records  position %-8lld root %s\n"
	       "         %lld open conflicts, %lld in quarantine, %lld "
	       "terminals%s%.16s%s\n",
	       json_text(s, "scope"), (long long)json_int(s, "records", 0),
	       (long long)json_int(s, "position", 0), json_text(s, "root"),
	       (long long)json_int(s, "open_conflicts", 0),
	       (long long)json_int(s, "quarantined", 0),
	       (long long)json_int(s, "terminals", 0),
	       heard ? ", one not heard of since " : "", heard ? heard : "",
	       heard ? "Z" : "");
}

static json_t *scopes_load(struct cli *c)
{
	struct query *q = query_begin(c->store->db, SQL_SCOPES_ALL);
	json_t *all = json_array();

	while (query_row(q)) {
		const char *scope = query_get_text(q, 0);

		if ((!c->scope || !strcmp(c->scope, scope)) &&
		    account_may(&c->account, ~0u, scope))
			json_array_append_new(all, json_string(scope));
	}
	if (query_end(q, &c->err) == RC_OK)
		return all;
	json_decref(all);
	return NULL;
}

int cmd_status(struct cli *c)
{
	const char *words[1] = { NULL };
	json_t *names, *scopes, *s;
	int code = cli_options(c, NULL, usage, words, 0);
	size_t i;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (c->scope && !cli_may_read(c, NULL))
		return EXIT_FAILED;
	names = scopes_load(c);
	scopes = json_array();
	json_array_foreach(names, i, s) json_array_append_new(
		scopes, scope_json(c, json_string_value(s)));
	json_decref(names);
	if (c->err.code || !names) {
		json_decref(scopes);
		return cli_fail(c, &c->err);
	}
	if (c->json)
		cli_json_list("scopes", json_incref(scopes));
	else
		json_array_foreach(scopes, i, s) scope_print(s);
	json_decref(scopes);
	return EXIT_DONE;
}

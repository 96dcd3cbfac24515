/* cli/scope.c - which scope a command is about. */
#include "cli/cli.h"

#include "base/hex.h"
#include "sql_store.gen.h"

struct found {
	size_t n;
	char only[16];
	char all[200]; /* for a message */
};

/* The scopes among a statement's that the account may act in. */
static enum rc look(struct cli *c, const char *sql, const char *kind,
		    const char *id, struct found *f)
{
	struct query *q = query_begin(c->store->db, sql);
	size_t at = 0;

	memset(f, 0, sizeof(*f));
	if (id) {
		query_text(q, 1, kind);
		query_text(q, 2, id);
	}
	while (query_row(q)) {
		const char *scope = query_get_text(q, 0);

		if (!account_may(&c->account, ~0u, scope)) {
			c->scope_hidden |= id != NULL;
			continue;
		}
		snprintf(f->only, sizeof(f->only), "%s", scope);
		if (at < sizeof(f->all))
			at += (size_t)snprintf(f->all + at, sizeof(f->all) - at,
					       "%s%s", f->n ? ", " : "", scope);
		f->n++;
	}
	return query_end(q, &c->err);
}

/* A scope cannot be taken back once something was written to it, so one that
 * is new has to be a division, where divisions are loaded. */
static int known_scope(struct cli *c)
{
	struct query *q = query_begin(c->store->db, SQL_CLI_IS_DIVISION);
	bool legal;

	query_text(q, 1, c->scope);
	legal = query_row(q) && (query_get_int(q, 0) || !query_get_int(q, 1) ||
				 query_get_int(q, 2));
	if (query_end(q, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (legal)
		return EXIT_DONE;
	err_set(&c->err, RC_NOT_FOUND,
		"no division has the code %s: is it mistyped? If not, import "
		"the division first",
		c->scope);
	return cli_fail(c, &c->err);
}

int cli_scope(struct cli *c, const char *kind, const char *id)
{
	const struct kind *k =
		kind ? registry_kind(c->store->kinds, kind) : NULL;
	struct found f = { 0 };
	enum rc rc = RC_OK;

	if (kind && !k) {
		err_set(&c->err, RC_NOT_FOUND, "there is no kind '%.60s'",
			kind);
		return cli_fail(c, &c->err);
	}
	if (k && k->is_catalog)
		c->scope = "catalog";
	if (c->scope)
		return strcmp(c->scope, "catalog") != 0 ? known_scope(c)
							: EXIT_DONE;
	if (id)
		rc = look(c, SQL_CLI_SCOPES_OF, kind, id, &f);
	if (rc == RC_OK && !f.n && name_is_scope(c->account.scopes)) {
		c->scope = c->account.scopes;
		return EXIT_DONE;
	}
	if (rc == RC_OK && !f.n)
		rc = look(c, SQL_CLI_COUNTIES, NULL, NULL, &f);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (f.n > 1)
		return cli_misuse(c, "which scope? --scope with one of %s",
				  f.all);
	if (!f.n && id && c->scope_hidden) {
		err_set(&c->err, RC_DENIED,
			"account '%s' has no rights where %s '%s' is",
			c->account.name, kind, id);
		return cli_fail(c, &c->err);
	}
	if (!f.n)
		return cli_misuse(c, "which scope? --scope 330106, or catalog");
	snprintf(c->scope_found, sizeof(c->scope_found), "%s", f.only);
	c->scope = c->scope_found;
	return EXIT_DONE;
}

int cli_record(struct cli *c, const struct cli_option *own, const char *usage,
	       const char **words)
{
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || !words[1])
		return cli_misuse(c, "name a kind and an id");
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, words[0], words[1]);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, words[0]))
		return EXIT_FAILED;
	return cli_was_read(c, words[0], words[1], c->program);
}

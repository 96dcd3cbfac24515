/* cli/cmd_token.c - `hufud token`: what programs prove themselves with. */
#include "cli/cli.h"

#include <stdlib.h>

#include "base/date.h"
#include "store/token.h"

static const char usage[] =
	"usage: hufud token make ACCOUNT --label TEXT [--role R,R] [--scope "
	"S,S]\n"
	"                        [--agency A,A] [--days N] [--read-only] "
	"[--json]\n"
	"       hufud token list [ACCOUNT] [--json]\n"
	"       hufud token revoke ID | LABEL [--account ACCOUNT]\n"
	"\n"
	"make    prints a token, once; only its hash is kept. It may what its "
	"account may, or\n"
	"        less: never more than both at the time of use. Valid for "
	"--days (90, at most\n"
	"        366). With --read-only it changes nothing\n"
	"list    the tokens of an account; of all that one's scopes have, "
	"without a name\n"
	"revoke  ends one at once, by its id or its account's label for it\n"
	"\n"
	"Everybody manages the tokens of the own account, an administrator "
	"those of accounts\n"
	"whose scopes are within the own.\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

#define DAY_MS INT64_C(86400000)

struct wanted {
	const char *name, *label, *role, *scopes, *agency, *days, *account;
	bool is_reader;
};

static int make(struct cli *c, const struct wanted *w)
{
	struct token_wish wish = { .account = w->name,
				   .label = w->label,
				   .scopes = w->scopes,
				   .agency = w->agency,
				   .is_reader = w->is_reader };
	char text[TOKEN_SIZE], id[21], until[25];
	struct audit_by by;
	long days = w->days ? strtol(w->days, NULL, 10) : TOKEN_DAYS_DEFAULT;
	int code = EXIT_DONE;

	if (!w->name || !w->label)
		return cli_misuse(c, "name the account and a --label");
	if (w->days && (strspn(w->days, "0123456789") != strlen(w->days) ||
			days < 1 || days > TOKEN_DAYS_MAX))
		return cli_misuse(c, "--days is 1 to %d", TOKEN_DAYS_MAX);
	if (w->role)
		code = cli_roles(c, w->role, &wish.roles);
	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	wish.expires_ms = c->op.now_ms + days * DAY_MS;
	by = op_by(&c->op);
	if (token_make(c->store, &c->account, &wish, &by, text, id, &c->err) !=
	    RC_OK)
		return cli_fail(c, &c->err);
	time_format(until, wish.expires_ms);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id,
				   "token", text, "account", w->name, "label",
				   w->label, "expires", until));
	else {
		printf("%s\n", text);
		fprintf(stderr,
			"token %s of account %s, until %s; it is shown this "
			"once\n",
			id, w->name, until);
	}
	wipe(text, sizeof(text));
	return EXIT_DONE;
}

struct listing {
	struct cli *c;
	json_t *all;
};

static const char *when(char out[25], int64_t ms, const char *never)
{
	if (!ms)
		return never;
	time_format(out, ms);
	return out;
}

static const char *state_of(const struct cli *c, const struct token_row *r)
{
	return r->revoked_ms                   ? "revoked"
	       : r->expires_ms <= c->op.now_ms ? "expired"
					       : "active";
}

static bool may_list(struct cli *c, const char *name)
{
	struct err ignored = { 0 };
	struct account a;

	return !strcmp(name, c->account.name) ||
	       (c->account.roles & ROLE_ADMINISTRATOR &&
		account_look(c->store, name, &a, &ignored) == RC_OK &&
		account_scopes_cover(a.scopes, c->account.scopes));
}

static enum rc row_print(void *ctx, const struct token_row *r, struct err *err)
{
	struct listing *l = ctx;
	char created[25], expires[25], used[25], roles[128];

	(void)err;
	if (!may_list(l->c, r->account))
		return RC_OK;
	account_roles_text(roles, sizeof(roles), r->roles);
	time_format(created, r->created_ms);
	time_format(expires, r->expires_ms);
	if (!l->c->json) {
		printf("%s  %-12s %-8s %-20s until %s, last used %s  %s in "
		       "%s%s\n",
		       r->id, r->account, state_of(l->c, r), r->label, expires,
		       when(used, r->used_ms, "never"), roles, r->scopes,
		       r->is_reader ? ", read only" : "");
		return RC_OK;
	}
	json_array_append_new(
		l->all,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
			  "s:b}",
			  "id", r->id, "account", r->account, "label", r->label,
			  "state", state_of(l->c, r), "roles", roles, "scopes",
			  r->scopes, "created", created, "created_by",
			  r->created_by, "expires", expires, "last_used",
			  when(used, r->used_ms, "never"), "read_only",
			  r->is_reader));
	return RC_OK;
}

static int list(struct cli *c, const char *name)
{
	struct listing l = { .c = c };
	int code = cli_open(c);

	if (code != EXIT_DONE)
		return code;
	if (name && !may_list(c, name)) {
		err_set(&c->err, RC_DENIED,
			"account '%s' may not list tokens of account '%s'",
			c->account.name, name);
		return cli_fail(c, &c->err);
	}
	l.all = json_array();
	if (token_each(c->store, name, row_print, &l, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("tokens", json_incref(l.all));
	json_decref(l.all);
	return code;
}

static int revoke(struct cli *c, const struct wanted *w)
{
	struct audit_by by;
	int code;

	if (!w->name)
		return cli_misuse(c, "name the token by its id or label");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	by = op_by(&c->op);
	if (token_revoke(c->store, &c->account, w->account, w->name, &by,
			 &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s}", "token", w->name, "state",
				   "revoked"));
	else
		printf("revoked token %s\n", w->name);
	return EXIT_DONE;
}

int cmd_token(struct cli *c)
{
	struct wanted w = { 0 };
	const char *words[3] = { NULL, NULL, NULL };
	/* --scope is a list of prefixes here, not the scope of a command. */
	const struct cli_option own[] = { { "--label", &w.label, NULL },
					  { "--role", &w.role, NULL },
					  { "--scope", &w.scopes, NULL },
					  { "--agency", &w.agency, NULL },
					  { "--days", &w.days, NULL },
					  { "--account", &w.account, NULL },
					  { "--read-only", NULL, &w.is_reader },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	w.name = words[1];
	if (words[0] && !strcmp(words[0], "make"))
		return make(c, &w);
	if (words[0] && !strcmp(words[0], "list"))
		return list(c, w.name);
	if (words[0] && !strcmp(words[0], "revoke"))
		return revoke(c, &w);
	return cli_misuse(c, "say make, list or revoke");
}

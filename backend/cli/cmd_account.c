/* cli/cmd_account.c - `hufud account`: people who work at the office. */
#include "cli/cli.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hex.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud account add NAME --role R[,R...] --scope S[,S...] "
	"[--agency A[,A...]]\n"
	"                         [--password-file F]\n"
	"       hufud account list [--json]\n"
	"       hufud account show NAME [--json]\n"
	"       hufud account disable | enable NAME\n"
	"       hufud account set-password NAME [--password-file F]\n"
	"       hufud account set-scopes NAME [--scope S[,S...]] [--agency "
	"A[,A...] | --agency '*']\n"
	"       hufud account set-roles NAME --role R[,R...]\n"
	"\n"
	"Roles: inspector, coordinator, analyst, auditor, administrator. "
	"Scopes are "
	"division prefixes\n"
	"(33, 3301, 330106), catalog, or '*'. Agencies are ids of records of "
	"the kind agency;\n"
	"without --agency it is all of them. The password comes from the "
	"file's first line\n"
	"or from a prompt; without a terminal and without a file a new "
	"account has none and\n"
	"can only be used by commands on this machine. Stored as Argon2id.\n"
	"\n"
	"An administrator changes accounts whose scopes are within the own, "
	"but not the own\n"
	"roles, scopes and agencies; everybody may set the own password. A "
	"disabled account and\n"
	"a new password end the account's sessions; a disabled account's "
	"tokens do nothing. The\n"
	"last administrator can not be disabled.\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

#define PASSWORD_MAX 256

static enum rc line_read(FILE *f, char out[PASSWORD_MAX], struct err *err)
{
	if (!fgets(out, PASSWORD_MAX, f))
		return err_set(err, RC_INVALID, "the password is empty");
	out[strcspn(out, "\r\n")] = '\0';
	return strlen(out) >= 8 ? RC_OK
				: err_set(err, RC_INVALID,
					  "a password has at least 8 "
					  "characters");
}

static enum rc password_ask(char out[PASSWORD_MAX], struct err *err)
{
	struct termios old, silent;
	enum rc rc;

	fputs("password: ", stderr);
	tcgetattr(STDIN_FILENO, &old);
	silent = old;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSANOW, &silent);
	rc = line_read(stdin, out, err);
	tcsetattr(STDIN_FILENO, TCSANOW, &old);
	fputc('\n', stderr);
	return rc;
}

/* *given: is there a password at all? */
static enum rc password_get(const char *file, char out[PASSWORD_MAX],
			    bool *given, struct err *err)
{
	FILE *f;
	enum rc rc;

	*given = file || isatty(STDIN_FILENO);
	if (!file)
		return *given ? password_ask(out, err) : RC_OK;
	f = fopen(file, "r");
	if (!f)
		return err_set(err, RC_NOT_FOUND, "cannot read '%s': %s", file,
			       strerror(errno));
	rc = line_read(f, out, err);
	fclose(f);
	return rc;
}

int cli_roles(struct cli *c, const char *text, unsigned *out)
{
	char word[32];

	*out = 0;
	if (!*text)
		return cli_misuse(c, "name a role, or leave --role out");
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, ",");
		unsigned role;

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		role = role_parse(word);
		if (!role || role & ROLES_OF_NOBODY)
			return cli_misuse(c, "'%s' is no role of an account",
					  word);
		*out |= role;
		at += n + (at[n] == ',');
	}
	return EXIT_DONE;
}

struct wanted {
	const char *name, *role, *scopes, *agency, *file;
};

/* Carry a change out and say so in one line. */
static int change(struct cli *c, struct account_change *ch, const char *done)
{
	struct audit_by by = op_by(&c->op);

	if (account_change(c->store, &c->account, ch, &by, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s}", "name", ch->name, "outcome",
				   done));
	else
		printf("account %s: %s\n", ch->name, done);
	return EXIT_DONE;
}

static int add_one(struct cli *c, const struct wanted *w,
		   struct account_change *ch)
{
	char password[PASSWORD_MAX];
	bool given = false;
	struct audit_by by = op_by(&c->op);
	enum rc rc = RC_OK;

	if (!(c->account.roles & ROLE_ADMINISTRATOR))
		rc = err_set(&c->err, RC_DENIED,
			     "only an administrator adds accounts");
	if (rc == RC_OK)
		rc = password_get(w->file, password, &given, &c->err);
	ch->password = given ? password : NULL;
	if (rc == RC_OK)
		rc = account_change(c->store, &c->account, ch, &by, &c->err);
	wipe(password, sizeof(password));
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s, s:b}", "name", w->name,
				   "roles", w->role, "scopes", w->scopes,
				   "password", (int)given));
	else
		printf("added account %s: %s in %s%s\n", w->name, w->role,
		       w->scopes, given ? "" : ", without a password");
	return EXIT_DONE;
}

static int add(struct cli *c, const struct wanted *w)
{
	struct account_change ch = { .name = w->name,
				     .is_new = true,
				     .scopes = w->scopes,
				     .agency = w->agency };
	int code;

	if (!w->name || !w->role || !w->scopes)
		return cli_misuse(c, "name the account, --role and --scope");
	code = cli_roles(c, w->role, &ch.roles);
	if (code != EXIT_DONE)
		return code;
	if (!name_is_id(w->name))
		return cli_misuse(c, "a name is 1 to 32 of a-z and 0-9");
	if (!account_scopes_are_legal(w->scopes))
		return cli_misuse(c, "'%s' are no scopes", w->scopes);
	code = cli_open(c);
	return code == EXIT_DONE ? add_one(c, w, &ch) : code;
}

static int set_password(struct cli *c, const struct wanted *w)
{
	struct account_change ch = { .name = w->name };
	char password[PASSWORD_MAX];
	bool given = false;
	int code = cli_open(c);

	if (code != EXIT_DONE)
		return code;
	if (password_get(w->file, password, &given, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	ch.password = password;
	if (given)
		code = change(c, &ch, "password set");
	else
		code = cli_misuse(c, "no password: --password-file FILE, or "
				     "from a terminal");
	wipe(password, sizeof(password));
	return code;
}

static int set_state(struct cli *c, const struct wanted *w, bool enable)
{
	struct account_change ch = { .name = w->name,
				     .state = enable ? ACCOUNT_ENABLE
						     : ACCOUNT_DISABLE };
	int code = cli_open(c);

	return code == EXIT_DONE
		       ? change(c, &ch, enable ? "enabled" : "disabled")
		       : code;
}

static int set_scopes(struct cli *c, const struct wanted *w)
{
	struct account_change ch = { .name = w->name,
				     .scopes = w->scopes,
				     .agency = w->agency };
	int code;

	if (!w->scopes && !w->agency)
		return cli_misuse(c, "give --scope or --agency");
	if (w->scopes && !account_scopes_are_legal(w->scopes))
		return cli_misuse(c, "'%s' are no scopes", w->scopes);
	code = cli_open(c);
	return code == EXIT_DONE ? change(c, &ch, "scopes set") : code;
}

static int set_roles(struct cli *c, const struct wanted *w)
{
	struct account_change ch = { .name = w->name };
	int code;

	if (!w->role)
		return cli_misuse(c, "give --role");
	code = cli_roles(c, w->role, &ch.roles);
	if (code == EXIT_DONE)
		code = cli_open(c);
	return code == EXIT_DONE ? change(c, &ch, "roles set") : code;
}

static json_t *row_json(struct query *q, const char *roles)
{
	json_t *row = json_pack(
		"{s:s, s:s, s:s, s:b, s:s, s:s}", "name", query_get_text(q, 0),
		"roles", roles, "scopes", query_get_text(q, 2), "password",
		(int)query_get_int(q, 3), "agency",
		query_is_null(q, 4) ? "*" : query_get_text(q, 4), "state",
		query_get_text(q, 5));
	char when[25];

	if (query_get_int(q, 6)) {
		time_format(when, query_get_int(q, 6));
		json_object_set_new(row, "changed", json_string(when));
	}
	return row;
}

/* All accounts, or the one of that name. */
static int list(struct cli *c, const char *name)
{
	int code = cli_open(c);
	json_t *all, *row = NULL;
	char roles[128];
	struct query *q;

	if (code != EXIT_DONE)
		return code;
	all = json_array();
	q = query_begin(c->store->db, SQL_ACCOUNT_LIST);
	query_text(q, 1, name);
	while (query_row(q)) {
		account_roles_text(roles, sizeof(roles),
				   (unsigned)query_get_int(q, 1));
		row = row_json(q, roles);
		json_array_append_new(all, row);
		if (!c->json)
			printf("%-16s  %-40s  %s%s%s%s\n", query_get_text(q, 0),
			       roles, query_get_text(q, 2),
			       query_is_null(q, 4) ? "" : "  of ",
			       query_is_null(q, 4) ? "" : query_get_text(q, 4),
			       strcmp(query_get_text(q, 5), "active")
				       ? "  disabled"
				       : "");
	}
	if (query_end(q, &c->err) != RC_OK ||
	    (name && !row &&
	     err_set(&c->err, RC_NOT_FOUND, "there is no account '%s'", name)))
		code = cli_fail(c, &c->err);
	else if (c->json && name)
		cli_json(json_incref(row));
	else if (c->json)
		cli_json_list("accounts", json_incref(all));
	json_decref(all);
	return code;
}

int cmd_account(struct cli *c)
{
	struct wanted w = { 0 };
	const char *words[3] = { NULL, NULL, NULL };
	/* --scope is a list of prefixes here, not the scope of a command. */
	const struct cli_option own[] = { { "--role", &w.role, NULL },
					  { "--scope", &w.scopes, NULL },
					  { "--agency", &w.agency, NULL },
					  { "--password-file", &w.file, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 2);
	const char *verb = words[0] ? words[0] : "";

	if (code != EXIT_DONE)
		return code;
	w.name = words[1];
	if (w.agency && !*w.agency)
		return cli_misuse(c, "name an agency, or '*' for all of them");
	if (w.agency && !strcmp(w.agency, "*"))
		w.agency = "";
	if (!strcmp(verb, "add"))
		return add(c, &w);
	if (!strcmp(verb, "list") && !w.name)
		return list(c, NULL);
	if (!w.name)
		return cli_misuse(c, "say add, list, or what to do with which "
				     "account");
	if (!strcmp(verb, "show"))
		return list(c, w.name);
	if (!strcmp(verb, "disable") || !strcmp(verb, "enable"))
		return set_state(c, &w, *verb == 'e');
	if (!strcmp(verb, "set-password"))
		return set_password(c, &w);
	if (!strcmp(verb, "set-scopes"))
		return set_scopes(c, &w);
	if (!strcmp(verb, "set-roles"))
		return set_roles(c, &w);
	return cli_misuse(c, "what is '%s' for?", verb);
}

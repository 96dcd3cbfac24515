/* cli/cmd_account.c - `hufud account`: people who work at the office. */
#include "cli/cli.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include "base/hex.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud account add NAME --role R[,R...] --scope S[,S...] "
	"[--password-file F]\n"
	"       hufud account list [--json]\n"
	"\n"
	"Roles: coordinator, analyst, auditor, administrator. Scopes are "
	"division prefixes\n"
	"(33, 3301, 330106), catalog, or '*'. The password comes from the "
	"file's first line\n"
	"or from a prompt; without a terminal and without a file the account "
	"has none and\n"
	"can only be used by commands on this machine. Stored as Argon2id.\n"
	"\nOptions: --data DIR\n";

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

static int roles_parse(struct cli *c, const char *text, unsigned *out)
{
	char word[32];

	*out = 0;
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, ",");
		unsigned role;

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		role = role_parse(word);
		if (!role || role == ROLE_SERVER || role == ROLE_IMPORT ||
		    role == ROLE_INSPECTOR)
			return cli_misuse(c, "'%s' is no role of an account",
					  word);
		*out |= role;
		at += n + (at[n] == ',');
	}
	return EXIT_DONE;
}

struct wanted {
	const char *name, *role, *scopes, *file;
};

static int add(struct cli *c, const struct wanted *w)
{
	char password[PASSWORD_MAX];
	unsigned roles;
	bool given = false;
	enum rc rc = RC_OK;
	int code;

	if (!w->name || !w->role || !w->scopes)
		return cli_misuse(c, "name the account, --role and --scope");
	code = roles_parse(c, w->role, &roles);
	if (code != EXIT_DONE)
		return code;
	if (!name_is_id(w->name))
		return cli_misuse(c, "a name is 1 to 32 of a-z and 0-9");
	if (!account_scopes_are_legal(w->scopes))
		return cli_misuse(c, "'%s' are no scopes", w->scopes);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (!(c->account.roles & ROLE_ADMINISTRATOR))
		rc = err_set(&c->err, RC_DENIED,
			     "only an administrator adds accounts");
	if (rc == RC_OK)
		rc = password_get(w->file, password, &given, &c->err);
	if (rc == RC_OK)
		rc = account_add(c->store, w->name, roles, w->scopes,
				 given ? password : NULL, &c->err);
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

static void roles_text(char *out, size_t n, unsigned roles)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned bit = 1; bit <= ROLE_SERVER; bit <<= 1)
		if (roles & bit && at < n)
			at += (size_t)snprintf(out + at, n - at, "%s%s",
					       at ? "," : "", role_name(bit));
}

static int list(struct cli *c)
{
	int code = cli_open(c);
	struct query *q;
	json_t *all;
	char roles[128];

	if (code != EXIT_DONE)
		return code;
	all = json_array();
	q = query_begin(c->store->db, SQL_ACCOUNT_LIST);

	while (query_row(q)) {
		roles_text(roles, sizeof(roles), (unsigned)query_get_int(q, 1));
		if (c->json) {
			json_array_append_new(
				all, json_pack("{s:s, s:s, s:s, s:b}", "name",
					       query_get_text(q, 0), "roles",
					       roles, "scopes",
					       query_get_text(q, 2), "password",
					       (int)query_get_int(q, 3)));
		} else {
			printf("%-16s  %-40s  %s\n", query_get_text(q, 0),
			       roles, query_get_text(q, 2));
		}
	}
	if (query_end(q, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
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
					  { "--password-file", &w.file, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	w.name = words[1];
	if (words[0] && !strcmp(words[0], "add"))
		return add(c, &w);
	if (words[0] && !strcmp(words[0], "list") && !w.name)
		return list(c);
	return cli_misuse(c, "say add or list");
}

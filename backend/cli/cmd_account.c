/* cli/cmd_account.c - `hufud account`: people who work at the office. */
#include "cli/cli.h"

#include <termios.h>
#include <unistd.h>

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
		return err_set(err, RC_NOT_FOUND, "cannot read '%s'", file);
	rc = line_read(f, out, err);
	fclose(f);
	return rc;
}

static enum rc roles_parse(const char *text, unsigned *out, struct err *err)
{
	char word[32];

	*out = 0;
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, ",");
		unsigned role;

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		role = role_parse(word);
		if (!role || role == ROLE_SERVER || role == ROLE_INSPECTOR)
			return err_set(err, RC_INVALID,
				       "'%s' is no role of an account", word);
		*out |= role;
		at += n + (at[n] == ',');
	}
	return RC_OK;
}

static int add(struct cli *c, const char *name, const char *role,
	       const char *file)
{
	char password[PASSWORD_MAX];
	unsigned roles;
	bool given;
	enum rc rc;

	if (!name || !role || !c->scope)
		return cli_misuse(c, "name the account, --role and --scope");
	rc = roles_parse(role, &roles, &c->err);
	if (rc == RC_OK && !(c->account.roles & ROLE_ADMINISTRATOR))
		rc = err_set(&c->err, RC_DENIED,
			     "only an administrator adds accounts");
	if (rc == RC_OK)
		rc = password_get(file, password, &given, &c->err);
	if (rc == RC_OK)
		rc = account_add(c->store, name, roles, c->scope,
				 given ? password : NULL, &c->err);
	wipe(password, sizeof(password));
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	printf("added account %s: %s in %s%s\n", name, role, c->scope,
	       given ? "" : ", without a password");
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
	struct query *q = query_begin(c->store->db, SQL_ACCOUNT_LIST);
	char roles[128];

	while (query_row(q)) {
		roles_text(roles, sizeof(roles), (unsigned)query_get_int(q, 1));
		if (c->json) {
			json_t *o =
				json_pack("{s:s, s:s, s:s, s:b}", "name",
					  query_get_text(q, 0), "roles", roles,
					  "scopes", query_get_text(q, 2),
					  "password", (int)query_get_int(q, 3));

			cli_json(o);
			json_decref(o);
		} else {
			printf("%-16s  %-40s  %s\n", query_get_text(q, 0),
			       roles, query_get_text(q, 2));
		}
	}
	return query_end(q, &c->err) == RC_OK ? EXIT_DONE
					      : cli_fail(c, &c->err);
}

int cmd_account(struct cli *c)
{
	const char *role = NULL, *file = NULL;
	const char *words[3] = { NULL, NULL, NULL };
	const struct cli_option own[] = { { "--role", &role, NULL },
					  { "--password-file", &file, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || (strcmp(words[0], "add") && strcmp(words[0], "list")))
		return cli_misuse(c, "say add or list");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	return !strcmp(words[0], "add") ? add(c, words[1], role, file)
					: list(c);
}

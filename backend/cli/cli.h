/* cli/cli.h - what the commands of `hufud` share.
 *
 * A command is a function in cmd_<name>.c and a line in the table of main.c.
 * Exit codes: 0 done, 1 failure, 2 bad use, 3 done but rows were refused. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "ledger/ledger.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USE = 2, EXIT_PARTLY = 3 };

struct cli {
	const char *program; /* "hufud draw" */
	int argc; /* what stands behind the command's name */
	char **argv;
	/* set by cli_options: */
	const char *data, *scope, *as;
	bool json;
	struct store *store; /* after cli_open */
	struct account account;
	struct op op;
	struct err err;
};

/* One option of a command: "--out" with an argument goes to *value (NULL
 * target: a flag, see `flag`). The table ends with a NULL name. */
struct cli_option {
	const char *name;
	const char **value;
	bool *flag;
};

/* Parse argv: the shared options (--data, --scope, --as, --json, --help) and
 * the command's own; what is left are `words` (at most max, NULL-ended).
 * Answers EXIT_DONE, or prints what is wrong and answers EXIT_USE; --help
 * prints `usage` and ends the program with 0. */
int cli_options(struct cli *c, const struct cli_option *own, const char *usage,
		const char **words, size_t max);
/* Open the data folder (--data or HUFU_DATA) and the account (--as,
 * HUFU_ACCOUNT, or "admin"); fills c->op. EXIT_DONE or EXIT_FAILED after a
 * message. */
int cli_open(struct cli *c);
/* --scope, or a message and false when it is missing. */
bool cli_needs_scope(struct cli *c);
/* May the account read this kind (NULL: anything) of --scope? After cli_open.
 * False after a message. */
bool cli_may_read(struct cli *c, const char *kind);
/* Print "hufud draw: message" and answer the exit code. */
int cli_fail(struct cli *c, const struct err *err);
int cli_misuse(struct cli *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Print a JSON object and a line feed on stdout. */
void cli_json(const json_t *object);
/* Progress on stderr, only when it is a terminal. */
void cli_progress(void *ctx, size_t done, size_t total);

typedef int command_fn(struct cli *c);
command_fn cmd_init, cmd_serve, cmd_account, cmd_terminal, cmd_import, cmd_draw,
	cmd_rate, cmd_export, cmd_show, cmd_set, cmd_conflicts, cmd_check,
	cmd_mirror, cmd_kind, cmd_key;

#endif

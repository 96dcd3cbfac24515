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
	char scope_found[16]; /* by cli_scope */
	bool scope_hidden; /* likewise: the record is in a scope of others */
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
 * HUFU_ACCOUNT, or "admin"); fills c->op. EXIT_DONE, or another after a
 * message. What is wrong with the words alone is told before. */
int cli_open(struct cli *c);
/* Its two parts, for who makes the folder: the folder's name and the libraries;
 * and, with c->store open, who acts. */
int cli_begin(struct cli *c);
enum rc cli_act_as(struct cli *c, const char *account);
/* After cli_open: c->scope becomes the scope that the command is about.
 * The catalog for kinds that live there; else --scope; else where the record
 * `id` of `kind` is (both may be NULL), or the account's only scope, or the
 * store's only county. EXIT_USE after a message that lists the scopes when it
 * could be several, EXIT_FAILED when there is no such kind. */
int cli_scope(struct cli *c, const char *kind, const char *id);
/* For a command of one record, `KIND ID`: options (its own or NULL), folder,
 * scope, and the right to read it. EXIT_DONE, or another after a message. */
int cli_record(struct cli *c, const struct cli_option *own, const char *usage,
	       const char **words);
/* "Li (o1)" for an officer of the scope; whoever has no name there is an
 * account: its id, behind `otherwise`. */
void cli_author_print(struct cli *c, const char *id, const char *otherwise);
/* May the account read this kind (NULL: anything) of c->scope? After cli_scope.
 * False after a message. */
bool cli_may_read(struct cli *c, const char *kind);
/* What was read is in the audit log where the kind is of class L3 or L4; before
 * it is shown. `id` NULL: several, `detail` says which. EXIT_DONE, or
 * EXIT_FAILED after a message. */
int cli_was_read(struct cli *c, const char *kind, const char *id,
		 const char *detail);
/* "coordinator,analyst" to bits; EXIT_USE after a message. */
int cli_roles(struct cli *c, const char *text, unsigned *out);
/* Is the audit log whole, also beside a head that was kept (or NULL)? *report
 * is a new reference, NULL where it could not be walked. */
enum rc cli_audit_verify(struct cli *c, const struct audit_head *kept,
			 json_t **report);
void cli_audit_print(const json_t *report);
/* Print "hufud draw: message" and answer the exit code. What was not allowed
 * goes to the audit log, unless the ledger told it. */
int cli_fail(struct cli *c, const struct err *err);
int cli_misuse(struct cli *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Print a JSON object and a line feed on stdout; takes the reference. */
void cli_json(json_t *object);
/* The same of {name: [...]}: how every list is printed. */
void cli_json_list(const char *name, json_t *list);
/* Progress on stderr, only when it is a terminal. */
void cli_progress(void *ctx, size_t done, size_t total);

/* For a command's --help. */
#define CLI_SCOPE_USAGE                                                        \
	"Without --scope it is where the record is, the account's only "       \
	"scope, or the only\ncounty of the folder.\n"

typedef int command_fn(struct cli *c);
command_fn cmd_call, cmd_division;
command_fn cmd_form, cmd_visit, cmd_rectification, cmd_evidence;
command_fn cmd_search;
command_fn cmd_init, cmd_serve, cmd_account, cmd_terminal, cmd_import, cmd_draw,
	cmd_rate, cmd_rating, cmd_export, cmd_show, cmd_set, cmd_conflicts,
	cmd_check, cmd_mirror, cmd_rebuild, cmd_epoch, cmd_kind, cmd_key,
	cmd_quarantine, cmd_history, cmd_blame, cmd_status, cmd_audit,
	cmd_token, cmd_bundle, cmd_rescue;

#endif

/* main.c - hufud: one program, a command for each thing that the office does.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct command {
	const char *name;
	command_fn *run;
	const char *what;
} commands[] = {
	{ "init", cmd_init, "make a data folder" },
	{ "serve", cmd_serve, "answer tablets" },
	{ "account", cmd_account, "accounts of the office" },
	{ "token", cmd_token, "tokens for programs" },
	{ "audit", cmd_audit, "who did what, and is that all of it" },
	{ "terminal", cmd_terminal, "enrol, list and revoke tablets" },
	{ "import", cmd_import, "take in CSV files" },
	{ "division", cmd_division, "divisions as of a day" },
	{ "draw", cmd_draw, "draw subjects and officers at random" },
	{ "rate", cmd_rate, "rate the credit of subjects" },
	{ "rating", cmd_rating, "one subject's credit, explained" },
	{ "export", cmd_export, "write records as files" },
	{ "form", cmd_form, "load and list checklists" },
	{ "visit", cmd_visit, "a visit's checklist and its verdict" },
	{ "rectification", cmd_rectification,
	  "orders to correct, and which are late" },
	{ "evidence", cmd_evidence, "files of evidence that have not come" },
	{ "search", cmd_search, "find records by a fragment of name or code" },
	{ "show", cmd_show, "show a record and its history" },
	{ "history", cmd_history, "tell who changed which field when" },
	{ "blame", cmd_blame, "tell who last changed each field" },
	{ "set", cmd_set, "change fields of a record" },
	{ "conflicts", cmd_conflicts, "list and decide conflicts" },
	{ "quarantine", cmd_quarantine, "list what may not be merged" },
	{ "status", cmd_status, "where each scope stands" },
	{ "check", cmd_check, "check that what is stored fits together" },
	{ "rebuild", cmd_rebuild, "make tables and trees again from the log" },
	{ "rescue", cmd_rescue, "what was on terminals that were wiped" },
	{ "bundle", cmd_bundle, "take in syncs that come as files" },
	{ "epoch", cmd_epoch, "say that the folder came from a backup" },
	{ "mirror", cmd_mirror, "write the log as a Git repository" },
	{ "kind", cmd_kind, "add or extend a kind of records" },
	{ "key", cmd_key, "keys of sealed records" },
	{ "call", cmd_call, "any operation of the API" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int usage(FILE *out, int code)
{
	fputs("usage: hufud COMMAND [--data DIR] [--scope S] [--as ACCOUNT] "
	      "[--json] ...\n\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-13s %s\n", commands[i].name,
			commands[i].what);
	fputs("\n'hufud COMMAND --help' says more. DIR is also taken from "
	      "HUFU_DATA,\nACCOUNT from HUFU_ACCOUNT (or it is admin). Exit: "
	      "0 done, 1 failed,\n2 bad use, 3 done but rows were refused.\n",
	      out);
	return code;
}

static int run(const struct command *command, int argc, char **argv)
{
	char program[32];
	struct cli c = { .program = program, .argc = argc, .argv = argv };
	int code;

	snprintf(program, sizeof(program), "hufud %s", command->name);
	code = command->run(&c);
	store_close(c.store);
	/* What was printed to a full disk or a closed pipe was not done. */
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		perror(program);
		code = EXIT_FAILED;
	}
	return code;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	/* Whatever is written here is nobody else's to read. */
	umask(077);

	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
		return usage(stdout, EXIT_DONE);
	if (strcmp(name, "--version") == 0) {
		puts("hufud " VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return run(&commands[i], argc - 2, argv + 2);
	if (*name)
		fprintf(stderr, "hufud: there is no command '%s'\n", name);
	return usage(stderr, EXIT_USE);
}

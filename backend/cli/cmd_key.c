/* cli/cmd_key.c - `hufud key`: the end of personal data. */
#include "cli/cli.h"

static const char usage[] =
	"usage: hufud key destroy SUBJECT --reason TEXT [--scope S] [--as "
	"ACCOUNT] [--json]\n"
	"\n"
	"Destroys the key of a subject's sealed records, for ever: nobody can "
	"read them again,\n"
	"in no copy, backup or clone; tablets forget their plain rows at "
	"their next sync. The\n"
	"history and every root stay valid. Only an administrator may.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR\n";

int cmd_key(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL }, *reason = NULL;
	const struct cli_option own[] = { { "--reason", &reason, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || strcmp(words[0], "destroy") != 0 || !words[1])
		return cli_misuse(c, "say destroy, and which subject");
	if (!reason || !*reason)
		return cli_misuse(c, "give a reason: --reason TEXT");
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, "subject", words[1]);
	if (code != EXIT_DONE)
		return code;
	if (ledger_shred(&c->op, c->scope, words[1], reason) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s, s:s, s:s}", "subject", words[1],
				   "scope", c->scope, "state", "destroyed"));
	else
		printf("destroyed the key of subject %s\n", words[1]);
	return EXIT_DONE;
}

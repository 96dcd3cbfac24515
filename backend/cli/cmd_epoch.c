/* cli/cmd_epoch.c - `hufud epoch`: this folder came back from a backup. */
#include "cli/cli.h"

#include <stdio.h>

#include "ledger/rebuild.h"

static const char usage[] =
	"usage: hufud epoch [new --reason TEXT] [--as ACCOUNT] [--json]\n"
	"\n"
	"Says the folder's epoch, or begins another one: once, after a restore "
	"from a backup\n"
	"and before the service starts. Tablets that are ahead of the backup "
	"find it out at\n"
	"their next sync all the same, compare halves, and send again what "
	"was lost here; the\n"
	"epoch tells everybody, in each main commit and answer, that it "
	"happened. Only an\n"
	"administrator of all scopes may.\n"
	"\nOptions: --data DIR\n";

int cmd_epoch(struct cli *c)
{
	const char *words[2] = { NULL, NULL }, *reason = NULL;
	const struct cli_option own[] = { { "--reason", &reason, NULL },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 1);

	if (code != EXIT_DONE)
		return code;
	if (words[0] && strcmp(words[0], "new") != 0)
		return cli_misuse(c, "say new, or nothing");
	if (words[0] && (!reason || !*reason))
		return cli_misuse(c, "give a reason: --reason TEXT");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (words[0] && ledger_epoch_new(&c->op, reason) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:s}", "epoch", c->store->epoch));
	else
		printf("epoch %s\n", c->store->epoch);
	return EXIT_DONE;
}

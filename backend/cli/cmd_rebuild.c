/* cli/cmd_rebuild.c - `hufud rebuild`: what follows from the log, from the log.
 */
#include "cli/cli.h"

#include <stdio.h>

#include "ledger/rebuild.h"
#include "mirror/mirror.h"

static const char usage[] =
	"usage: hufud rebuild [--mirror] [--as ACCOUNT] [--json]\n"
	"\n"
	"Makes the kinds' tables and the trees of all scopes again from the "
	"log, in one\n"
	"transaction, and compares every root with the one that was signed: "
	"for a folder\n"
	"in which 'hufud check' finds a damaged row, leaf or node. With "
	"--mirror the Git\n"
	"mirror is thrown away and written again, too (the same ids). Only an "
	"administrator\n"
	"of all scopes may.\n"
	"\nOptions: --data DIR\n";

static enum rc mirror_remake(struct cli *c)
{
	struct mirror *m = NULL;
	enum rc rc = mirror_forget(c->store, &c->err);

	if (rc == RC_OK)
		rc = mirror_open(&m, c->store, &c->err);
	if (rc == RC_OK)
		rc = mirror_update(m, cli_progress, NULL, &c->err);
	mirror_close(m);
	return rc;
}

int cmd_rebuild(struct cli *c)
{
	const char *words[1] = { NULL };
	bool mirror = false;
	const struct cli_option own[] = { { "--mirror", NULL, &mirror },
					  { NULL, NULL, NULL } };
	struct rebuilt r;
	int code = cli_options(c, own, usage, words, 0);
	enum rc rc;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	rc = ledger_rebuild(&c->op, cli_progress, NULL, &r);
	if (rc == RC_OK && mirror)
		rc = mirror_remake(c);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json)
		cli_json(json_pack("{s:I, s:I, s:b}", "scopes",
				   (json_int_t)r.scopes, "records",
				   (json_int_t)r.records, "mirror", mirror));
	else
		printf("made again: %lld records of %zu scopes%s\n",
		       (long long)r.records, r.scopes,
		       mirror ? ", and the mirror" : "");
	return EXIT_DONE;
}

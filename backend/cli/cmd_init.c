/* cli/cmd_init.c - `hufud init`: make a data folder. */
#include "cli/cli.h"

#include <unistd.h>

#include "cli/schema_dir.h"
#include "contract/contract.h"
#include "object/sshsig.h"

static const char usage[] =
	"usage: hufud init --data DIR [--schema DIR] [--json]\n"
	"\n"
	"Makes a data folder: the database, the server's signing key, the "
	"catalog with\n"
	"its kinds (from DIR/kinds/*.json; found beside the program by "
	"default), and the\n"
	"account \"admin\" (coordinator, analyst, administrator; all scopes), "
	"without a\npassword, for the commands.\n";

static enum rc found(struct cli *c, const char *schema)
{
	enum rc rc =
		store_open(&c->store, c->data, &host_system, false, &c->err);

	if (rc == RC_OK)
		rc = account_add(c->store, "admin",
				 ROLE_ADMINISTRATOR | ROLE_COORDINATOR |
					 ROLE_ANALYST,
				 "*", NULL, &c->err);
	if (rc == RC_OK)
		rc = cli_act_as(c, "admin");
	return rc == RC_OK ? ledger_found(&c->op, schema) : rc;
}

/* Before anything is made: with these kinds there has to be an API. */
static enum rc kinds_try(const char *schema, struct err *err)
{
	struct registry *kinds = NULL;
	struct contract *contract = NULL;
	struct buf folder;
	enum rc rc = registry_new(&kinds, err);

	buf_init(&folder, 4096);
	buf_printf(&folder, "%s/kinds", schema);
	if (rc == RC_OK)
		rc = buf_status(&folder, err);
	if (rc == RC_OK)
		rc = registry_load_folder(kinds, folder.data, err);
	if (rc == RC_OK)
		rc = contract_new(&contract, kinds, err);
	contract_free(contract);
	registry_free(kinds);
	buf_release(&folder);
	return rc;
}

static void report(struct cli *c)
{
	char key[SSH_PUBLIC_TEXT_MAX];

	ssh_public_text(key, c->store->key.public);
	if (c->json) {
		cli_json(json_pack(
			"{s:s, s:s, s:s, s:I}", "data", c->data, "epoch",
			c->store->epoch, "server_key", key, "kinds",
			(json_int_t)registry_count(c->store->kinds)));
		return;
	}
	printf("made %s: epoch %s, %zu kinds\nserver key %s\n", c->data,
	       c->store->epoch, registry_count(c->store->kinds), key);
}

int cmd_init(struct cli *c)
{
	const char *schema = NULL, *words[1] = { NULL };
	const struct cli_option own[] = { { "--schema", &schema, NULL },
					  { NULL, NULL, NULL } };
	char *dir;
	int code = cli_options(c, own, usage, words, 0);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	code = cli_begin(c);
	if (code != EXIT_DONE)
		return code;
	dir = schema_dir(schema, &c->err);
	if (!dir)
		return cli_fail(c, &c->err);
	rc = kinds_try(dir, &c->err);
	if (rc == RC_OK)
		rc = store_init(c->data, &host_system, false, &c->err);
	if (rc == RC_OK)
		rc = found(c, dir);
	free(dir);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	report(c);
	return EXIT_DONE;
}

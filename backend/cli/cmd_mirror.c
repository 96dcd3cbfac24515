/* cmd_mirror.c - hufud mirror: the log as a Git repository. */
#include "cli/cli.h"

#include <stdio.h>

#include "mirror/mirror.h"

static const char usage[] =
	"usage: hufud mirror --data DIR [--json]\n"
	"\n"
	"Brings DIR/mirror.git up to date: an ordinary bare Git repository\n"
	"with the main line of every scope (refs/heads/SCOPE) and what every\n"
	"author wrote (refs/journals/SCOPE/JOURNAL). Auditors clone it and\n"
	"check every signature:\n"
	"\n"
	"  git clone DIR/mirror.git copy\n"
	"  git -C copy -c gpg.ssh.allowedSignersFile=DIR/mirror.git/"
	"allowed_signers \\\n"
	"      verify-commit origin/SCOPE\n"
	"\n"
	"It may run beside 'hufud serve'. Deleting mirror.git and mirror.db\n"
	"loses nothing: the next run makes the same ids again.";

struct listing {
	bool json;
	json_t *scopes;
};

static enum rc scope_print(void *ctx, const struct mirror_scope *s,
			   struct err *err)
{
	struct listing *list = ctx;
	char head[OID_HEX_SIZE];

	(void)err;
	oid_hex(head, &s->head);
	if (list->json)
		json_array_append_new(
			list->scopes,
			json_pack("{s:s, s:I, s:I, s:I, s:s}", "scope",
				  s->scope, "commits", (json_int_t)s->commits,
				  "packets", (json_int_t)s->packets, "position",
				  (json_int_t)s->position, "head", head));
	else
		printf("%-8s %8lld commits %8lld packets  %s\n", s->scope,
		       (long long)s->commits, (long long)s->packets, head);
	return RC_OK;
}

int cmd_mirror(struct cli *c)
{
	const char *words[1] = { 0 };
	struct listing list = { 0 };
	struct mirror *m = NULL;
	int code = cli_options(c, NULL, usage, words, 0);
	enum rc rc;

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	list.json = c->json;
	list.scopes = json_array();
	rc = mirror_open(&m, c->store, &c->err);
	if (rc == RC_OK)
		rc = mirror_update(m, cli_progress, NULL, &c->err);
	if (rc == RC_OK)
		rc = mirror_each(m, scope_print, &list, &c->err);
	mirror_close(m);
	if (rc == RC_OK && c->json) {
		cli_json_list("scopes", json_incref(list.scopes));
	}
	json_decref(list.scopes);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

/* cli/cmd_blame.c - `hufud blame`: who last changed each field. */
#include "cli/cli.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/blame.h"
#include "store/past.h"

static const char usage[] =
	"usage: hufud blame KIND ID [--as-of DATE|POSITION] [--scope S] "
	"[--json]\n"
	"\n"
	"Tells for each field of a record what it says and who changed it "
	"last: at which\n"
	"position, when the server received it, on which terminal, in which "
	"packet, and by\n"
	"which rule it came to stand (as in 'hufud history'). With --as-of as "
	"the main line\n"
	"stood at the end of that day in UTC, or at a position. It costs the "
	"same however many\n"
	"versions the record has.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static void field_print(struct cli *c, const json_t *f)
{
	const char *packet = json_text(f, "packet");
	char when[25];

	time_format(when, json_int(f, "received", 0));
	printf("  %-20s ", json_text(f, "field"));
	plain_value(stdout, json_object_get(f, "value"), "(taken away)");
	printf("\n    position %lld  %s  ",
	       (long long)json_int(f, "position", 0), when);
	cli_author_print(c, json_text(f, "author"), "");
	printf(" on %s", json_text(f, "terminal"));
	if (*packet)
		printf("  packet %.12s", packet);
	printf("   by %s\n", json_text(f, "rule"));
}

int cmd_blame(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL }, *as_of = NULL;
	const struct cli_option own[] = { { "--as-of", &as_of, NULL },
					  { NULL, NULL, NULL } };
	struct past_point point = { .position = INT64_MAX };
	json_t *blame = NULL;
	const json_t *f;
	enum rc rc = RC_OK;
	size_t i;
	int code = cli_record(c, own, usage, words);

	if (code != EXIT_DONE)
		return code;
	if (as_of)
		rc = past_point_parse(c->store, c->scope, as_of, &point,
				      &c->err);
	if (rc == RC_OK)
		rc = ledger_blame(&c->op, c->scope, words[0], words[1],
				  point.position, &blame);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(blame);
		return EXIT_DONE;
	}
	printf("%s %s  scope %s  version of position %lld\n", words[0],
	       words[1], c->scope, (long long)json_int(blame, "position", 0));
	json_array_foreach(json_object_get(blame, "fields"), i, f)
		field_print(c, f);
	json_decref(blame);
	return EXIT_DONE;
}

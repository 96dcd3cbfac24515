/* cli/cmd_bundle.c - `hufud bundle`: syncs that come and go as files. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "api/service.h"
#include "blob/whole.h"
#include "wire/bundle.h"

static const char usage[] =
	"usage: hufud bundle apply FILE --answer FILE2 [--json]\n"
	"\n"
	"Takes in what tablets put into FILE with 'hufu bundle create', the "
	"same way as a sync\n"
	"over the network, and writes the answers to FILE2, a new file, for "
	"'hufu bundle apply'.\n"
	"Each is sealed to its tablet. The same FILE again changes nothing and "
	"gives an answer\n"
	"again. The service may run meanwhile. Exit 3: some requests were "
	"refused.\n"
	"\nOptions: --data DIR\n";

struct tally {
	struct cli *c;
	json_t *list;
	int answered, refused;
};

static void told(void *ctx, const struct bundled *b)
{
	struct tally *t = ctx;

	t->answered += !b->is_refused;
	t->refused += b->is_refused;
	json_array_append_new(
		t->list, json_pack("{s:s, s:s, s:I, s:I, s:s}", "terminal",
				   b->terminal, "state",
				   b->is_refused   ? "refused"
				   : b->is_revoked ? "revoked"
						   : "answered",
				   "packets", (json_int_t)b->packets, "rows",
				   (json_int_t)b->rows, "why", b->why.text));
	if (t->c->json)
		return;
	if (b->is_refused)
		fprintf(stderr, "terminal %s: refused: %s\n", b->terminal,
			b->why.text);
	else
		printf("terminal %s: %zu packet%s up, %zu rows down%s\n",
		       b->terminal, b->packets, b->packets == 1 ? "" : "s",
		       b->rows,
		       b->is_revoked ? "; revoked, what it sent is kept aside"
				     : "");
}

static enum rc apply(struct cli *c, const char *from, const char *to,
		     struct tally *t)
{
	struct service *service = NULL;
	struct buf file, answer;
	enum rc rc;

	buf_init(&file, BUNDLE_BYTES_MAX);
	buf_init(&answer, BUNDLE_BYTES_MAX);
	rc = whole_is_free(to, &c->err);
	if (rc == RC_OK)
		rc = whole_read(from, &file, &c->err);
	if (rc == RC_OK)
		rc = service_inline(&service, c->store, &c->err);
	if (rc == RC_OK)
		rc = service_bundle(service, file.data, file.len, told, t,
				    &answer, &c->err);
	if (rc == RC_OK && answer.len)
		rc = whole_write(to, &answer, &c->err);
	service_stop(service);
	buf_release(&file);
	buf_release(&answer);
	return rc;
}

int cmd_bundle(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL }, *answer = NULL;
	const struct cli_option own[] = { { "--answer", &answer, NULL },
					  { NULL, NULL, NULL } };
	struct tally t = { .c = c };
	enum rc rc;
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0] || strcmp(words[0], "apply") != 0 || !words[1])
		return cli_misuse(c, "say apply FILE");
	if (!answer)
		return cli_misuse(c,
				  "where does the answer go? --answer FILE2");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	t.list = json_array();
	rc = apply(c, words[1], answer, &t);
	if (rc != RC_OK) {
		json_decref(t.list);
		return cli_fail(c, &c->err);
	}
	if (c->json)
		cli_json_list("requests", t.list);
	else
		json_decref(t.list);
	return !t.refused ? EXIT_DONE : t.answered ? EXIT_PARTLY : EXIT_FAILED;
}

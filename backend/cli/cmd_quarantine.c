/* cli/cmd_quarantine.c - `hufud quarantine`: what was received and not merged.
 */
#include "cli/cli.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/quarantine.h"

static const char usage[] =
	"usage: hufud quarantine list [--scope S] [--all] [--json]\n"
	"       hufud quarantine show PACKET KIND/ID [--json]\n"
	"       hufud quarantine adopt PACKET KIND/ID [--reason TEXT] "
	"[--as ACCOUNT]\n"
	"       hufud quarantine reject PACKET KIND/ID --reason TEXT "
	"[--as ACCOUNT]\n"
	"\n"
	"Lists what tablets and accounts sent that may not stand on the main "
	"line: single\n"
	"records of packets, with the code that their receipt has, and whole "
	"packets that\n"
	"do not fit their journal. Nothing of it is lost. The codes are in "
	"docs/protocol.md.\n"
	"Without --scope: all scopes of the account; --all: with what was "
	"closed.\n"
	"\n"
	"'show' has the record, and what its author had seen. 'adopt' merges "
	"it against that,\n"
	"signed in the name of the account and by its rights; the packet "
	"stays as it was. It is\n"
	"for somebody else than who wrote it. 'reject' closes it. An officer "
	"adopts with 'hufu\n"
	"adopt' on a tablet.\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

static const char *member(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static void row_print(const json_t *row)
{
	const char *kind = member(row, "kind");

	printf("%s  %s  %-16s  %s%s%s  by %s on %s  packet %s\n    ",
	       member(row, "time"), member(row, "scope"), member(row, "code"),
	       *kind ? kind : "the whole packet", *kind ? "/" : "",
	       member(row, "id"), member(row, "author"),
	       member(row, "terminal"), member(row, "packet"));
	plain_print(stdout, member(row, "reason"));
	putchar('\n');
	if (!strcmp(member(row, "state"), "open"))
		return;
	printf("    %s by %s%s", member(row, "state"),
	       member(row, "decided_by"),
	       *member(row, "decision") ? ", because: " : "");
	plain_print(stdout, member(row, "decision"));
	putchar('\n');
}

/* Those that still ask for somebody. */
static json_t *open_only(json_t *rows)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i,
			   row) if (!strcmp(member(row, "state"), "open"))
		json_array_append(out, row);
	json_decref(rows);
	return out;
}

static int list(struct cli *c, bool all)
{
	json_t *rows = NULL, *row;
	char when[25];
	int code = EXIT_DONE;
	enum rc rc = quarantine_list(&c->op, c->scope, 0, -1, &rows);
	size_t i;

	if (!all)
		rows = open_only(rows);
	json_array_foreach(rows, i, row)
	{
		time_format(when, json_int(row, "time", 0));
		json_object_set_new(row, "time", json_string(when));
	}
	if (rc != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("quarantine", json_incref(rows));
	else if (!json_array_size(rows))
		puts("nothing is in quarantine");
	else
		json_array_foreach(rows, i, row) row_print(row);
	json_decref(rows);
	return code;
}

/* "kind/id" cut in two, in place. */
static bool path_cut(char *path, const char **id)
{
	char *cut = strchr(path, '/');

	if (!cut || cut == path || !cut[1])
		return false;
	*cut = '\0';
	*id = cut + 1;
	return true;
}

static void sides_print(const json_t *entry)
{
	static const char *const sides[][2] = { { "base", "its author saw" },
						{ "record", "and wrote" } };

	for (int i = 0; i < 2; i++) {
		char *text = json_dumps(json_object_get(entry, sides[i][0]),
					JSON_COMPACT | JSON_SORT_KEYS |
						JSON_ENCODE_ANY);

		printf("    %-16s ", sides[i][1]);
		plain_print(stdout,
			    text && strcmp(text, "null") ? text : "(nothing)");
		putchar('\n');
		free(text);
	}
}

/* Changes that build on it do not come along. */
static void followers_print(const json_t *entry)
{
	const json_t *packet;
	size_t i;

	json_array_foreach(json_object_get(entry, "followed_by"), i, packet)
		printf("    packet %s changes it further, and waits for it\n",
		       json_string_value(packet));
	if (*member(entry, "after"))
		printf("    it builds on packet %s, which is adopted first\n",
		       member(entry, "after"));
}

static int show(struct cli *c, const char *packet, const char *kind,
		const char *id)
{
	json_t *entry = NULL;
	char when[25];

	if (quarantine_entry(&c->op, packet, kind, id, &entry) != RC_OK ||
	    cli_was_read(c, kind, id, c->program) != EXIT_DONE)
		return c->err.code ? cli_fail(c, &c->err) : EXIT_FAILED;
	time_format(when, json_int(entry, "time", 0));
	json_object_set_new(entry, "time", json_string(when));
	if (c->json) {
		cli_json(entry);
		return EXIT_DONE;
	}
	row_print(entry);
	sides_print(entry);
	followers_print(entry);
	json_decref(entry);
	return EXIT_DONE;
}

static int close_entry(struct cli *c, const char *packet, const char *kind,
		       const char *id, bool adopts, const char *reason)
{
	json_t *entry = NULL;

	if (quarantine_close(&c->op, packet, kind, id, adopts, reason) !=
		    RC_OK ||
	    quarantine_entry(&c->op, packet, kind, id, &entry) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		json_object_del(entry, "record");
		json_object_del(entry, "base");
		json_object_del(entry, "time");
		cli_json(entry);
		return EXIT_DONE;
	}
	printf("%s %s %s, by %s\n", adopts ? "adopted" : "rejected", kind, id,
	       c->account.name);
	followers_print(entry);
	json_decref(entry);
	return EXIT_DONE;
}

static int one(struct cli *c, const char *words[3], const char *reason)
{
	bool shows = !strcmp(words[0], "show");
	bool adopts = !strcmp(words[0], "adopt");
	char *kind = words[2] ? strdup(words[2]) : NULL;
	const char *id = NULL;
	int code;

	if (!kind || !path_cut(kind, &id))
		code = cli_misuse(c, "name the packet and the record: PACKET "
				     "KIND/ID");
	else if (!shows && !adopts && (!reason || !*reason))
		code = cli_misuse(c, "give a reason: --reason TEXT");
	else
		code = cli_open(c);
	if (code == EXIT_DONE)
		code = shows ? show(c, words[1], kind, id)
			     : close_entry(c, words[1], kind, id, adopts,
					   reason);
	free(kind);
	return code;
}

int cmd_quarantine(struct cli *c)
{
	const char *words[4] = { NULL, NULL, NULL, NULL }, *reason = NULL;
	bool all = false;
	const struct cli_option own[] = { { "--reason", &reason, NULL },
					  { "--all", NULL, &all },
					  { NULL, NULL, NULL } };
	int code = cli_options(c, own, usage, words, 3);

	if (code != EXIT_DONE)
		return code;
	if (words[0] &&
	    (!strcmp(words[0], "show") || !strcmp(words[0], "adopt") ||
	     !strcmp(words[0], "reject")))
		return one(c, words, reason);
	if (!words[0] || strcmp(words[0], "list") != 0)
		return cli_misuse(c, "say list, show, adopt or reject");
	if (words[1])
		return cli_misuse(c, "what is '%s' for?", words[1]);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (c->scope && !cli_may_read(c, NULL))
		return EXIT_FAILED;
	return list(c, all);
}

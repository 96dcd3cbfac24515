/* cli/cmd_rescue.c - `hufud rescue`: what was on terminals that were wiped. */
#include "cli/cli.h"
#include "cli/plain.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "blob/whole.h"
#include "ledger/quarantine.h"
#include "ledger/rescue.h"
#include "wire/bundle.h"

static const char usage[] =
	"usage: hufud rescue list [--scope S] [--json]\n"
	"       hufud rescue show TERMINAL [--scope S] [--json]\n"
	"       hufud rescue open TERMINAL [--scope S] [--as ACCOUNT]\n"
	"       hufud rescue take FILE\n"
	"\n"
	"A terminal that was ordered to be wiped ('hufud terminal revoke "
	"TERMINAL --wipe') seals what\n"
	"it had not sent to this server and sends that; where it has no "
	"network it leaves a file\n"
	"REPLICA.rescue, which 'take' takes in.\n"
	"\n"
	"Two persons open it: an administrator calls 'open' first, then "
	"somebody else, a coordinator\n"
	"or administrator. All of it goes to quarantine, what its officer had "
	"signed and (code\n"
	"unsigned) what he had not; 'show' has it record by record, and "
	"'hufud quarantine adopt' or\n"
	"'hufu adopt' takes it from there.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT, --json\n";

static const char *member(const json_t *o, const char *name)
{
	const char *text = json_text(o, name);

	return text ? text : "";
}

/* Its time in words, too. */
static void entry_when(json_t *entry)
{
	char when[25];

	time_format(when, json_int(entry, "wipe_at", 0));
	json_object_set_new(entry, "wipe_at", json_string(when));
}

static void entry_print(const json_t *e)
{
	static const char *const says[][2] = {
		{ "ordered", "nothing came yet" },
		{ "received", "sealed: an administrator asks to open it" },
		{ "asked", "sealed: a second person opens it" },
		{ "opened", "opened" },
	};

	printf("%s  %-20s  of %-16s  ", member(e, "wipe_at"),
	       member(e, "terminal"), member(e, "officer"));
	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
		if (!strcmp(member(e, "state"), says[i][0]))
			fputs(says[i][1], stdout);
	if (*member(e, "asked_by"))
		printf("; asked for by %s", member(e, "asked_by"));
	if (*member(e, "opened_by"))
		printf("; opened by %s", member(e, "opened_by"));
	putchar('\n');
}

static int list(struct cli *c)
{
	json_t *rows = NULL, *row;
	size_t i;

	if (rescue_list(&c->op, c->scope, &rows) != RC_OK) {
		json_decref(rows);
		return cli_fail(c, &c->err);
	}
	json_array_foreach(rows, i, row) entry_when(row);
	if (c->json) {
		cli_json_list("rescues", rows);
		return EXIT_DONE;
	}
	if (!json_array_size(rows))
		puts("no terminal was ordered to be wiped");
	json_array_foreach(rows, i, row) entry_print(row);
	json_decref(rows);
	return EXIT_DONE;
}

static void value_print(const char *what, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS |
					       JSON_ENCODE_ANY);

	printf("    %-16s ", what);
	plain_print(stdout, text && strcmp(text, "null") ? text : "(nothing)");
	putchar('\n');
	free(text);
}

/* One record as quarantine has it; what the account may not see is left out. */
static int record_add(struct cli *c, json_t *row)
{
	const char *kind = member(row, "kind"), *id = member(row, "id");
	json_t *entry = NULL;
	enum rc rc = quarantine_entry(&c->op, member(row, "packet"), kind, id,
				      &entry);

	if (rc == RC_NOT_FOUND) {
		err_clear(&c->err);
		return EXIT_DONE;
	}
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	json_object_set(row, "state", json_object_get(entry, "state"));
	json_object_set(row, "record", json_object_get(entry, "record"));
	json_object_set(row, "base", json_object_get(entry, "base"));
	json_decref(entry);
	return cli_was_read(c, kind, id, c->program);
}

static void records_print(const json_t *shown)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(shown, "records"), i, row)
	{
		printf("%s/%s  packet %s  %s  %s\n", member(row, "kind"),
		       member(row, "id"), member(row, "packet"),
		       member(row, "code"), member(row, "state"));
		value_print("its author saw", json_object_get(row, "base"));
		value_print("and wrote", json_object_get(row, "record"));
	}
	json_array_foreach(json_object_get(shown, "unread"), i, row)
	{
		printf("%s/%s  no record: ", member(row, "kind"),
		       member(row, "id"));
		plain_print(stdout, member(row, "why"));
		putchar('\n');
		value_print("its cells", json_object_get(row, "cells"));
	}
	json_array_foreach(json_object_get(shown, "files"), i, row)
		printf("file of evidence/%s  %lld bytes  %s\n",
		       member(row, "id"), (long long)json_int(row, "size", 0),
		       json_int(row, "bytes", 0)
			       ? "rescued"
			       : "lost with the terminal, unless it is in "
				 "another line");
}

static int show(struct cli *c, const char *id)
{
	json_t *shown = NULL, *row;
	int code = EXIT_DONE;
	size_t i;

	if (rescue_show(&c->op, c->scope, id, &shown) != RC_OK)
		return cli_fail(c, &c->err);
	json_array_foreach(json_object_get(shown, "records"), i, row)
	{
		if (code == EXIT_DONE)
			code = record_add(c, row);
	}
	entry_when(shown);
	if (code == EXIT_DONE && c->json) {
		cli_json(json_incref(shown));
	} else if (code == EXIT_DONE) {
		entry_print(shown);
		records_print(shown);
	}
	json_decref(shown);
	return code;
}

static int open_it(struct cli *c, const char *id)
{
	struct evidence *evidence = NULL;
	json_t *out = NULL;
	enum rc rc = evidence_new(&evidence, c->store->dir,
				  &evidence_limits_usual, &c->err);

	if (rc == RC_OK)
		rc = rescue_open(&c->op, c->scope, id, evidence, &out);
	evidence_free(evidence);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(out);
		return EXIT_DONE;
	}
	if (!strcmp(member(out, "state"), "asked"))
		puts("asked: a second person opens it, with the same command "
		     "as --as ACCOUNT");
	else
		printf("opened: %lld signed packets, %lld unsigned edits, %lld "
		       "rows that are no record, %lld files (%lld by name "
		       "alone)\n"
		       "'hufud rescue show %s' has it record by record\n",
		       (long long)json_int(out, "packets", 0),
		       (long long)json_int(out, "edits", 0),
		       (long long)json_int(out, "unread", 0),
		       (long long)json_int(out, "files", 0),
		       (long long)json_int(out, "files_named", 0), id);
	json_decref(out);
	return EXIT_DONE;
}

static int take(struct cli *c, const char *path)
{
	json_t *receipt = NULL;
	struct buf file;
	enum rc rc;

	buf_init(&file, BUNDLE_BYTES_MAX);
	rc = whole_read(path, &file, &c->err);
	if (rc == RC_OK)
		rc = rescue_take(&c->op, file.data, file.len, &receipt);
	buf_release(&file);
	if (rc != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(receipt);
		return EXIT_DONE;
	}
	puts("taken: it stays sealed until two persons open it ('hufud rescue "
	     "list')");
	json_decref(receipt);
	return EXIT_DONE;
}

int cmd_rescue(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL };
	const struct cli_option own[] = { { NULL, NULL, NULL } };
	bool is_list, is_take;
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	is_list = words[0] && !strcmp(words[0], "list");
	is_take = words[0] && !strcmp(words[0], "take");
	if (!words[0] || (!is_list && !is_take && strcmp(words[0], "show") &&
			  strcmp(words[0], "open")))
		return cli_misuse(c, "say list, show, open or take");
	if (is_list && words[1])
		return cli_misuse(c, "what is '%s' for?", words[1]);
	if (!is_list && !words[1])
		return cli_misuse(c, is_take ? "name the file"
					     : "name the terminal");
	code = cli_open(c);
	if (code != EXIT_DONE || is_take)
		return code == EXIT_DONE ? take(c, words[1]) : code;
	code = cli_scope(c, "officer", NULL);
	if (code != EXIT_DONE)
		return code;
	if (!cli_may_read(c, NULL))
		return EXIT_FAILED;
	if (is_list)
		return list(c);
	return !strcmp(words[0], "show") ? show(c, words[1])
					 : open_it(c, words[1]);
}

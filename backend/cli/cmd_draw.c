/* cli/cmd_draw.c - `hufud draw`: commit, reveal, run, publish, verify. */
#include "cli/cli.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud draw commit [--scope S] --count N | --quota A=10,B=20\n"
	"                  [--officers 2] [--due DATE] [--town T] [--industry "
	"PREFIX]\n"
	"                  [--exclude FILE] [--item ID] [--name TEXT]\n"
	"                  [--seed-source TEXT] [--reason TEXT]\n"
	"       hufud draw reveal ID --seed SEED\n"
	"       hufud draw run ID\n"
	"       hufud draw show ID [--out FILE]\n"
	"       hufud draw verify FILE | ID [--paper FILE]\n"
	"       hufud draw list [--scope S]\n"
	"\n"
	"commit  freezes who may be drawn and who may draw them, and prints "
	"the "
	"commitment\n"
	"        to publish before a seed exists. --quota draws by the grade "
	"of "
	"the current\n"
	"        rating. FILE has rows of id,reason: subjects and officers to "
	"leave out. The\n"
	"        same frame a second time needs a --reason, which is public\n"
	"reveal  makes the seed known, once\n"
	"run     draws subjects and officers and issues the assignments; again "
	"changes nothing\n"
	"show    the paper to publish: everything that is needed to repeat the "
	"draw\n"
	"verify  repeats it; docs/verify_draw.py does the same with Python "
	"alone. Of an ID it\n"
	"        repeats what the data folder has, and with --paper says "
	"whether that file is\n"
	"        the draw's, as published now or before\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT, --json";

struct draw_words {
	struct draw_options options;
	const char *count, *officers, *seed, *out, *paper;
};

static bool whole_number(const char *text, int64_t *out)
{
	char *end;

	if (!text)
		return true;
	*out = strtoll(text, &end, 10);
	return end != text && !*end && *out > 0;
}

/* What is wrong with the words of a commitment, before anything is opened. */
static int commit_words(struct cli *c, struct draw_words *w)
{
	const struct draw_options *o = &w->options;
	int64_t days;

	if (!whole_number(w->count, &w->options.count) ||
	    !whole_number(w->officers, &w->options.officers))
		return cli_misuse(c, "counts are whole numbers above 0");
	if (!w->count == !o->quota)
		return cli_misuse(c, "say how many: --count N, or --quota "
				     "A=10,B=20");
	if (o->quota && !draw_quota_is_legal(o->quota))
		return cli_misuse(c, "quotas are like A=10,B=20, not '%s'",
				  o->quota);
	if (o->due && !date_parse(o->due, &days))
		return cli_misuse(c, "--due '%s' is no date like 2026-12-31",
				  o->due);
	if (o->town && !name_is_town(o->town))
		return cli_misuse(c, "town '%s' is not three digits", o->town);
	return EXIT_DONE;
}

static int commit(struct cli *c, struct draw_words *w)
{
	json_t *record = NULL;
	char id[21];
	int code = commit_words(c, w);

	if (code == EXIT_DONE)
		code = cli_open(c);
	if (code == EXIT_DONE)
		code = cli_scope(c, NULL, NULL);
	if (code != EXIT_DONE)
		return code;
	if (draw_commit(&c->op, c->scope, &w->options, id) != RC_OK ||
	    ledger_record(&c->op, c->scope, "draw", id, &record) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(json_pack(
			"{s:s, s:O, s:O, s:O, s:O}", "id", id, "commitment",
			json_object_get(record, "commitment"), "frame_hash",
			json_object_get(record, "frame_hash"), "frame_size",
			json_object_get(record, "frame_size"), "quota",
			json_object_get(record, "quota")));
	} else {
		printf("draw %s is committed: %lld of %lld subjects\n"
		       "commitment %s\n",
		       id, (long long)json_int(record, "quota", 0),
		       (long long)json_int(record, "frame_size", 0),
		       json_text(record, "commitment"));
	}
	json_decref(record);
	return EXIT_DONE;
}

static int say(struct cli *c, const char *id, const char *key, const char *what,
	       const char *words)
{
	if (!c->json) {
		printf("draw %s: %s\n", id, words);
		return EXIT_DONE;
	}
	cli_json(json_pack("{s:s, s:s}", "id", id, key, what));
	return EXIT_DONE;
}

static int reveal(struct cli *c, const char *id, const char *seed)
{
	if (draw_reveal(&c->op, id, seed) != RC_OK)
		return cli_fail(c, &c->err);
	return say(c, id, "state", "revealed", "the seed is known");
}

static int run(struct cli *c, const char *id)
{
	struct draw_done done;

	if (draw_run(&c->op, id, &done) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		cli_json(json_pack("{s:s, s:I, s:I, s:I}", "id", id, "subjects",
				   (json_int_t)done.subjects, "frame",
				   (json_int_t)done.frame, "assigned",
				   (json_int_t)done.assigned));
	} else {
		printf("draw %s: %zu of %zu subjects are drawn, %zu "
		       "assignments issued now\n",
		       id, done.subjects, done.frame, done.assigned);
	}
	return EXIT_DONE;
}

static int print_paper(struct cli *c, const json_t *paper)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, DRAW_PAPER_BYTES_MAX);
	rc = jcs_write(&text, paper, &c->err);
	if (rc == RC_OK) {
		fwrite(text.data, 1, text.len, stdout);
		putchar('\n');
	}
	buf_release(&text);
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

static int show(struct cli *c, const char *id, const char *out)
{
	json_t *paper;
	int code = EXIT_DONE;

	if (draw_paper(&c->op, id, &paper) != RC_OK)
		return cli_fail(c, &c->err);
	if (!out)
		code = print_paper(c, paper);
	else if (draw_file_write(out, paper, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else
		code = say(c, id, "file", out, out);
	json_decref(paper);
	return code;
}

static int print_verified(struct cli *c, const json_t *paper)
{
	const json_t *result = json_object_get(paper, "result");
	size_t n = json_array_size(result);
	size_t frame = json_array_size(json_object_get(paper, "frame"));
	const char *id = json_text(draw_announced(paper), "id");
	bool is_void = strcmp(json_text(paper, "state"), "void") == 0;

	if (c->json) {
		cli_json(json_pack("{s:s, s:b, s:b, s:I, s:I}", "id", id,
				   "drawn", result != NULL, "void", is_void,
				   "subjects", (json_int_t)n, "frame",
				   (json_int_t)frame));
	} else if (result) {
		printf("draw %s verified: %zu of %zu subjects%s\n", id, n,
		       frame, is_void ? ", void" : "");
	} else {
		printf("draw %s is as committed: %zu subjects, %s\n", id, frame,
		       is_void ? "void" : "not drawn yet");
	}
	return EXIT_DONE;
}

static enum rc verify_file(struct cli *c, const char *path, json_t **paper)
{
	enum rc rc = draw_file_read(path, paper, &c->err);

	return rc == RC_OK ? draw_verify(*paper, &c->err) : rc;
}

static int verify_stored(struct cli *c, const char *id, const char *file,
			 json_t **paper)
{
	int code = cli_open(c);
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	if (!file) {
		rc = draw_paper(&c->op, id, paper);
	} else {
		rc = verify_file(c, file, paper);
		if (rc == RC_OK)
			rc = draw_compare(&c->op, id, *paper);
	}
	return rc == RC_OK ? EXIT_DONE : cli_fail(c, &c->err);
}

/* A file needs no data folder: anyone may verify. */
static int verify(struct cli *c, const char *what, const char *file)
{
	json_t *paper = NULL;
	enum rc rc = file ? RC_NOT_FOUND : verify_file(c, what, &paper);
	int code = EXIT_DONE;

	if (rc == RC_NOT_FOUND && name_is_id(what)) {
		err_clear(&c->err);
		code = verify_stored(c, what, file, &paper);
	} else if (rc != RC_OK) {
		code = file ? cli_misuse(c, "'%s' is no id of a draw", what)
			    : cli_fail(c, &c->err);
	}
	if (code == EXIT_DONE)
		code = print_verified(c, paper);
	json_decref(paper);
	return code;
}

static const char *text_or_empty(struct query *q, int col)
{
	const char *text = query_get_text(q, col);

	return text ? text : "";
}

static int list(struct cli *c)
{
	int code = cli_open(c);
	struct query *q;
	json_t *all;
	char when[25];

	if (code != EXIT_DONE)
		return code;
	all = json_array();
	q = query_begin(c->store->db, SQL_DRAW_LIST);
	query_text(q, 1, c->scope);
	while (query_row(q)) {
		time_format(when, query_get_int(q, 5));
		if (c->json) {
			json_array_append_new(
				all,
				json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, "
					  "s:s}",
					  "scope", query_get_text(q, 0), "id",
					  query_get_text(q, 1), "state",
					  text_or_empty(q, 2), "frame_size",
					  (json_int_t)query_get_int(q, 3),
					  "quota",
					  (json_int_t)query_get_int(q, 4),
					  "committed_at", when, "commitment",
					  text_or_empty(q, 6), "name",
					  text_or_empty(q, 7)));
			continue;
		}
		printf("%s  %s  %.16s  %-9s  %lld of %lld  %s\n",
		       query_get_text(q, 0), query_get_text(q, 1), when,
		       text_or_empty(q, 2), (long long)query_get_int(q, 4),
		       (long long)query_get_int(q, 3), text_or_empty(q, 7));
	}
	if (query_end(q, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("draws", json_incref(all));
	json_decref(all);
	return code;
}

static int with_id(struct cli *c, const char *verb, const char *id,
		   const struct draw_words *w)
{
	int code;

	if (!id)
		return cli_misuse(c, "which draw? 'draw %s ID'", verb);
	if (strcmp(verb, "reveal") == 0 && !w->seed)
		return cli_misuse(c, "which seed? --seed SEED");
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (strcmp(verb, "reveal") == 0)
		return reveal(c, id, w->seed);
	return strcmp(verb, "run") == 0 ? run(c, id) : show(c, id, w->out);
}

static int do_verb(struct cli *c, const char *verb, const char *id,
		   struct draw_words *w)
{
	if (strcmp(verb, "reveal") == 0 || strcmp(verb, "run") == 0 ||
	    strcmp(verb, "show") == 0)
		return with_id(c, verb, id, w);
	if (strcmp(verb, "verify") == 0)
		return id ? verify(c, id, w->paper)
			  : cli_misuse(c, "which draw, or which file?");
	if (strcmp(verb, "commit") == 0)
		return commit(c, w);
	return strcmp(verb, "list") == 0
		       ? list(c)
		       : cli_misuse(c, "there is no 'draw %s'", verb);
}

int cmd_draw(struct cli *c)
{
	struct draw_words w = { 0 };
	const char *words[3] = { NULL };
	const struct cli_option own[] = {
		{ "--count", &w.count, NULL },
		{ "--quota", &w.options.quota, NULL },
		{ "--officers", &w.officers, NULL },
		{ "--due", &w.options.due, NULL },
		{ "--town", &w.options.town, NULL },
		{ "--industry", &w.options.industry, NULL },
		{ "--exclude", &w.options.exclude, NULL },
		{ "--item", &w.options.item, NULL },
		{ "--name", &w.options.name, NULL },
		{ "--seed-source", &w.options.seed_source, NULL },
		{ "--reason", &w.options.reason, NULL },
		{ "--seed", &w.seed, NULL },
		{ "--out", &w.out, NULL },
		{ "--paper", &w.paper, NULL },
		{ NULL, NULL, NULL },
	};
	int code = cli_options(c, own, usage, words, 2);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(c, "say commit, reveal, run, show, verify or "
				     "list");
	return do_verb(c, words[0], words[1], &w);
}

/* cli/cmd_draw.c - `hufud draw`: commit, reveal, run, publish, verify, report.
 */
#include "cli/cmd_draw.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "domain/draw_assigned.h"
#include "sql_store.gen.h"

static const char usage[] =
	"usage: hufud draw commit [--scope S] --count N | --quota A=10,B=20 |\n"
	"                  --ratio 5% | --ratio A=5%,B=10% | --ratio-rule "
	"CODE\n"
	"                  --due DATE --seed-source TEXT --seed-at TIME | "
	"--seed-parts NAME=SHA256,...\n"
	"                  [--officers 2] [--load N] [--name TEXT]\n"
	"                  [--town T,T] [--industry PREFIX] [--grade A,B] "
	"[--tag T,T]\n"
	"                  [--flag F,F] "
	"[--scheme CODE] [--state S,S] [--visited-before DATE]\n"
	"                  [--item ID] [--period DAYS] [--exclude FILE]\n"
	"                  [--reason TEXT [--replaces ID]]\n"
	"       hufud draw reveal ID --seed SEED\n"
	"       hufud draw run ID\n"
	"       hufud draw replace ID SUBJECT [--officer O] --reason TEXT\n"
	"       hufud draw void ID --reason TEXT\n"
	"       hufud draw show ID [--public] [--out FILE]\n"
	"       hufud draw verify FILE | ID [--paper FILE]\n"
	"       hufud draw list [--scope S]\n"
	"       hufud draw report [--scope S] [--from DATE] [--to DATE]\n"
	"                  [--format text|json|csv]\n"
	"\n"
	"commit  freezes who may be drawn and who may draw them, and prints "
	"the commitment\n"
	"        to publish before a seed exists. Towns, industry, grades, "
	"tags (the office\n"
	"        sets them) and flags (imports set them) say who is asked for; "
	"of these are excluded, with their reason: who "
	"is in another\n"
	"        state (in_business unless --state), is exempt, has an open "
	"assignment for the item, was visited "
	"for it in\n"
	"        --period days (365; 0: never mind) or since "
	"--visited-before, and the rows\n"
	"        id,reason of FILE, subjects and officers. --quota, --ratio "
	"and --ratio-rule\n"
	"        draw by the grade of the current rating; ratios are rounded "
	"up, each grade\n"
	"        at least 1; 'default' is recorded from schema/ratio_rules. "
	"The same frame a\n"
	"        second time needs a --reason, which is public. "
	"--seed-source says where the\n"
	"        seed will come from and --seed-at when: a day, or an hour "
	"like\n"
	"        2026-12-31T20:30:00+08:00; or three people or more each "
	"commit a part of it\n"
	"reveal  makes the seed known, once; with --seed-parts it is the "
	"parts, in the order\n"
	"        of the names, with | between them\n"
	"run     draws subjects and officers and issues the assignments; again "
	"changes nothing\n"
	"replace lets a subject that is gone, or whose assignment is "
	"no_object, give way to\n"
	"        the next of its reserve, or an officer to the next officer\n"
	"void    says in public that a draw does not count; once its seed is "
	"known that is for\n"
	"        somebody else than who committed, revealed or ran it. It "
	"stays "
	"a commitment\n"
	"        of its frame, and what it assigned and nobody did is "
	"withdrawn\n"
	"show    the paper to publish: everything that is needed to repeat the "
	"draw; --public\n"
	"        leaves out which subject has which grade\n"
	"verify  repeats it; docs/verify_draw.py does the same with Python "
	"alone. Of an ID it\n"
	"        repeats what the data folder has and holds the assignments "
	"against it; with\n"
	"        --paper it says whether that file is the draw's, as "
	"published now or before\n"
	"report  holds all draws of a scope that were committed in these days "
	"against chance:\n"
	"        who was drawn, who was paired, who was left out or replaced "
	"by "
	"whom, how\n"
	"        long a seed took, frames that were committed twice, and other "
	"frames of one rule\n"
	"\n" CLI_SCOPE_USAGE
	"\nOptions: --data DIR, --as ACCOUNT, --schema DIR, --json";

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

static int replace(struct cli *c, const char *id, const char *subject,
		   const struct draw_words *w)
{
	json_t *event;

	if (!subject || !w->options.reason)
		return cli_misuse(c, "say whom and why: 'draw replace ID "
				     "SUBJECT --reason TEXT'");
	if (draw_replace(&c->op, id, subject, w->officer, w->options.reason,
			 &event) != RC_OK)
		return cli_fail(c, &c->err);
	if (c->json) {
		json_object_set_new(event, "id", json_string(id));
		cli_json(event);
		return EXIT_DONE;
	}
	printf("draw %s: %s takes the place of %s\n", id,
	       json_text(event, "in"), json_text(event, "out"));
	json_decref(event);
	return EXIT_DONE;
}

static int make_void(struct cli *c, const char *id, const char *reason)
{
	if (!reason)
		return cli_misuse(c, "say why: 'draw void ID --reason TEXT'");
	if (draw_void(&c->op, id, reason) != RC_OK)
		return cli_fail(c, &c->err);
	return say(c, id, "state", "void", "it is void");
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

static int show(struct cli *c, const char *id, const struct draw_words *w)
{
	const char *out = w->out;
	json_t *paper;
	int code = EXIT_DONE;

	if (draw_paper(&c->op, id, w->is_public, &paper) != RC_OK)
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

/* Drawn pairs against the assignments: a line for each that moved on. */
static void print_moved(const json_t *moved)
{
	for (size_t i = 0; i < json_array_size(moved); i++) {
		const json_t *m = json_array_get(moved, i);
		const char *reason = json_text(m, "reason");

		printf("  assignment %s of %s: %s%s%s\n",
		       json_text(m, "assignment"), json_text(m, "subject"),
		       json_text(m, "state"), *reason ? ", " : "", reason);
	}
}

static void print_faults(const json_t *faults)
{
	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *f = json_array_get(faults, i);

		printf("  not as drawn: assignment %s of %s: %s\n",
		       json_text(f, "assignment"), json_text(f, "subject"),
		       json_text(f, "why"));
	}
}

static void print_changed(const json_t *changed)
{
	for (size_t i = 0; i < json_array_size(changed); i++) {
		const json_t *f = json_array_get(changed, i);

		printf("  changed since: assignment %s of %s: %s\n",
		       json_text(f, "assignment"), json_text(f, "subject"),
		       json_text(f, "why"));
	}
}

/* Visits of another subject or team than the assignment that they name. */
static void print_visits(const json_t *visits)
{
	for (size_t i = 0; i < json_array_size(visits); i++) {
		const json_t *v = json_array_get(visits, i);
		const json_t *flags = json_object_get(v, "flags");
		const char *by = json_text(v, "ratified_by");

		printf("  not as drawn: visit %s of %s, for assignment %s:",
		       json_text(v, "visit"), json_text(v, "subject"),
		       json_text(v, "assignment"));
		for (size_t j = 0; j < json_array_size(flags); j++)
			printf(" %s",
			       json_string_value(json_array_get(flags, j)));
		printf(", %s%s\n", by ? "ratified by " : "not ratified",
		       by ? by : "");
	}
}

static void print_words(const json_t *paper, size_t faults)
{
	size_t n = json_array_size(json_object_get(paper, "result"));
	size_t frame = json_array_size(json_object_get(paper, "frame"));
	size_t replaced =
		json_array_size(json_object_get(paper, "replacements"));
	const char *id = json_text(draw_announced(paper), "id");
	bool is_void = strcmp(json_text(paper, "state"), "void") == 0;
	char more[40] = "", open[DRAW_OPEN_SIZE];

	if (replaced)
		snprintf(more, sizeof(more), ", %zu replaced", replaced);
	if (json_object_get(paper, "result"))
		printf("draw %s %s: %zu of %zu subjects%s%s%s\n", id,
		       faults ? "does not hold, its paper does" : "verified", n,
		       frame, more,
		       draw_is_public(paper) ? ", lots without names" : "",
		       is_void ? ", void" : "");
	else
		printf("draw %s is as committed: %zu subjects, %s\n", id, frame,
		       is_void ? "void" : "not drawn yet");
	if (draw_not_covered(paper, open))
		printf("  not covered by the commitment: %s; compare with what "
		       "was announced\n",
		       open);
}

/* Of a paper alone, what it says itself; else all that the folder knows. */
static void print_doubts(const json_t *paper, const json_t *against)
{
	const json_t *all = json_object_get(against, "doubts");

	if (!against && draw_seed_is_anybodys(paper))
		printf("  %s\n", DRAW_SEED_ANYBODYS);
	for (size_t i = 0; i < json_array_size(all); i++)
		printf("  %s\n", json_string_value(json_array_get(all, i)));
}

/* `against`: what draw_assigned said, or NULL. */
static void print_verified(struct cli *c, const json_t *paper,
			   const json_t *against)
{
	json_t *all;

	if (!c->json) {
		const json_t *faults = json_object_get(against, "faults");

		print_words(paper,
			    json_array_size(faults) + draw_unratified(against));
		print_doubts(paper, against);
		print_moved(json_object_get(against, "moved"));
		print_changed(json_object_get(against, "changed"));
		print_faults(faults);
		print_visits(json_object_get(against, "visits"));
		return;
	}
	all = draw_summary(paper);
	json_object_update(all, (json_t *)(uintptr_t)against);
	cli_json(all);
}

static enum rc verify_file(struct cli *c, const char *path, json_t **paper)
{
	enum rc rc = draw_file_read(path, paper, &c->err);

	return rc == RC_OK ? draw_verify(*paper, &c->err) : rc;
}

/* Of the data folder: the paper, then the assignments. */
static int verify_stored(struct cli *c, const char *id, const char *file)
{
	json_t *paper = NULL, *against = NULL;
	int code = cli_open(c);
	enum rc rc = RC_OK;
	size_t faults, visits;

	if (code != EXIT_DONE)
		return code;
	if (!file) {
		rc = draw_paper(&c->op, id, false, &paper);
	} else {
		rc = verify_file(c, file, &paper);
		if (rc == RC_OK)
			rc = draw_compare(&c->op, id, paper);
	}
	if (rc == RC_OK)
		rc = draw_assigned(&c->op, id, &against);
	faults = json_array_size(json_object_get(against, "faults"));
	visits = draw_unratified(against);
	if (rc == RC_OK)
		print_verified(c, paper, against);
	if (faults)
		rc = err_set(&c->err, RC_CORRUPT,
			     "%zu assignment%s not as draw '%s' gives", faults,
			     faults == 1 ? " is" : "s are", id);
	else if (visits)
		rc = err_set(&c->err, RC_CORRUPT,
			     "%zu visit%s of another subject or team than draw "
			     "'%s' gives: somebody who was not there ratifies "
			     "such a visit, or orders the check again",
			     visits, visits == 1 ? " is" : "s are", id);
	json_decref(paper);
	json_decref(against);
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
		code = verify_stored(c, what, file);
	} else if (rc != RC_OK) {
		code = file ? cli_misuse(c, "'%s' is no id of a draw", what)
			    : cli_fail(c, &c->err);
	} else {
		print_verified(c, paper, NULL);
	}
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
		printf("%s  %s  %.16s  %-9s  %lld of %lld  ",
		       query_get_text(q, 0), query_get_text(q, 1), when,
		       text_or_empty(q, 2), (long long)query_get_int(q, 4),
		       (long long)query_get_int(q, 3));
		plain_print(stdout, text_or_empty(q, 7));
		putchar('\n');
	}
	if (query_end(q, &c->err) != RC_OK)
		code = cli_fail(c, &c->err);
	else if (c->json)
		cli_json_list("draws", json_incref(all));
	json_decref(all);
	return code;
}

static int with_id(struct cli *c, const char *verb, const char *const *words,
		   const struct draw_words *w)
{
	const char *id = words[1];
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
	if (strcmp(verb, "replace") == 0)
		return replace(c, id, words[2], w);
	if (strcmp(verb, "void") == 0)
		return make_void(c, id, w->options.reason);
	return strcmp(verb, "run") == 0 ? run(c, id) : show(c, id, w);
}

static int do_verb(struct cli *c, const char *const *words,
		   struct draw_words *w)
{
	static const char *const of_an_id[] = { "reveal", "run",  "replace",
						"void",   "show", NULL };
	const char *verb = words[0];

	if (words[1] && words[2] && strcmp(verb, "replace") != 0)
		return cli_misuse(c, "what is '%s' for?", words[2]);
	for (int i = 0; of_an_id[i]; i++)
		if (strcmp(verb, of_an_id[i]) == 0)
			return with_id(c, verb, words, w);
	if (strcmp(verb, "verify") == 0)
		return words[1] ? verify(c, words[1], w->paper)
				: cli_misuse(c, "which draw, or which file?");
	if (strcmp(verb, "commit") == 0)
		return cmd_draw_commit(c, w);
	if (strcmp(verb, "report") == 0)
		return cmd_draw_report(c, w);
	return strcmp(verb, "list") == 0
		       ? list(c)
		       : cli_misuse(c, "there is no 'draw %s'", verb);
}

int cmd_draw(struct cli *c)
{
	struct draw_words w = { 0 };
	struct draw_options *o = &w.options;
	const char *words[4] = { NULL };
	const struct cli_option own[] = {
		{ "--count", &w.count, NULL },
		{ "--quota", &o->quota, NULL },
		{ "--ratio", &o->ratio, NULL },
		{ "--ratio-rule", &o->ratio_rule, NULL },
		{ "--officers", &w.officers, NULL },
		{ "--load", &w.load, NULL },
		{ "--due", &o->due, NULL },
		{ "--town", &o->towns, NULL },
		{ "--industry", &o->industry, NULL },
		{ "--grade", &o->grades, NULL },
		{ "--scheme", &o->scheme, NULL },
		{ "--flag", &o->flags, NULL },
		{ "--tag", &o->tags, NULL },
		{ "--state", &o->states, NULL },
		{ "--visited-before", &o->visited_before, NULL },
		{ "--exclude", &o->exclude, NULL },
		{ "--item", &o->item, NULL },
		{ "--period", &w.period, NULL },
		{ "--name", &o->name, NULL },
		{ "--seed-source", &o->seed_source, NULL },
		{ "--seed-at", &o->seed_at, NULL },
		{ "--seed-parts", &o->seed_parts, NULL },
		{ "--reason", &o->reason, NULL },
		{ "--replaces", &o->replaces, NULL },
		{ "--schema", &w.schema, NULL },
		{ "--seed", &w.seed, NULL },
		{ "--officer", &w.officer, NULL },
		{ "--public", NULL, &w.is_public },
		{ "--out", &w.out, NULL },
		{ "--paper", &w.paper, NULL },
		{ "--from", &w.from, NULL },
		{ "--to", &w.to, NULL },
		{ "--format", &w.format, NULL },
		{ NULL, NULL, NULL },
	};
	int code = cli_options(c, own, usage, words, 3);

	if (code != EXIT_DONE)
		return code;
	if (!words[0])
		return cli_misuse(
			c, "say commit, reveal, run, replace, void, show, "
			   "verify, list or report");
	return do_verb(c, words, &w);
}

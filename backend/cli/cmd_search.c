/* cli/cmd_search.c - `hufud search`: records by a fragment of what they are
 * called, of a code or of an address. */
#include "cli/cli.h"
#include "cli/plain.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "search/search.h"

static const char usage[] =
	"usage: hufud search WORD... [--kinds subject,officer] [--scope S] "
	"[--limit N]\n"
	"                    [--cursor C] [--json]\n"
	"       hufud search --about [--json]\n"
	"       hufud search --rebuild\n"
	"\n"
	"Finds records that have all of the words, each as a fragment of a "
	"field that the kind\n"
	"declares as searched: one Chinese character is enough, and so is any "
	"part of a code.\n"
	"Upper and lower case, full and half width are the same; marks do not "
	"count. Whole\n"
	"fields come first, then names that begin with the first word, names "
	"that have all\n"
	"words, and the rest. Without --scope all scopes of the account are "
	"searched.\n"
	"\n"
	"--limit    at most so many, 20 unless said, 100 at most\n"
	"--cursor   where the page before ended: its `next`\n"
	"--about    the kinds that are searched, and how far their index is\n"
	"--rebuild  make the index anew\n"
	"\nOptions: --data DIR, --as ACCOUNT\n";

#define WORDS 8
#define LIMIT 20

struct asked {
	struct cli *c;
	const char *kinds; /* NULL: all */
};

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		size_t m = strcspn(list, ",");

		if (m == n && !strncmp(list, word, n))
			return true;
		list += m + (list[m] == ',');
	}
	return false;
}

static bool may(void *ctx, const struct search_part *part)
{
	const struct asked *a = ctx;
	const char *scope = a->c->scope;

	if (a->kinds && !has_word(a->kinds, part->kind->name))
		return false;
	if (scope && !part->kind->is_catalog && strcmp(scope, part->scope) != 0)
		return false;
	return part->kind->is_catalog ||
	       account_may(&a->c->account, ~0u, part->scope);
}

/* Each name is that of a kind that is searched. */
static int kinds_check(struct cli *c, const char *kinds)
{
	while (kinds && *kinds) {
		size_t n = strcspn(kinds, ",");
		const struct kind *k;
		char name[40];

		snprintf(name, sizeof(name), "%.*s", (int)n, kinds);
		k = registry_kind(c->store->kinds, name);
		if (!k || !k->search) {
			err_set(&c->err, RC_NOT_FOUND,
				k ? "kind '%s' declares no field to search in"
				  : "there is no kind '%s'",
				name);
			return cli_fail(c, &c->err);
		}
		kinds += n + (kinds[n] == ',');
	}
	return EXIT_DONE;
}

/* What the kind is searched in, the name first. */
static void hit_print(const struct search_hit *hit, const json_t *record)
{
	printf("%-9s %-8s %-20s %s", search_match_name(hit->match),
	       hit->part->kind->name, hit->id, hit->part->scope);
	for (size_t i = 0; hit->part->kind->search[i]; i++) {
		const char *value =
			json_text(record, hit->part->kind->search[i]);

		if (!value || !*value)
			continue;
		fputs("  ", stdout);
		plain_print(stdout, value);
	}
	if (json_text(record, "state"))
		printf("  (%s)", json_text(record, "state"));
	putchar('\n');
}

static int answer_print(struct cli *c, const struct search_answer *answer)
{
	json_t *all = json_array(), *out;

	for (size_t i = 0; i < answer->nhits; i++) {
		const struct search_hit *hit = &answer->hits[i];
		json_t *record = NULL;

		if (json_read(hit->stored, hit->len, &record, &c->err) !=
		    RC_OK) {
			json_decref(all);
			return cli_fail(c, &c->err);
		}
		if (!c->json)
			hit_print(hit, record);
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:O}", "kind",
						hit->part->kind->name, "match",
						search_match_name(hit->match),
						"record", record));
		json_decref(record);
	}
	if (!c->json) {
		json_decref(all);
		if (*answer->next)
			printf("more: --cursor %s\n", answer->next);
		return EXIT_DONE;
	}
	out = json_pack("{s:o}", "items", all);
	if (*answer->next)
		json_object_set_new(out, "next", json_string(answer->next));
	cli_json(out);
	return EXIT_DONE;
}

static int find(struct cli *c, struct search *s,
		const struct search_question *question)
{
	struct search_answer *answer = calloc(1, sizeof(*answer));
	int code;

	if (!answer) {
		err_set(&c->err, RC_NOMEM, "out of memory");
		return cli_fail(c, &c->err);
	}
	if (search_find(s, c->store, question, answer, &c->err) == RC_OK)
		code = answer_print(c, answer);
	else
		code = cli_fail(c, &c->err);
	search_answer_release(answer);
	free(answer);
	return code;
}

static int about(struct cli *c, struct search *s,
		 const struct search_part *parts, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		struct search_state state;

		if (search_state(s, c->store, &parts[i], &state, &c->err) !=
		    RC_OK) {
			json_decref(all);
			return cli_fail(c, &c->err);
		}
		if (!c->json)
			printf("%-8s %-8s %8lld records, at position %lld of "
			       "%lld\n",
			       parts[i].scope, parts[i].kind->name,
			       (long long)state.records, (long long)state.seen,
			       (long long)state.head);
		json_array_append_new(
			all,
			json_pack("{s:s, s:s, s:I, s:I, s:I}", "scope",
				  parts[i].scope, "kind", parts[i].kind->name,
				  "records", (json_int_t)state.records,
				  "position", (json_int_t)state.seen, "head",
				  (json_int_t)state.head));
	}
	if (c->json)
		cli_json_list("index", all);
	else
		json_decref(all);
	return EXIT_DONE;
}

static int rebuild(struct cli *c, struct search *s,
		   const struct search_part *parts, size_t n)
{
	const struct search_work work = { .parts = parts,
					  .nparts = n,
					  .most = -1 };
	struct search_done done;

	if (search_forget(s, c->store, &c->err) != RC_OK ||
	    search_update(s, c->store, &work, &done, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	printf("%lld records\n", (long long)done.records);
	return EXIT_DONE;
}

/* The index is of all scopes, so who makes it anew needs them all. */
static bool may_rebuild(struct cli *c)
{
	if (account_may(&c->account, ROLE_ADMINISTRATOR, "*"))
		return true;
	err_set(&c->err, RC_DENIED,
		"the index is made anew by administrators of all scopes");
	cli_fail(c, &c->err);
	return false;
}

int cmd_search(struct cli *c)
{
	const char *words[WORDS + 1] = { NULL }, *limit = NULL, *cursor = NULL;
	struct asked asked = { .c = c };
	bool is_about = false, is_anew = false;
	const struct cli_option own[] = {
		{ "--kinds", &asked.kinds, NULL },
		{ "--limit", &limit, NULL },
		{ "--cursor", &cursor, NULL },
		{ "--about", NULL, &is_about },
		{ "--rebuild", NULL, &is_anew },
		{ NULL, NULL, NULL },
	};
	int code = cli_options(c, own, usage, words, WORDS);
	struct search_part *parts = NULL;
	struct search *s = NULL;
	char *scopes = NULL, *end;
	long most = LIMIT;
	struct buf text;
	size_t n = 0;

	if (code != EXIT_DONE)
		return code;
	if (!words[0] == !(is_about || is_anew))
		return cli_misuse(c, words[0] ? "--about and --rebuild take no "
						"words"
					      : "what shall be found?");
	if (limit)
		most = strtol(limit, &end, 10);
	if (most < 1 || most > SEARCH_HITS_MAX || (limit && *end))
		return cli_misuse(c, "--limit is 1 to %d", SEARCH_HITS_MAX);
	code = cli_open(c);
	if (code == EXIT_DONE)
		code = kinds_check(c, asked.kinds);
	if (code != EXIT_DONE)
		return code;
	if (is_anew && !may_rebuild(c))
		return EXIT_FAILED;
	buf_init(&text, 8192);
	for (size_t i = 0; words[i]; i++)
		buf_printf(&text, "%s%s", i ? " " : "", words[i]);
	if (buf_status(&text, &c->err) != RC_OK ||
	    search_open(&s, c->store, &c->err) != RC_OK ||
	    search_parts(c->store, may, &asked, &parts, &n, &scopes, &c->err) !=
		    RC_OK)
		code = cli_fail(c, &c->err);
	else if (is_about)
		code = about(c, s, parts, n);
	else if (is_anew)
		code = rebuild(c, s, parts, n);
	else
		code = find(c, s,
			    &(struct search_question){ .text = text.data,
						       .parts = parts,
						       .nparts = n,
						       .actor = &c->account,
						       .limit = (size_t)most,
						       .cursor = cursor,
						       .most = -1 });
	buf_release(&text);
	search_close(s);
	free(parts);
	free(scopes);
	return code;
}

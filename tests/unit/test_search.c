/* The search: what is folded, which fragments find what in which order, and an
 * index that is always what the log says, whatever happens to its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fault.h"
#include "lib/loop.h"
#include "search/fold.h"
#include "search/search.h"
#include "sql_search.gen.h"

#define S "330106"

static char folder[64];
static struct loop server;
static struct search *search;

static void must(enum rc rc, const struct err *err)
{
	if (rc != RC_OK)
		fail_msg("%s", err->text);
}

static void write_one(const char *scope, const char *kind, const char *id,
		      const char *json)
{
	struct err err = { 0 };

	must(loop_write(&server, scope, kind, id, json, &err), &err);
}

static int begin(void **state)
{
	struct err err = { 0 };
	char path[96];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/hufu-search-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/data", folder);
	must(seal_setup(&err), &err);
	must(object_setup(&err), &err);
	must(loop_init(&server, path, &host_system, &err), &err);
	write_one(S, "subject", "s1",
		  "{\"name\":\"杭州西湖食品有限公司\",\"uscc\":"
		  "\"91330106MA2AB12X3K\",\"address\":\"文三路887号401室\"}");
	write_one(S, "subject", "s2",
		  "{\"name\":\"西湖龙井茶行\",\"address\":\"曙光路526号\"}");
	write_one(S, "subject", "s3",
		  "{\"name\":\"Café Ｗest-Lake No.9\",\"address\":"
		  "\"西湖街道1号\"}");
	write_one(S, "subject", "s4", "{\"name\":\"湖\"}");
	write_one(S, "subject", "s5",
		  "{\"name\":\"西湖\",\"address\":\"文三路（3楼）\"}");
	write_one("330108", "subject", "t1", "{\"name\":\"滨江西湖店\"}");
	write_one(S, "officer", "o1",
		  "{\"name\":\"李湖\",\"agency\":\"ag1\",\"certificate\":"
		  "\"ZF-330106-7\"}");
	write_one(S, "officer", "o2", "{\"name\":\"王湖\",\"agency\":\"ag2\"}");
	write_one("catalog", "item", "i1",
		  "{\"code\":\"ZJ.0207\",\"name\":\"食品销售检查\"}");
	must(search_open(&search, server.store, &err), &err);
	return 0;
}

static int end(void **state)
{
	char command[96];

	(void)state;
	search_close(search);
	loop_release(&server);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* -- folding -- */

static const struct {
	const char *text, *folded;
} foldings[] = {
	{ "", "" },
	{ "杭州", "杭州" },
	{ "（杭州）Ａ+B 西湖", "杭州ab西湖" },
	{ "West  Lake's", "west lakes" },
	{ " 西 湖\xe3\x80\x80Inn ", "西湖inn" },
	{ "ÀÉ Ω Ж Ё", "àéωжё" },
	{ "０１２-Ｘ", "012x" },
	{ "a\xff\xc0\xafz", "az" }, /* no UTF-8 */
	{ "\xee\x80\x80"
	  "a",
	  "a" }, /* the mark of a beginning */
	{ "𠮷野家", "𠮷野家" },
	{ "〇一", "〇一" },
};

static void text_is_folded_to_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(foldings) / sizeof(*foldings); i++) {
		struct buf b;

		buf_init(&b, 1000);
		fold(&b, foldings[i].text);
		buf_put(&b, "", 1);
		assert_string_equal(b.data, foldings[i].folded);
		buf_release(&b);
	}
}

static const struct {
	const char *word;
	enum gram_of of;
	const char *terms;
} terms[] = {
	{ "杭", GRAM_ANY, " 杭" },
	{ "杭州", GRAM_ANY, " 杭州" },
	{ "杭州市", GRAM_ANY, " 杭州 州市" },
	{ "3", GRAM_ANY, " 3" },
	{ "33", GRAM_ANY, " 33" },
	{ "3301", GRAM_ANY, " 330 301" },
	{ "州33012", GRAM_ANY, " 州3 330 301 012" },
	{ "3杭", GRAM_ANY, " 3杭" },
	{ "杭州", GRAM_NAME, " \xee\x80\x80杭州" },
	{ "杭州市", GRAM_START,
	  " \xee\x80\x81杭州 \xee\x80\x80杭州 "
	  "\xee\x80\x80州市" },
};

static void grams_are_up_to_three_of_ascii_and_up_to_two_of_others(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	grams(&b, "杭州3\nab12", GRAM_ANY);
	buf_put(&b, "", 1);
	assert_string_equal(b.data, " 杭 杭州 州 州3 3 a ab ab1 b b1 b12 1 12 "
				    "2");
	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++) {
		buf_reset(&b);
		grams_of_word(&b, terms[i].word, terms[i].of);
		buf_put(&b, "", 1);
		assert_string_equal(b.data, terms[i].terms);
	}
	buf_release(&b);
}

/* -- questions -- */

static void agency_of(struct account *a, const char *agency)
{
	*a = (struct account){ .roles = ROLE_COORDINATOR };
	snprintf(a->name, sizeof(a->name), "chen");
	snprintf(a->scopes, sizeof(a->scopes), "*");
	snprintf(a->agency, sizeof(a->agency), "%s", agency);
}

/* "s5:whole s2:beginning" of one page. */
static void ask_by(size_t few, const char *text, const char *agency,
		   size_t limit, const char *cursor, char out[400], char *next)
{
	struct search_part *parts = NULL;
	struct search_answer answer;
	struct err err = { 0 };
	struct account a;
	char *scopes = NULL;
	size_t n, at = 0;

	agency_of(&a, agency ? agency : "");
	must(search_parts(server.store, NULL, NULL, &parts, &n, &scopes, &err),
	     &err);
	must(search_find(search, server.store,
			 &(struct search_question){ .text = text,
						    .parts = parts,
						    .nparts = n,
						    .actor = &a,
						    .limit = limit,
						    .cursor = cursor,
						    .most = -1,
						    .few = few },
			 &answer, &err),
	     &err);
	*out = '\0';
	for (size_t i = 0; i < answer.nhits; i++)
		at += (size_t)snprintf(out + at, 400 - at, "%s%s:%s",
				       i ? " " : "", answer.hits[i].id,
				       search_match_name(answer.hits[i].match));
	if (next)
		snprintf(next, SEARCH_CURSOR_SIZE, "%s", answer.next);
	assert_true(answer.is_complete);
	search_answer_release(&answer);
	free(parts);
	free(scopes);
}

/* Whether candidates are ranked one by one or walked rank by rank. */
static void ask(const char *text, const char *agency, size_t limit,
		const char *cursor, char out[400], char *next)
{
	char walked[400], walked_next[SEARCH_CURSOR_SIZE];
	char ranked_next[SEARCH_CURSOR_SIZE];

	ask_by(0, text, agency, limit, cursor, out, ranked_next);
	for (size_t few = 1; few <= 6; few++) {
		ask_by(few, text, agency, limit, cursor, walked, walked_next);
		assert_string_equal(walked, out);
		assert_string_equal(walked_next, ranked_next);
	}
	if (next)
		snprintf(next, SEARCH_CURSOR_SIZE, "%s", ranked_next);
}

static void finds(const char *text, const char *want)
{
	char got[400];

	ask(text, NULL, 100, NULL, got, NULL);
	if (strcmp(got, want) != 0)
		fail_msg("'%s' finds '%s', not '%s'", text, got, want);
}

static const struct {
	const char *text, *found;
} questions[] = {
	/* one and two Chinese characters, by rank, then kind and scope */
	{ "西湖", "s5:whole s2:beginning s1:name t1:name s3:other" },
	{ "湖", "s4:whole o1:name o2:name s1:name s2:name s5:name t1:name "
		"s3:other" },
	{ "龙", "s2:name" },
	{ "龙井茶行", "s2:name" },
	{ "井茶", "s2:name" },
	{ "茶龙", "" },
	{ "文三路", "s1:other s5:other" },
	{ "路8", "s1:other" },
	{ "室", "s1:other" },
	/* Latin in any case and width */
	{ "café", "s3:beginning" },
	{ "CAFÉ west", "s3:beginning" },
	{ "ｗＥＳＴ", "s3:name" },
	{ "westlake", "s3:name" },
	{ "lake no", "s3:name" },
	{ "no9", "s3:name" },
	{ "9", "s3:name s1:other" },
	/* codes: whole, any fragment, with or without marks */
	{ "91330106MA2AB12X3K", "s1:whole" },
	{ "91330106ma2ab12x3k", "s1:whole" },
	{ "9133", "s1:other" },
	{ "2x3k", "s1:other" },
	{ "3K", "s1:other" },
	{ "k", "s3:name s1:other" },
	{ "zf330106", "o1:other" },
	{ "ZF-330106-7", "o1:whole" },
	{ "zj0207", "i1:whole" },
	{ "0207", "i1:other" },
	{ "s2", "s2:whole" },
	/* several words: all of them, wherever */
	{ "西湖 食品", "s1:name" },
	{ "杭州 食品", "s1:beginning" },
	{ "食品 文三路", "s1:other" },
	{ "文三路　西湖", "s1:other s5:other" },
	{ "西湖 无", "" },
	{ "滨江西湖店", "t1:whole" },
	{ "滨江 西湖店", "t1:whole" }, /* folded it is the same */
	{ "无此人", "" },
	/* what the language of FTS5 would mean is text here */
	{ "\"西湖\"", "s5:whole s2:beginning s1:name t1:name s3:other" },
	{ "name:湖*", "" },
	{ "NOT", "" },
};

static void fragments_find_records_by_rank(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		finds(questions[i].text, questions[i].found);
}

static void a_question_of_marks_alone_is_refused(void **state)
{
	static const char *const none[] = { "", "  ", "（）", "%_*\"'" };
	struct search_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct err err = { 0 };

		assert_int_equal(
			search_find(search, server.store,
				    &(struct search_question){ .text = none[i],
							       .limit = 10 },
				    &answer, &err),
			RC_INVALID);
		search_answer_release(&answer);
	}
}

static void an_account_of_an_agency_finds_what_is_its_own(void **state)
{
	char got[400];

	(void)state;
	ask("湖", "ag1", 100, NULL, got, NULL);
	assert_string_equal(got, "s4:whole o1:name s1:name s2:name s5:name "
				 "t1:name s3:other");
}

/* All pages of so many hits, one behind the other. */
static void pages(const char *text, size_t limit, const char *want)
{
	char all[800] = "", got[400], next[SEARCH_CURSOR_SIZE] = "";
	size_t n = 0;

	do {
		char cursor[SEARCH_CURSOR_SIZE];

		memcpy(cursor, next, sizeof(cursor));
		ask(text, NULL, limit, *cursor ? cursor : NULL, got, next);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 n ? " " : "", got);
		n++;
	} while (*next);
	assert_string_equal(all, want);
	assert_int_equal(n, (8 + limit - 1) / limit);
}

static void pages_have_every_record_once(void **state)
{
	(void)state;
	for (size_t limit = 1; limit <= 5; limit++) {
		pages("湖", limit, questions[1].found);
		pages("湖 湖", limit,
		      "s4:beginning o1:name o2:name s1:name s2:name s5:name "
		      "t1:name s3:other");
	}
}

static void a_strange_cursor_is_refused(void **state)
{
	static const char *const strange[] = { "s1", "c1.s5", "s1.9.item.x.1",
					       "s1.1.subject.330106.5x",
					       "s1.1.subject.330106.-5" };
	struct search_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		struct err err = { 0 };

		assert_int_equal(search_find(search, server.store,
					     &(struct search_question){
						     .text = "湖",
						     .limit = 10,
						     .cursor = strange[i] },
					     &answer, &err),
				 RC_INVALID);
		search_answer_release(&answer);
	}
}

/* -- the index and the log -- */

static void what_is_changed_moved_or_void_is_found_as_it_is(void **state)
{
	(void)state;
	finds("曙光路", "s2:other");
	write_one(S, "subject", "s2",
		  "{\"name\":\"西湖龙井茶行\",\"address\":\"天目山路1号\","
		  "\"town\":\"002\"}");
	finds("曙光路", "");
	finds("天目山路", "s2:other");
	write_one(S, "subject", "s2",
		  "{\"name\":\"九曲红梅茶行\",\"state\":\"void\",\"reason\":"
		  "\"entered twice\"}");
	finds("龙井", "");
	finds("天目山路", "");
	finds("九曲 茶行", "s2:beginning");
	write_one(S, "subject", "s2",
		  "{\"name\":\"西湖龙井茶行\",\"address\":\"曙光路526号\"}");
	finds("曙光路", "s2:other");
}

static void index_path(char out[128], const char *end_of)
{
	snprintf(out, 128, "%s/data/search.db%s", folder, end_of);
}

static void damage_nothing(const char *path)
{
	(void)path;
}

static void damage_remove(const char *path)
{
	unlink(path);
}

static void damage_zero(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

/* Everything behind the first page. */
static void damage_pages(const char *path)
{
	FILE *f = fopen(path, "r+b");
	char junk[4096];

	assert_non_null(f);
	memset(junk, 0x5a, sizeof(junk));
	fseek(f, 4096, SEEK_SET);
	for (int i = 0; i < 40; i++)
		fwrite(junk, 1, sizeof(junk), f);
	fclose(f);
}

static void damage_head(const char *path)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs("this is no database, and long enough to be read as one", f);
	fclose(f);
}

static void sql_of(const char *path, const char *sql)
{
	const struct db_options options = { .mode = DB_WRITE, .wal = true };
	struct err err = { 0 };
	struct db *db;

	must(db_open(&db, path, &options, &err), &err);
	must(db_script(db, sql, &err), &err);
	db_close(db);
}

static void damage_version(const char *path)
{
	sql_of(path, "UPDATE meta SET value = '0' WHERE name = 'version';"
		     "DELETE FROM doc");
}

static void damage_epoch(const char *path)
{
	sql_of(path, "UPDATE meta SET value = 'x' WHERE name = 'epoch';"
		     "DELETE FROM doc");
}

static void damage_table(const char *path)
{
	sql_of(path, "DROP TABLE gram");
}

static void damage_fields(const char *path)
{
	sql_of(path, "UPDATE part SET fields = 'name'; DELETE FROM doc");
}

/* As after a backup of the folder came back. */
static void damage_ahead(const char *path)
{
	sql_of(path, "UPDATE part SET seen = seen + 100000; DELETE FROM doc");
}

static void an_index_that_is_damaged_is_made_anew(void **state)
{
	static void (*const damages[])(const char *) = {
		damage_nothing, damage_remove,  damage_zero,  damage_pages,
		damage_head,    damage_version, damage_epoch, damage_table,
		damage_fields,  damage_ahead,
	};
	struct err err = { 0 };
	char path[128];

	(void)state;
	index_path(path, "");
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		finds("西湖", questions[0].found);
		search_close(search);
		search = NULL;
		damages[i](path);
		must(search_open(&search, server.store, &err), &err);
		finds("西湖", questions[0].found);
		finds("文三路", "s1:other s5:other");
	}
}

/* What no question would meet is found by reading all of it. */
static void a_check_throws_a_damaged_index_away(void **state)
{
	struct search_state before, after;
	struct search_part part = { S, registry_kind(server.store->kinds,
						     "subject") };
	struct err err = { 0 };
	char path[128];

	(void)state;
	finds("西湖", questions[0].found);
	must(search_check(search, server.store, &err), &err);
	must(search_state(search, server.store, &part, &before, &err), &err);
	assert_int_equal(before.records, 5);
	assert_int_equal(before.seen, before.head);
	search_close(search);
	search = NULL;
	index_path(path, "");
	damage_pages(path);
	must(search_open(&search, server.store, &err), &err);
	must(search_check(search, server.store, &err), &err);
	must(search_state(search, server.store, &part, &after, &err), &err);
	assert_int_equal(after.records, 0);
	finds("西湖", questions[0].found);
}

/* With the handle open, as a server has it. */
static void an_index_that_goes_away_meanwhile_is_made_anew(void **state)
{
	struct search *other;
	struct err err = { 0 };
	char path[128];

	(void)state;
	finds("西湖", questions[0].found);
	must(search_open(&other, server.store, &err), &err);
	must(search_forget(other, server.store, &err), &err);
	finds("西湖", questions[0].found);
	search_close(other);
	index_path(path, "");
	assert_int_equal(unlink(path), 0);
	finds("西湖", questions[0].found);
	assert_int_equal(access(path, R_OK), 0);
}

/* An index that claims too much finds no record that is not so. */
static void what_the_index_makes_up_is_not_found(void **state)
{
	struct err err = { 0 };
	char path[128];

	(void)state;
	index_path(path, "");
	finds("龙井", "s2:name");
	sql_of(path, "UPDATE doc SET name = '西湖虎跑泉' WHERE id = 's2';"
		     "UPDATE doc SET id = 'nobody' WHERE id = 's5'");
	finds("龙井", "");
	finds("虎跑", "");
	must(search_forget(search, server.store, &err), &err);
	finds("龙井", "s2:name");
}

static void a_small_budget_says_what_is_left(void **state)
{
	struct search_part *parts = NULL;
	struct search_done done;
	struct search_work work = { .most = 3 };
	struct err err = { 0 };
	char *scopes = NULL;
	int rounds = 0;

	(void)state;
	must(search_forget(search, server.store, &err), &err);
	must(search_parts(server.store, NULL, NULL, &parts, &work.nparts,
			  &scopes, &err),
	     &err);
	work.parts = parts;
	do {
		must(search_update(search, server.store, &work, &done, &err),
		     &err);
		assert_true(done.records <= 3);
		rounds++;
	} while (done.left);
	assert_true(rounds >= 3);
	free(parts);
	free(scopes);
	finds("西湖", questions[0].found);
}

/* Whatever fails: an error, or the right answer; and the next one is right. */
static void a_failure_anywhere_costs_no_answer(void **state)
{
	static const enum fault kinds[] = { FAULT_STORE, FAULT_ALLOC };
	static const char *const text = "文三路 食品";

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		long calls = 0;

		for (long nth = 1; nth <= calls + 1; nth += 1 + nth / 40) {
			struct search_answer answer;
			struct search_part part = {
				S,
				registry_kind(server.store->kinds, "subject")
			};
			struct err err = { 0 };
			enum rc rc;

			must(search_forget(search, server.store, &err), &err);
			fault_arm(kinds[k], nth, false);
			rc = search_find(
				search, server.store,
				&(struct search_question){ .text = text,
							   .parts = &part,
							   .nparts = 1,
							   .limit = 10,
							   .most = -1 },
				&answer, &err);
			calls = fault_clear(kinds[k]);
			if (rc == RC_OK)
				assert_int_equal(answer.nhits, 1);
			else
				assert_true(*err.text != '\0');
			search_answer_release(&answer);
			assert_false(db_in_transaction(server.store->db));
			finds(text, "s1:other");
			if (rc == RC_OK && calls < nth)
				break;
			calls = nth;
		}
		assert_true(calls > 20);
	}
}

static void every_statement_of_the_index_prepares(void **state)
{
	const struct db_options options = { .mode = DB_READ };
	struct err err = { 0 };
	struct db *db;
	char path[128];

	(void)state;
	index_path(path, "");
	must(db_open(&db, path, &options, &err), &err);
	for (size_t i = 0; sql_search_all[i]; i++)
		must(db_prepares(db, sql_search_all[i], &err), &err);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_folded_to_one_form),
		cmocka_unit_test(
			grams_are_up_to_three_of_ascii_and_up_to_two_of_others),
		cmocka_unit_test(fragments_find_records_by_rank),
		cmocka_unit_test(a_question_of_marks_alone_is_refused),
		cmocka_unit_test(an_account_of_an_agency_finds_what_is_its_own),
		cmocka_unit_test(pages_have_every_record_once),
		cmocka_unit_test(a_strange_cursor_is_refused),
		cmocka_unit_test(
			what_is_changed_moved_or_void_is_found_as_it_is),
		cmocka_unit_test(an_index_that_is_damaged_is_made_anew),
		cmocka_unit_test(a_check_throws_a_damaged_index_away),
		cmocka_unit_test(
			an_index_that_goes_away_meanwhile_is_made_anew),
		cmocka_unit_test(what_the_index_makes_up_is_not_found),
		cmocka_unit_test(a_small_budget_says_what_is_left),
		cmocka_unit_test(a_failure_anywhere_costs_no_answer),
		cmocka_unit_test(every_statement_of_the_index_prepares),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

/* The two verifiers, in C and in Python, agree on every paper, and refuse a
 * change of anything in one. */
#include "unit/test_domain_paper_harness.h"

/* Runs docs/verify_draw.py on the papers of a folder; answers its exit code. */
static int python_says(const char *folder, char *said, size_t room)
{
	char command[200];
	size_t n;
	FILE *p;

	snprintf(command, sizeof(command), "python3 docs/verify_draw.py %s/*",
		 folder);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(said, 1, room - 1, p);
	said[n] = '\0';
	return pclose(p);
}

static void paper_write(const json_t *paper, const char *folder, int i)
{
	struct err err = { 0 };
	char path[80];

	snprintf(path, sizeof(path), "%s/%03d.json", folder, i);
	assert_int_equal(draw_file_write(path, paper, &err), RC_OK);
}

/* As it is: canonical bytes have no reals and no nulls. */
static void paper_dump(const json_t *paper, const char *folder, size_t i)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%06zu", folder, i);
	assert_int_equal(json_dump_file(paper, path, JSON_COMPACT), 0);
}

static void folder_drop(const char *folder)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

#define SEEDS 200

static void both_verifiers_agree_with_every_draw(void **state)
{
	static const int64_t quotas[2][GRADES] = { { 5, 10, 40 }, { -55 } };
	static char said[SEEDS * 240], want[SEEDS * 240];
	char folder[] = "/tmp/hufu-draw-XXXXXX";
	size_t at = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < SEEDS; i++) {
		json_t *paper = paper_new(151 + (size_t)i, 4 + (size_t)i % 30,
					  quotas[i % 2]);
		struct err err = { 0 };
		char seed[40], not_covered[DRAW_OPEN_SIZE];

		snprintf(seed, sizeof(seed), "种子-%d", i);
		paper_run(paper, seed);
		for (int k = 0; k < i % 4; k++)
			paper_replace(paper, (size_t)(i + k) % 7, k % 2);
		if (i % 3 == 0)
			draw_make_public(paper);
		if (draw_verify(paper, &err) != RC_OK)
			fail_msg("%s", err.text);
		paper_write(paper, folder, i);
		draw_not_covered(paper, not_covered);
		at += (size_t)snprintf(
			want + at, sizeof(want) - at,
			"draw d1 verified: %zu of %d subjects%.*s%s\n  not "
			"covered by the commitment: %s; compare with what was "
			"announced\n",
			json_array_size(json_object_get(paper, "result")),
			151 + i, i % 4 ? 12 : 0,
			i % 4 == 1   ? ", 1 replaced"
			: i % 4 == 2 ? ", 2 replaced"
				     : ", 3 replaced",
			i % 3 == 0 && i % 2 == 0 ? ", lots without names" : "",
			not_covered);
		json_decref(paper);
	}
	assert_int_equal(python_says(folder, said, sizeof(said)), 0);
	assert_string_equal(said, want);
	folder_drop(folder);
}

/* Each changes one thing of a drawn paper. */
typedef void change_fn(json_t *paper);

static void change_frame(json_t *paper)
{
	json_array_set_new(json_object_get(paper, "frame"), 100,
			   json_string("s000099x"));
}
static void change_membership(json_t *paper)
{
	json_array_set_new(json_object_get(paper, "membership"), 0,
			   json_integer(1));
	json_array_set_new(json_object_get(paper, "membership"), 1,
			   json_integer(0));
}
static void change_pool(json_t *paper)
{
	json_object_set_new(json_array_get(json_object_get(paper, "pool"), 2),
			    "certificate_to", json_string("2026-01-01"));
}
static void change_quota(json_t *paper)
{
	json_t *strata =
		json_object_get(json_object_get(paper, "committed"), "strata");

	json_object_set_new(json_array_get(strata, 0), "n", json_integer(6));
}
static void change_excluded(json_t *paper)
{
	json_array_append_new(
		json_object_get(paper, "excluded"),
		json_pack("{s:s, s:s}", "id", "s9", "reason", "moved"));
}
static void change_seed(json_t *paper)
{
	json_object_set_new(paper, "seed", json_string("other"));
}
static void change_result(json_t *paper)
{
	json_array_remove(json_object_get(paper, "result"), 57);
}
static void change_reserve(json_t *paper)
{
	json_t *list = json_array_get(json_object_get(paper, "reserve"), 1);

	json_array_append(list, json_array_get(list, 0));
	json_array_remove(list, 0);
}
static void change_pair(json_t *paper)
{
	json_t *pair = json_array_get(json_object_get(paper, "pairs"), 7);

	json_array_append(pair, json_array_get(pair, 1));
	json_array_remove(pair, 1);
}
static void change_result_hash(json_t *paper)
{
	json_object_set(paper, "result_hash",
			json_object_get(paper, "commitment"));
}

static void both_verifiers_name_whatever_was_changed(void **state)
{
	static const struct {
		change_fn *change;
		const char *says;
	} changes[] = {
		{ change_frame, "frame_hash" },
		{ change_membership, "lots" },
		{ change_pool, "pool_hash" },
		{ change_quota, "commitment" },
		{ change_excluded, "exclusions_hash" },
		{ change_seed, "drawn 1 1" },
		{ change_result, "result 58" },
		{ change_reserve, "reserve 2 1" },
		{ change_pair, "pairs 8 2" },
		{ change_result_hash, "result_hash" },
	};
	static const int64_t quota[GRADES] = { 5, 10, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *paper = paper_new(300, 20, quota);
		char folder[] = "/tmp/hufu-draw-XXXXXX", said[400];
		struct err err = { 0 };

		assert_non_null(mkdtemp(folder));
		paper_run(paper, "seed");
		changes[i].change(paper);
		paper_write(paper, folder, 0);
		assert_int_equal(draw_verify(paper, &err), RC_CORRUPT);
		if (!strstr(err.text, changes[i].says))
			fail_msg("%s: %s", changes[i].says, err.text);
		assert_int_not_equal(python_says(folder, said, sizeof(said)),
				     0);
		folder_drop(folder);
		if (!strstr(said, changes[i].says))
			fail_msg("%s: %s", changes[i].says, said);
		json_decref(paper);
	}
}

/* -- each member in turn -- */

struct change {
	size_t nth; /* of this walk */
	char where[200];
};

static bool is_nth(struct change *c, const char *where, const char *how)
{
	if (c->nth-- != 0)
		return false;
	snprintf(c->where, sizeof(c->where), "%s %s", where, how);
	return true;
}

/* Another value of the same form where it has one. */
static json_t *other_value(const json_t *value)
{
	char text[200];
	size_t n;

	if (json_is_integer(value))
		return json_integer(json_integer_value(value) + 1);
	if (!json_is_string(value))
		return json_string("x");
	n = (size_t)snprintf(text, sizeof(text), "%s",
			     json_string_value(value));
	text[n - 1] = text[n - 1] == 'a' ? 'b' : 'a';
	return json_string(text);
}

static json_t *form_value(int form)
{
	return form == 0   ? json_null()
	       : form == 1 ? json_real(1.5)
	       : form == 2 ? json_true()
	       : form == 3 ? json_integer(-1)
	       : form == 4 ? json_string("")
			   : json_array();
}

/* Make the nth change that can be made; false when there are fewer. */
static bool change_nth(json_t *in, const char *at, struct change *c);

static bool change_child(json_t *in, const char *key, size_t i, json_t *child,
			 const char *at, struct change *c)
{
	static const char *const forms[] = { "null", "real", "true",
					     "-1",   "\"\"", "[]" };
	json_t *to = NULL;

	if (is_nth(c, at, "removed")) {
		if (key)
			json_object_del(in, key);
		else
			json_array_remove(in, i);
		return true;
	}
	if (is_nth(c, at, "other"))
		to = other_value(child);
	for (int k = 0; !to && k < 6; k++)
		if (!(k == 5 && json_is_array(child)) &&
		    !(k == 2 && json_is_true(child)) && is_nth(c, at, forms[k]))
			to = form_value(k);
	if (!to)
		return change_nth(child, at, c);
	if (key)
		json_object_set_new(in, key, to);
	else
		json_array_set_new(in, i, to);
	return true;
}

static bool change_nth(json_t *in, const char *at, struct change *c)
{
	char path[160];
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(in) && is_nth(c, at, "has one more")) {
		json_object_set_new(in, "zz", json_string("x"));
		return true;
	}
	json_object_foreach(in, key, child)
	{
		snprintf(path, sizeof(path), "%.100s/%s", at, key);
		if (change_child(in, key, 0, child, path, c))
			return true;
	}
	json_array_foreach(in, i, child)
	{
		snprintf(path, sizeof(path), "%.100s/%zu", at, i);
		if (i < 3 && change_child(in, NULL, i, child, path, c))
			return true;
	}
	return false;
}

/* Whether, when and why something was replaced. */
static bool is_of_replacements(const char *where)
{
	static const char *const ends[] = {
		"/at other",  "/reason other",         "/0 removed",
		"/1 removed", "/replacements removed", "/replacements []"
	};
	size_t n = strlen(where);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t m = strlen(ends[i]);

		if (!strncmp(where, "/replacements", 13) && n >= m &&
		    !strcmp(where + n - m, ends[i]))
			return true;
	}
	return false;
}

/* What nobody can know from a paper alone. */
static bool is_unknowable(int format, const char *state, const char *where)
{
	static const char *const of_1[] = {
		"/committed_at other", "/id other",    "/name removed",
		"/name other",         "/name \"\"",   "/reason removed",
		"/reason other",       "/reason \"\"", "/replaces removed",
		"/replaces other",
	};

	if (!strcmp(where, "/revealed_at other") || is_of_replacements(where))
		return true;
	/* Then it is the public one. */
	if (format >= 4 && !strcmp(where, "/reasons removed"))
		return true;
	if (!strcmp(state, "revealed") && !strcmp(where, "/seed other"))
		return true;
	if (!strcmp(state, "void") && !strncmp(where, "/void_reason", 12))
		return true;
	for (size_t i = 0; format == 1 && i < sizeof(of_1) / sizeof(*of_1); i++)
		if (!strcmp(where, of_1[i]))
			return true;
	return false;
}

#define CHANGES_MAX 24000

struct verdicts {
	char folder[32];
	bool accepts[CHANGES_MAX];
	char where[CHANGES_MAX][100];
	size_t n;
};

static void changes_judge(struct verdicts *v, const json_t *paper, int format,
			  const char *state)
{
	for (size_t nth = 0;; nth++) {
		json_t *changed = json_deep_copy(paper);
		struct change c = { .nth = nth };
		struct err err = { 0 };
		bool made = change_nth(changed, "", &c);

		if (made) {
			assert_true(v->n < CHANGES_MAX);
			v->accepts[v->n] = draw_verify(changed, &err) == RC_OK;
			snprintf(v->where[v->n], sizeof(v->where[0]),
				 "%d %s %.70s", format, state, c.where);
			if (v->accepts[v->n] &&
			    !is_unknowable(format, state, c.where))
				fail_msg("accepted: %s", v->where[v->n]);
			paper_dump(changed, v->folder, v->n++);
		}
		json_decref(changed);
		if (!made)
			return;
	}
}

/* The Python says a line of each paper, in the order of their names. */
static void python_agrees(const struct verdicts *v)
{
	char command[200], line[600];
	size_t i = 0;
	FILE *p;

	snprintf(command, sizeof(command), "python3 docs/verify_draw.py %s/*",
		 v->folder);
	p = popen(command, "r");
	assert_non_null(p);
	while (fgets(line, sizeof(line), p)) {
		if (line[0] == ' ') /* more of the one before */
			continue;
		assert_true(i < v->n);
		if (!strncmp(line, "draw ", 5) != v->accepts[i])
			fail_msg("%s: Python says %s", v->where[i], line);
		i++;
	}
	pclose(p);
	assert_int_equal(i, v->n);
}

/* A paper of each format in each state, and of each that has them public papers
 * and papers without grades. */
static void states_judge(struct verdicts *v, int format, bool by_grade,
			 bool is_public)
{
	static const char *const states[] = { "committed", "revealed", "drawn",
					      "void" };
	static const int64_t quotas[2][GRADES] = { { 1, 1, 2 }, { -4 } };

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		json_t *paper = paper_of(format, 12, 5, quotas[!by_grade]);
		struct err err = { 0 };

		if (i == 1)
			paper_reveal(paper, "seed");
		if (i == 2)
			paper_run(paper, "seed");
		if (i == 2 && format >= 3) {
			paper_replace(paper, 0, false);
			paper_replace(paper, 1, true);
		}
		if (i == 3 && format > 1)
			json_object_set_new(paper, "void_reason",
					    json_string("x"));
		json_object_set_new(paper, "state", json_string(states[i]));
		if (is_public)
			draw_make_public(paper);
		if (draw_verify(paper, &err) != RC_OK)
			fail_msg("%s", err.text);
		changes_judge(v, paper, format, states[i]);
		json_decref(paper);
	}
}

static void both_verifiers_refuse_a_change_of_any_member(void **state)
{
	struct verdicts *v = calloc(1, sizeof(*v));

	(void)state;
	snprintf(v->folder, sizeof(v->folder), "/tmp/hufu-draw-XXXXXX");
	assert_non_null(mkdtemp(v->folder));
	for (int format = 1; format <= DRAW_FORMAT; format++)
		states_judge(v, format, true, false);
	for (int format = 3; format <= DRAW_FORMAT; format++) {
		states_judge(v, format, true, true);
		states_judge(v, format, false, false);
	}
	python_agrees(v);
	folder_drop(v->folder);
	free(v);
}

/* What a parser may let through, or read as another value. */
static void both_verifiers_refuse_what_is_no_paper(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"1",
		"null",
		"{}",
		"{\"format\":4}",
		"{\"format\":3}",
		"{\"format\":2}",
		"{\"format\":1,\"format\":1}",
		"{\"format\":2.0}",
		"{\"format\":true}",
		"{\"format\":NaN}",
		"\xef\xbb\xbf{\"format\":2}",
		"{\"format\":2}x",
	};
	char folder[] = "/tmp/hufu-draw-XXXXXX", said[4000];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *paper = NULL;
		struct err err = { 0 };
		char path[80];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%zu", folder, i);
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		if (draw_file_read(path, &paper, &err) == RC_OK &&
		    draw_verify(paper, &err) == RC_OK)
			fail_msg("accepted: %s", texts[i]);
		json_decref(paper);
	}
	assert_int_not_equal(python_says(folder, said, sizeof(said)), 0);
	assert_int_not_equal(strncmp(said, "draw ", 5), 0);
	assert_null(strstr(said, "\ndraw "));
	folder_drop(folder);
}

static json_t *vectors_of(const char *path)
{
	json_t *all = json_load_file(path, 0, NULL);

	assert_non_null(all);
	return all;
}

static void papers_are_judged_as_their_vectors_say(void **state)
{
	json_t *all = vectors_of("fixtures/vectors/draw.json"), *one;
	size_t i, n = 0;

	(void)state;
	json_array_foreach(json_object_get(all, "cases"), i, one)
	{
		const json_t *want = json_object_get(one, "want");
		const json_t *paper =
			json_object_get(json_object_get(one, "given"), "paper");
		bool refused = json_object_get(want, "refused");
		struct err err = { 0 };
		enum rc rc;

		if (strcmp(json_text(one, "kind"), "paper") != 0)
			continue;
		n++;
		rc = draw_verify(paper, &err);
		if (rc != (refused ? RC_CORRUPT : RC_OK))
			fail_msg("%s: %s", json_text(one, "name"), err.text);
		if (!refused)
			assert_string_equal(json_text(paper, "commitment"),
					    json_text(want, "commitment"));
	}
	assert_true(n > 5);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_verifiers_agree_with_every_draw),
		cmocka_unit_test(both_verifiers_name_whatever_was_changed),
		cmocka_unit_test(both_verifiers_refuse_a_change_of_any_member),
		cmocka_unit_test(both_verifiers_refuse_what_is_no_paper),
		cmocka_unit_test(papers_are_judged_as_their_vectors_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

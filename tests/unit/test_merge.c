/* The cases of fixtures/merge: a folder each, one test each. case.json says in
 * words what is promised and names the kind; base, terminal and server are the
 * sides (a side without a file has no record); want is what stands, conflicts
 * what a person has to decide, and `rules` in case.json the rules that ask.
 * specimen.json beside the folders is a kind that uses every rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>

#include "base/jcs.h"
#include "kind/fsm.h"
#include "merge/merge.h"

#define FOLDER "fixtures/merge"
#define CASES_MAX 250
#define CASES_MIN 25

static struct registry *kinds;

/* NULL when there is no such file. */
static json_t *load(const char *folder, const char *name)
{
	char path[512];
	json_error_t why;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return json_load_file(path, JSON_REJECT_DUPLICATES, &why);
}

static char *canonical(const json_t *value)
{
	struct err err = { 0 };
	struct buf out;

	buf_init(&out, RECORD_BYTES_MAX);
	if (jcs_write(&out, value, &err) != RC_OK)
		fail_msg("%s", err.text);
	return out.data;
}

static void assert_same(const json_t *got, const json_t *want)
{
	char *a = canonical(got), *b = canonical(want);

	assert_string_equal(a, b);
	free(a);
	free(b);
}

static json_t *conflicts_json(const struct merge_result *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nconflicts; i++) {
		const struct merge_conflict *c = &r->conflicts[i];

		json_array_append_new(
			list, json_pack("{s:s, s:O, s:O, s:O, s:O}", "group",
					c->group, "base", c->base, "terminal",
					c->terminal, "server", c->server,
					"standing", c->standing));
	}
	return list;
}

/* Which rule asked for each conflict, where the case names them. */
static void check_rules(const json_t *about, const struct merge_result *r)
{
	const json_t *rules = json_object_get(about, "rules");

	if (!rules)
		return;
	assert_int_equal(json_array_size(rules), r->nconflicts);
	for (size_t i = 0; i < r->nconflicts; i++)
		assert_string_equal(
			r->conflicts[i].rule,
			json_string_value(json_array_get(rules, i)));
}

static void check_result(const char *folder, const json_t *about,
			 struct merge_result *r)
{
	json_t *want = load(folder, "want.json");
	json_t *conflicts = load(folder, "conflicts.json");
	json_t *got = conflicts_json(r);
	json_t *merged = json_object_get(about, "merged");

	assert_non_null(want);
	assert_non_null(conflicts);
	assert_true(json_is_boolean(merged));
	assert_same(r->record, want);
	assert_same(got, conflicts);
	check_rules(about, r);
	assert_int_equal(r->merged, json_is_true(merged));
	json_decref(got);
	json_decref(want);
	json_decref(conflicts);
}

static void case_gives_what_it_says(void **state)
{
	char folder[400];
	json_t *about, *base, *terminal, *server;
	struct merge_result r;
	struct err err = { 0 };
	const char *refused;
	enum rc rc;

	snprintf(folder, sizeof(folder), FOLDER "/%s", (const char *)*state);
	about = load(folder, "case.json");
	base = load(folder, "base.json");
	terminal = load(folder, "terminal.json");
	server = load(folder, "server.json");
	assert_non_null(json_text(about, "says"));
	refused = json_text(about, "refused");
	rc = merge_record(registry_kind(kinds, json_text(about, "kind")), base,
			  terminal, server, json_object_get(about, "by"), &r,
			  &err);
	if (refused) {
		assert_string_equal(rc_name(rc), refused);
		assert_null(r.record);
	} else {
		if (rc != RC_OK)
			fail_msg("%s", err.text);
		check_result(folder, about, &r);
		merge_release(&r);
	}
	json_decref(about);
	json_decref(base);
	json_decref(terminal);
	json_decref(server);
}

static void conflict_id_is_the_hash_of_its_parts(void **state)
{
	char id[33];

	(void)state;
	/* printf 'visit\037v1\037state\037abc' | sha256sum */
	conflict_id(id, "visit", "v1", "state", "abc");
	assert_string_equal(id, "763cce630886e3f27abafb8c1e92ae17");
}

static json_t *in_state(const char *state)
{
	json_t *r = load(FOLDER "/assignment-unchanged-x-done", "base.json");

	json_object_set_new(r, "state", json_string(state));
	return r;
}

/* Every pair of states of every table, from every third one. */
static void table_is_symmetric(const struct kind *k)
{
	const char *const *v = k->fsm->field->values;

	for (size_t i = 0; v[i]; i++)
		for (size_t j = 0; v[j]; j++) {
			json_t *base = in_state(v[(i + j + 1) % 3]);
			json_t *one = in_state(v[i]), *other = in_state(v[j]);
			struct merge_result a, b;
			struct err err = { 0 };

			assert_int_equal(merge_record(k, base, one, other, NULL,
						      &a, &err),
					 RC_OK);
			assert_int_equal(merge_record(k, base, other, one, NULL,
						      &b, &err),
					 RC_OK);
			if (fsm_cell(k->fsm, json_object_get(one, "state"),
				     json_object_get(other, "state")))
				assert_same(a.record, b.record);
			assert_int_equal(a.nconflicts, b.nconflicts);
			merge_release(&a);
			merge_release(&b);
			json_decref(base);
			json_decref(one);
			json_decref(other);
		}
}

static void a_table_does_not_care_who_came_first(void **state)
{
	int tables = 0;

	(void)state;
	for (size_t i = 0; i < registry_count(kinds); i++)
		if (registry_at(kinds, i)->fsm) {
			table_is_symmetric(registry_at(kinds, i));
			tables++;
		}
	assert_true(tables >= 3);
}

static void release_accepts_a_released_result(void **state)
{
	struct merge_result r = { 0 };

	(void)state;
	merge_release(&r);
	merge_release(&r);
	assert_null(r.record);
}

/* jansson's allocator, failing from the nth call on. */
static long allocations_left;

static void *failing_malloc(size_t n)
{
	return allocations_left-- > 0 ? malloc(n) : NULL;
}

static void merge_reports_every_failed_allocation(void **state)
{
	json_t *base =
		load(FOLDER "/conflict-beside-a-clean-field", "base.json");
	json_t *terminal =
		load(FOLDER "/conflict-beside-a-clean-field", "terminal.json");
	json_t *server =
		load(FOLDER "/conflict-beside-a-clean-field", "server.json");
	const struct kind *k = registry_kind(kinds, "assignment");
	enum rc rc = RC_NOMEM;
	long nth;

	(void)state;
	assert_non_null(base);
	for (nth = 0; rc != RC_OK && nth < 1000; nth++) {
		struct merge_result r;
		struct err err = { 0 };

		allocations_left = nth;
		json_set_alloc_funcs(failing_malloc, free);
		rc = merge_record(k, base, terminal, server, NULL, &r, &err);
		json_set_alloc_funcs(malloc, free);
		if (rc == RC_OK) {
			assert_int_equal(r.nconflicts, 1);
			merge_release(&r);
		} else {
			assert_int_equal(rc, RC_NOMEM);
			assert_int_equal(err.code, RC_NOMEM);
			assert_null(r.record);
		}
	}
	assert_int_equal(rc, RC_OK);
	assert_true(nth > 5);
	json_decref(base);
	json_decref(terminal);
	json_decref(server);
}

static int kinds_load(void **state)
{
	struct err err = { 0 };
	json_t *specimen = load(FOLDER, "specimen.json");
	int failed;

	(void)state;
	failed = registry_new(&kinds, &err) != RC_OK ||
		 registry_load_folder(kinds, "schema/kinds", &err) != RC_OK ||
		 registry_add(kinds, specimen, &err) != RC_OK;
	json_decref(specimen);
	return failed;
}

static int kinds_free(void **state)
{
	(void)state;
	registry_free(kinds);
	return 0;
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strchr(entry->d_name, '.');
}

static void there_are_enough_cases(void **state)
{
	assert_true(*(size_t *)*state >= CASES_MIN);
}

int main(void)
{
	static struct CMUnitTest tests[CASES_MAX + 5];
	struct dirent **cases = NULL;
	int found = scandir(FOLDER, &cases, is_case, alphasort), failed;
	size_t ncases = found < 0 ? 0 : (size_t)found, n = 0;

	if (ncases > CASES_MAX)
		ncases = CASES_MAX;
	for (size_t i = 0; i < ncases; i++)
		tests[n++] = (struct CMUnitTest){
			.name = cases[i]->d_name,
			.test_func = case_gives_what_it_says,
			.initial_state = cases[i]->d_name,
		};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test_prestate(
		there_are_enough_cases, &ncases);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
		conflict_id_is_the_hash_of_its_parts);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
		a_table_does_not_care_who_came_first);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
		release_accepts_a_released_result);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(
		merge_reports_every_failed_allocation);
	failed = _cmocka_run_group_tests("merge", tests, n, kinds_load,
					 kinds_free);
	for (int i = 0; i < found; i++)
		free(cases[i]);
	free(cases);
	return failed;
}

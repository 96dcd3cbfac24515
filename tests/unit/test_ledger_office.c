/* The office's writes: packets, merges, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/jcs.h"
#include "lib/loop.h"
#include "object/commit.h"
#include "tree/tree.h"

struct world {
	struct loop loop;
	char dir[64];
	struct err err;
};

static int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-ledger-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void write_ok(struct world *w, const char *kind, const char *id,
		     const char *json)
{
	if (loop_write(&w->loop, "330106", kind, id, json, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
}

static void a_new_catalog_holds_its_kinds(void **state)
{
	struct world *w = *state;
	struct head head;

	assert_int_equal(ledger_head(w->loop.store, "catalog", &head, &w->err),
			 RC_OK);
	assert_int_equal(head.number, 1);
	assert_true(head.position >= 15);
}

static void what_is_written_can_be_read(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	json_t *record;

	write_ok(w, "subject", "s1",
		 "{\"name\":\"a\",\"state\":\"in_business\",\"town\":\"002\"}");
	assert_int_equal(ledger_record(&op, "330106", "subject", "s1", &record),
			 RC_OK);
	assert_string_equal(json_text(record, "name"), "a");
	assert_string_equal(json_text(record, "town"), "002");
	json_decref(record);
}

static void writing_the_same_again_changes_nothing(void **state)
{
	struct world *w = *state;
	struct head before, after;
	const char *json = "{\"name\":\"a\",\"state\":\"in_business\"}";

	write_ok(w, "subject", "s1", json);
	ledger_head(w->loop.store, "330106", &before, &w->err);
	write_ok(w, "subject", "s1", json);
	ledger_head(w->loop.store, "330106", &after, &w->err);
	assert_int_equal(before.number, after.number);
	assert_memory_equal(&before.commit, &after.commit, OID_BYTES);
}

static void a_value_that_breaks_the_kind_is_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_write(&w->loop, "330106", "subject", "s1",
				    "{\"name\":\"a\",\"state\":\"nonsense\"}",
				    &w->err),
			 RC_INVALID);
	assert_non_null(strstr(w->err.text, "state"));
}

static void a_county_kind_is_refused_in_the_catalog(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_write(&w->loop, "catalog", "subject", "s1",
				    "{\"name\":\"a\"}", &w->err),
			 RC_INVALID);
}

static void bulk_is_split_into_packets_and_main_commits(void **state)
{
	struct world *w = *state;
	enum { N = 4500 };
	struct office_record *records = calloc(N, sizeof(*records));
	char(*ids)[16] = calloc(N, sizeof(*ids));
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	struct office_write bulk = { .scope = "330106",
				     .operation = "import",
				     .message = "bulk",
				     .records = records,
				     .n = N };
	struct head head;
	struct oid root;

	for (int i = 0; i < N; i++) {
		snprintf(ids[i], sizeof(ids[i]), "s%d", i);
		records[i].kind = "subject";
		records[i].id = ids[i];
		records[i].record = json_pack("{s:s}", "name", ids[i]);
	}
	if (ledger_office(&op, &bulk) != RC_OK)
		fail_msg("%s", w->err.text);
	assert_int_equal(ledger_head(w->loop.store, "330106", &head, &w->err),
			 RC_OK);
	assert_int_equal(head.number, 3);
	assert_int_equal(head.position, N);
	assert_int_equal(
		tree_rebuild(w->loop.store->db, "330106", NULL, &root, &w->err),
		RC_OK);
	assert_true(oid_equal(&root, &head.root));
	for (int i = 0; i < N; i++) {
		assert_int_equal(records[i].outcome, OFFICE_NEW);
		json_decref((json_t *)(uintptr_t)records[i].record);
	}
	free(records);
	free(ids);
}

static void sealed_records_are_stored_sealed(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	json_t *record;
	char *text;
	size_t len;

	write_ok(w, "subject", "s1", "{\"name\":\"a\"}");
	write_ok(w, "subject_private", "s1", "{\"phone\":\"13812345678\"}");
	assert_int_equal(store_record(w->loop.store, "330106",
				      "subject_private", "s1", &text, &len,
				      NULL, &w->err),
			 RC_OK);
	assert_null(strstr(text, "13812345678"));
	free(text);
	assert_int_equal(
		ledger_record(&op, "330106", "subject_private", "s1", &record),
		RC_OK);
	assert_string_equal(json_text(record, "phone"), "13812345678");
	json_decref(record);
	assert_int_equal(store_key_destroy(w->loop.store, "330106", "s1",
					   "admin", "asked", &w->err),
			 RC_OK);
	assert_int_equal(
		ledger_record(&op, "330106", "subject_private", "s1", &record),
		RC_DENIED);
}

/* What is entered refers to what there is, in the scope, in the catalog or in
 * the same write, before or behind. What stands is not judged again; nor is
 * what nobody entered. */
static void entered_references_find_their_record(void **state)
{
	static const struct {
		const char *kind, *id, *record, *why; /* NULL: it goes in */
	} cases[] = {
		{ "assignment", "a1",
		  "{\"subject\":\"s1\",\"reassigned_to\":\"a2\"}", NULL },
		{ "assignment", "a2", "{\"subject\":\"s1\"}", NULL },
		{ "assignment", "a3", "{\"subject\":\"s1\",\"item\":\"i1\"}",
		  "field 'item': there is no item 'i1' in scope catalog" },
		{ "assignment", "a4",
		  "{\"subject\":\"s1\",\"reassigned_to\":\"a3\"}",
		  "there is no assignment 'a3' in scope 330106" },
		{ "visit", "v1", "{\"subject\":\"s9\"}",
		  "field 'subject': there is no subject 's9' in scope 330106" },
		{ "visit", "v2", "{\"subject\":\"s9\",\"summary\":\"b\"}",
		  NULL },
		{ "visit", "v3", "{\"subject\":\"s1\",\"score\":101}",
		  "field 'score' is 101, and at most 100" },
	};
	enum { N = sizeof(cases) / sizeof(*cases) };
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	struct office_record records[N] = { 0 };
	struct office_write write = { .scope = "330106",
				      .operation = "set",
				      .message = "entered",
				      .records = records,
				      .n = N,
				      .entered = true };

	write_ok(w, "subject", "s1", "{\"name\":\"a\"}");
	write_ok(w, "visit", "v2", "{\"subject\":\"s9\"}");
	for (int i = 0; i < N; i++) {
		records[i].kind = cases[i].kind;
		records[i].id = cases[i].id;
		records[i].record = json_loads(cases[i].record,
					       JSON_REJECT_DUPLICATES, NULL);
	}
	assert_int_equal(ledger_office(&op, &write), RC_OK);
	for (int i = 0; i < N; i++) {
		if ((records[i].outcome == OFFICE_REFUSED) !=
			    (cases[i].why != NULL) ||
		    !strstr(records[i].why, cases[i].why ? cases[i].why : ""))
			fail_msg("%s: %s", cases[i].id, records[i].why);
		json_decref((json_t *)(uintptr_t)records[i].record);
	}
}

static void a_kind_gains_a_field_without_moving_old_records(void **state)
{
	struct world *w = *state;
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	const struct kind *k = registry_kind(w->loop.store->kinds, "subject");
	json_t *definition = json_deep_copy(k->definition);
	struct head before, after;
	char path[128];
	bool changed;

	write_ok(w, "subject", "s1", "{\"name\":\"a\"}");
	ledger_head(w->loop.store, "330106", &before, &w->err);
	json_array_append_new(json_object_get(definition, "fields"),
			      json_pack("{s:s, s:s, s:{s:s, s:s}}", "name",
					"floor_area", "type", "int", "label",
					"zh", "面积", "en", "floor area"));
	snprintf(path, sizeof(path), "%s/kind.json", w->dir);
	assert_int_equal(json_dump_file(definition, path, 0), 0);
	json_decref(definition);
	if (ledger_kind_load(&op, path, &changed) != RC_OK)
		fail_msg("%s", w->err.text);
	assert_true(changed);
	write_ok(w, "subject", "s2", "{\"name\":\"b\",\"floor_area\":7}");
	ledger_head(w->loop.store, "330106", &after, &w->err);
	assert_int_equal(after.position, before.position + 1);
	assert_int_equal(loop_reopen(&w->loop, &w->err), RC_OK);
	write_ok(w, "subject", "s2", "{\"name\":\"b\",\"floor_area\":8}");
}

static void no_kind_takes_a_table_of_the_store(void **state)
{
	static const char *const names[] = { "account",   "token",  "audit",
					     "log",       "packet", "meta",
					     "log_record" };
	struct world *w = *state;
	struct account admin;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err err = { 0 };
		struct op op = loop_op(&w->loop, &admin, &err);
		json_t *definition = json_deep_copy(
			registry_kind(w->loop.store->kinds, "agency")
				->definition);
		bool changed;

		json_object_set_new(definition, "kind", json_string(names[i]));
		assert_int_equal(ledger_kind_put(&op, definition, &changed),
				 RC_INVALID);
		assert_non_null(strstr(err.text, names[i]));
		assert_null(registry_kind(w->loop.store->kinds, names[i]));
		json_decref(definition);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_free)
		TEST(a_new_catalog_holds_its_kinds),
		TEST(what_is_written_can_be_read),
		TEST(writing_the_same_again_changes_nothing),
		TEST(a_value_that_breaks_the_kind_is_refused),
		TEST(a_county_kind_is_refused_in_the_catalog),
		TEST(bulk_is_split_into_packets_and_main_commits),
		TEST(sealed_records_are_stored_sealed),
		TEST(entered_references_find_their_record),
		TEST(a_kind_gains_a_field_without_moving_old_records),
		TEST(no_kind_takes_a_table_of_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

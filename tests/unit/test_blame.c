/* Who last changed each field: the rows beside the log say what its versions
 * say, as of every position, and follow from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "ledger/blame.h"
#include "ledger/check.h"
#include "ledger/history.h"
#include "ledger/rebuild.h"
#include "lib/field.h"

#define ROUNDS 60

static struct field_world world;
static struct account account;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static struct op op_now(void)
{
	return loop_op(&world.loop, &account, &world.err);
}

static void ok(enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s (%s)", world.err.text, rc_name(rc));
}

static void part(char *out, size_t n, const char *value, const char *field)
{
	if (value)
		snprintf(out, n, ",\"%s\":\"%s\"", field, value);
	else
		out[0] = '\0';
}

/* Values come back, fields go and come, some writes change nothing. */
static void writes(const char *kind, const char *id, unsigned seed)
{
	static const char *const values[] = { NULL, "a", "b", "c" };
	bool is_private = !strcmp(kind, "subject_private");
	char json[200], one[40], other[40];

	for (int i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245u + 12345u;
		part(one, sizeof(one), values[(seed >> 16) % 4],
		     is_private ? "note" : "address");
		part(other, sizeof(other), values[(seed >> 20) % 4], "phone");
		snprintf(json, sizeof(json), "{%s%s%s}",
			 is_private ? "\"legal_representative\":\"li\""
				    : "\"name\":\"x\",\"state\":"
				      "\"in_business\"",
			 one, other);
		field_office(&world, kind, id, json);
	}
}

/* What the history says of the fields up to a position: field -> position. */
static json_t *from_history(const char *kind, const char *id, int64_t upto)
{
	struct op op = op_now();
	json_t *history, *out = json_object(), *entry, *change;
	size_t i, j;

	ok(ledger_history(&op, FIELD_SCOPE, kind, id, &history));
	json_array_foreach(history, i, entry)
	{
		int64_t position = json_int(entry, "position", INT64_MAX);

		if (position > upto)
			continue;
		json_array_foreach(json_object_get(entry, "changes"), j, change)
			json_object_set_new(out, json_text(change, "field"),
					    json_integer(position));
	}
	json_decref(history);
	return out;
}

static json_t *from_blame(const char *kind, const char *id, int64_t at)
{
	struct op op = op_now();
	json_t *blame = NULL, *out = json_object(), *field;
	size_t i;

	ok(ledger_blame(&op, FIELD_SCOPE, kind, id, at, &blame));
	json_array_foreach(json_object_get(blame, "fields"), i, field)
	{
		assert_string_equal(json_text(field, "author"), "admin");
		assert_string_equal(json_text(field, "rule"), "office");
		json_object_set_new(
			out, json_text(field, "field"),
			json_integer(json_int(field, "position", 0)));
	}
	json_decref(blame);
	return out;
}

static void same_at(const char *kind, const char *id, int64_t at)
{
	json_t *want = from_history(kind, id, at);
	json_t *is = from_blame(kind, id, at);
	char *a = json_dumps(want, JSON_SORT_KEYS);
	char *b = json_dumps(is, JSON_SORT_KEYS);

	if (!json_equal(want, is))
		fail_msg("%s %s as of %lld: %s, but blame says %s", kind, id,
			 (long long)at, a, b);
	free(a);
	free(b);
	json_decref(want);
	json_decref(is);
}

static int64_t number(const char *sql)
{
	int64_t n = 0;

	ok(db_int(world.loop.store->db, sql, 0, &n, &world.err));
	return n;
}

static void all_same(const char *kind, const char *id)
{
	char sql[160];
	int64_t first, last;

	snprintf(sql, sizeof(sql),
		 "SELECT min(position) FROM log WHERE kind='%s' AND id='%s'",
		 kind, id);
	first = number(sql);
	last = number("SELECT max(position) FROM log WHERE scope='" FIELD_SCOPE
		      "'");
	assert_true(first > 0 && last > first + 10);
	for (int64_t at = first; at <= last; at += 7)
		same_at(kind, id, at);
	same_at(kind, id, INT64_MAX);
}

static bool is_sound(int64_t *position)
{
	struct check_report r;
	struct err err = { 0 };
	bool sound;

	ledger_check(world.loop.store, NULL, &r, &err);
	sound = r.is_sound;
	*position = r.fault.position;
	check_report_release(&r);
	return sound;
}

static void blame_is_what_the_history_says(void **state)
{
	(void)state;
	writes("subject", "s5", 7);
	all_same("subject", "s5");
	writes("subject_private", "s5", 11);
	all_same("subject_private", "s5");
}

static void rows_that_are_missing_are_made_from_the_versions(void **state)
{
	struct op op = op_now();
	struct rebuilt done;
	char *before, *after;
	int64_t position;

	(void)state;
	writes("subject", "s5", 7);
	writes("subject_private", "s5", 11);
	assert_true(number("SELECT count(*) FROM blame") > ROUNDS);
	before = strdup(field_server(&world, "SELECT group_concat(scope || "
					     "position || body) FROM blame"));
	ok(db_script(world.loop.store->db, "DELETE FROM blame", &world.err));
	all_same("subject", "s5");
	field_office(&world, "subject", "s5",
		     "{\"name\":\"new\",\"state\":\"in_business\"}");
	all_same("subject", "s5");
	assert_true(is_sound(&position)); /* they may be missing */
	ok(db_script(world.loop.store->db,
		     "DELETE FROM blame;INSERT INTO blame SELECT scope,"
		     "position,'{}' FROM log WHERE id='s5'",
		     &world.err));
	assert_false(is_sound(&position));
	assert_true(position > 0);
	op = op_now();
	ok(ledger_rebuild(&op, NULL, NULL, &done));
	assert_true(is_sound(&position));
	after = strdup(field_server(&world, "SELECT group_concat(scope || "
					    "position || body) FROM blame"));
	assert_memory_equal(before, after, strlen(before));
	free(before);
	free(after);
}

static void one_that_is_not_there_is_named(void **state)
{
	struct op op = op_now();
	json_t *out;

	(void)state;
	assert_int_equal(ledger_blame(&op, FIELD_SCOPE, "subject", "s99",
				      INT64_MAX, &out),
			 RC_NOT_FOUND);
	assert_string_equal(world.err.text,
			    "there is no subject 's99' in scope " FIELD_SCOPE);
	err_clear(&world.err);
	assert_int_equal(
		ledger_blame(&op, FIELD_SCOPE, "subject", "s5", 1, &out),
		RC_NOT_FOUND);
	assert_non_null(strstr(world.err.text, "then"));
	err_clear(&world.err);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(blame_is_what_the_history_says),
		TEST(rows_that_are_missing_are_made_from_the_versions),
		TEST(one_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

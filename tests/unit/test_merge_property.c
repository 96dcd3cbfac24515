/* What holds for every merge, over seeded random records and sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "merge/merge.h"

#define ROUNDS 20000

static struct registry *kinds;
static const struct kind *kind;

/* splitmix64 (Steele, Lea, Flood 2014): the same rounds everywhere. */
static uint64_t seed_now;

static uint64_t next(void)
{
	uint64_t z = seed_now += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return (size_t)(next() % n);
}

static json_t *random_set(void)
{
	static const char *const members[] = { "a", "b", "c", "d", "e" };
	json_t *set = json_array();

	for (size_t i = 0; i < 5; i++)
		if (below(2))
			json_array_append_new(set, json_string(members[i]));
	return set;
}

/* Up to five lines of three letters; now and then none at all. */
static json_t *random_lines(void)
{
	static const char *const words[] = { "a", "b", "c" };
	size_t n = below(5);
	char text[40] = "";

	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s%s", i ? "\n" : "",
			 words[below(3)]);
	}
	return json_string(text);
}

/* Few values, so that sides often agree. */
static json_t *random_value(const struct field *f)
{
	static const char *const texts[] = { "", "x", "y", "2026-11-22" };

	if (!f || below(60) == 0)
		return below(2) ? json_integer((json_int_t)below(3))
				: json_pack("{s:i}", "n", (int)below(2));
	if (f->rule == MERGE_TEXT)
		return random_lines();
	switch (f->type) {
	case FIELD_SET: return random_set();
	case FIELD_TEXT:
	case FIELD_DATE: return json_string(texts[below(4)]);
	default: return json_integer((json_int_t)below(4));
	}
}

static const char *const unknown[] = { "aaa", "later", "zebra" };
#define UNKNOWN (sizeof(unknown) / sizeof(*unknown))

static void change(json_t *record, const char *name)
{
	if (below(4) == 0)
		json_object_del(record, name);
	else
		json_object_set_new(record, name,
				    random_value(kind_field(kind, name)));
}

/* Each field changes with one chance in `rarely`. */
static json_t *edited(const json_t *from, size_t rarely)
{
	json_t *record = json_deep_copy(from);

	for (size_t i = 0; i < kind->nfields; i++)
		if (below(rarely) == 0)
			change(record, kind->fields[i].name);
	for (size_t i = 0; i < UNKNOWN; i++)
		if (below(rarely) == 0)
			change(record, unknown[i]);
	if (below(rarely * 4) == 0)
		json_object_set_new(record, "town",
				    json_string(below(2) ? "003" : "109"));
	return record;
}

struct sides {
	json_t *base, *terminal, *server;
};

static struct sides random_sides(uint64_t seed)
{
	struct sides s;
	json_t *empty = json_pack("{s:s, s:s, s:s}", "id", "r1", "scope",
				  "330106", "town", "002");
	size_t rarely;

	seed_now = seed;
	rarely = 1 + below(4);
	s.base = edited(empty, 1);
	s.terminal = edited(s.base, rarely);
	s.server = edited(s.base, rarely);
	json_decref(empty);
	return s;
}

/* A counter adds what both sides added, also where that is the same, and adds
 * it as often as it is told: that no packet counts twice is the ledger's, which
 * takes each once. */
static struct sides sides_without_counts(uint64_t seed)
{
	struct sides s = random_sides(seed);

	json_object_del(s.base, "visits");
	json_object_del(s.terminal, "visits");
	json_object_del(s.server, "visits");
	return s;
}

static void sides_free(struct sides *s)
{
	json_decref(s->base);
	json_decref(s->terminal);
	json_decref(s->server);
}

static void merge(const json_t *base, const json_t *terminal,
		  const json_t *server, struct merge_result *r)
{
	struct err err = { 0 };

	if (merge_record(kind, base, terminal, server, NULL, r, &err) != RC_OK)
		fail_msg("%s", err.text);
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

static void assert_same(const json_t *a, const json_t *b)
{
	char *x = canonical(a), *y = canonical(b);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void assert_same_results(const struct merge_result *a,
				const struct merge_result *b)
{
	assert_same(a->record, b->record);
	assert_int_equal(a->merged, b->merged);
	assert_int_equal(a->nconflicts, b->nconflicts);
	for (size_t i = 0; i < a->nconflicts; i++) {
		const struct merge_conflict *x = &a->conflicts[i];
		const struct merge_conflict *y = &b->conflicts[i];

		assert_string_equal(x->group, y->group);
		assert_same(x->base, y->base);
		assert_same(x->terminal, y->terminal);
		assert_same(x->server, y->server);
		assert_same(x->standing, y->standing);
	}
}

/* The same record with its members inserted the other way round. */
static json_t *turned(const json_t *record)
{
	json_t *out = json_object(), *value;
	const char *names[64], *name;
	size_t n = 0;
	json_t *o = (json_t *)(uintptr_t)record;

	json_object_foreach(o, name, value) names[n++] = name;
	while (n > 0) {
		n--;
		json_object_set_new(
			out, names[n],
			json_deep_copy(json_object_get(record, names[n])));
	}
	return out;
}

static void same_inputs_give_the_same_bytes(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i), o;
		struct merge_result a, b;

		o.base = turned(s.base);
		o.terminal = turned(s.terminal);
		o.server = turned(s.server);
		merge(s.base, s.terminal, s.server, &a);
		merge(o.base, o.terminal, o.server, &b);
		assert_same_results(&a, &b);
		merge_release(&a);
		merge_release(&b);
		sides_free(&s);
		sides_free(&o);
	}
}

static void a_merge_leaves_its_inputs_alone(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS / 4; i++) {
		struct sides s = random_sides(i);
		struct sides before = random_sides(i);
		struct merge_result r;

		merge(s.base, s.terminal, s.server, &r);
		merge_release(&r);
		assert_same(s.base, before.base);
		assert_same(s.terminal, before.terminal);
		assert_same(s.server, before.server);
		sides_free(&s);
		sides_free(&before);
	}
}

static void a_side_that_did_not_move_gives_way(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS / 4; i++) {
		struct sides s = sides_without_counts(i);
		struct merge_result r;

		merge(s.base, s.base, s.server, &r);
		assert_same(r.record, s.server);
		assert_int_equal(r.nconflicts, 0);
		assert_false(r.merged);
		merge_release(&r);
		merge(s.base, s.terminal, s.base, &r);
		assert_same(r.record, s.terminal);
		assert_int_equal(r.nconflicts, 0);
		assert_false(r.merged);
		merge_release(&r);
		merge(s.base, s.server, s.server, &r);
		assert_same(r.record, s.server);
		assert_int_equal(r.nconflicts, 0);
		assert_false(r.merged);
		merge_release(&r);
		sides_free(&s);
	}
}

/* A conflict keeps the same three values whoever came first. */
static void the_values_kept_do_not_depend_on_the_order(void **state)
{
	size_t seen = 0;

	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		struct merge_result a, b;

		merge(s.base, s.terminal, s.server, &a);
		merge(s.base, s.server, s.terminal, &b);
		assert_int_equal(a.nconflicts, b.nconflicts);
		for (size_t j = 0; j < a.nconflicts; j++) {
			assert_string_equal(a.conflicts[j].group,
					    b.conflicts[j].group);
			assert_same(a.conflicts[j].base, b.conflicts[j].base);
			assert_same(a.conflicts[j].terminal,
				    b.conflicts[j].server);
			assert_same(a.conflicts[j].server,
				    b.conflicts[j].terminal);
		}
		seen += a.nconflicts;
		merge_release(&a);
		merge_release(&b);
		sides_free(&s);
	}
	assert_true(seen > ROUNDS);
}

static const struct merge_conflict *conflict_of(const struct merge_result *r,
						const char *group)
{
	for (size_t i = 0; i < r->nconflicts; i++)
		if (strcmp(r->conflicts[i].group, group) == 0)
			return &r->conflicts[i];
	return NULL;
}

static bool same(const json_t *a, const json_t *b)
{
	return (!a && !b) || (a && b && json_equal(a, b));
}

/* Any field that is a group of its own, whatever its rule. */
static void check_one(const struct sides *s, const struct merge_result *r,
		      const char *name)
{
	const json_t *b = json_object_get(s->base, name);
	const json_t *t = json_object_get(s->terminal, name);
	const json_t *v = json_object_get(s->server, name);
	const json_t *got = json_object_get(r->record, name);

	if (same(t, b) || same(t, v)) {
		assert_true(same(got, v));
		assert_null(conflict_of(r, name));
	} else if (same(v, b)) {
		assert_true(same(got, t));
		assert_null(conflict_of(r, name));
	} else if (!kind_field(kind, name)) {
		assert_true(same(got, v));
		assert_non_null(conflict_of(r, name));
	}
}

static void what_one_side_changed_stands(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = sides_without_counts(i);
		struct merge_result r;

		merge(s.base, s.terminal, s.server, &r);
		for (size_t j = 0; j < UNKNOWN; j++)
			check_one(&s, &r, unknown[j]);
		check_one(&s, &r, "town");
		for (size_t j = 0; j < kind->nfields; j++)
			if (strcmp(kind->fields[j].name,
				   kind->fields[j].group) == 0)
				check_one(&s, &r, kind->fields[j].name);
		merge_release(&r);
		sides_free(&s);
	}
}

static void a_group_is_one_side_s(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		struct merge_result r;
		const json_t *w, *h;

		merge(s.base, s.terminal, s.server, &r);
		w = json_object_get(r.record, "width");
		h = json_object_get(r.record, "height");
		assert_true((same(w, json_object_get(s.terminal, "width")) &&
			     same(h, json_object_get(s.terminal, "height"))) ||
			    (same(w, json_object_get(s.server, "width")) &&
			     same(h, json_object_get(s.server, "height"))));
		merge_release(&r);
		sides_free(&s);
	}
}

static bool has(const json_t *set, const char *member)
{
	for (size_t i = 0; i < json_array_size(set); i++)
		if (strcmp(json_string_value(json_array_get(set, i)), member) ==
		    0)
			return true;
	return false;
}

static bool is_texts(const json_t *set)
{
	return !set || json_is_array(set);
}

static void a_set_loses_what_was_removed_and_nothing_else(void **state)
{
	static const char *const members[] = { "a", "b", "c", "d", "e" };

	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		const json_t *b = json_object_get(s.base, "links");
		const json_t *t = json_object_get(s.terminal, "links");
		const json_t *v = json_object_get(s.server, "links");
		struct merge_result r;

		merge(s.base, s.terminal, s.server, &r);
		for (size_t j = 0;
		     is_texts(b) && is_texts(t) && is_texts(v) && j < 5; j++) {
			bool in_base = has(b, members[j]);
			bool in_t = has(t, members[j]);
			bool in_s = has(v, members[j]);

			assert_int_equal(has(json_object_get(r.record, "links"),
					     members[j]),
					 in_base ? in_t && in_s : in_t || in_s);
		}
		merge_release(&r);
		sides_free(&s);
	}
}

/* A packet that is merged a second time changes nothing any more. Not so for a
 * set that only grows, when a side made it smaller against its rule: the union
 * may be the base again, and then the smaller one is the only one that moved.
 */
static void merging_again_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = sides_without_counts(i);
		struct merge_result a, b;

		json_object_del(s.base, "signatures");
		merge(s.base, s.terminal, s.server, &a);
		merge(s.base, s.terminal, a.record, &b);
		assert_same(b.record, a.record);
		merge_release(&a);
		merge_release(&b);
		sides_free(&s);
	}
}

/* Lines that stand once: each of a to f with two chances in three. */
static void line_put(char text[64], char line)
{
	size_t at = strlen(text);

	snprintf(text + at, 64 - at, "%s%c", at ? "\n" : "", line);
}

/* Some lines gone, and some of g to l before others. */
static json_t *lines_edited(const char *base)
{
	char text[64] = "";

	for (; *base; base++) {
		if (*base == '\n')
			continue;
		if (below(5) == 0)
			line_put(text, (char)('g' + below(6)));
		if (below(5) != 0)
			line_put(text, *base);
	}
	return json_string(text);
}

static bool has_line(const json_t *text, char line)
{
	const char *s = json_string_value(text);

	return s && strchr(s, line);
}

/* A joined text has every line that a side added, and of the others those that
 * both left; or a person is asked, and the server's stands. */
static void a_joined_text_has_the_lines_of_both(void **state)
{
	const struct field *f = kind_field(kind, "notes");
	size_t joined = 0, asked = 0;

	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		char base[64] = "";
		struct merge_result r;
		const json_t *b, *t, *v, *got;

		for (char c = 'a'; c <= 'f'; c++)
			if (below(3))
				line_put(base, c);
		json_object_set_new(s.base, f->name, json_string(base));
		json_object_set_new(s.terminal, f->name, lines_edited(base));
		json_object_set_new(s.server, f->name, lines_edited(base));
		b = json_object_get(s.base, f->name);
		t = json_object_get(s.terminal, f->name);
		v = json_object_get(s.server, f->name);
		merge(s.base, s.terminal, s.server, &r);
		got = json_object_get(r.record, f->name);
		if (conflict_of(&r, f->name)) {
			asked++;
			assert_true(same(got, v));
		}
		for (char c = 'a'; c <= 'l' && !conflict_of(&r, f->name); c++)
			assert_int_equal(
				has_line(got, c),
				has_line(b, c)
					? has_line(t, c) && has_line(v, c)
					: has_line(t, c) || has_line(v, c));
		joined += !same(t, b) && !same(v, b) && !same(t, v) &&
			  !conflict_of(&r, f->name);
		merge_release(&r);
		sides_free(&s);
	}
	assert_true(joined > ROUNDS / 10 && asked > ROUNDS / 10);
}

/* Which side was first makes no difference to a joined text, nor to a sum. */
static void texts_and_counts_are_the_same_either_way(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		struct merge_result a, b;

		merge(s.base, s.terminal, s.server, &a);
		merge(s.base, s.server, s.terminal, &b);
		if (!conflict_of(&a, "notes"))
			assert_true(same(json_object_get(a.record, "notes"),
					 json_object_get(b.record, "notes")));
		if (!conflict_of(&a, "visits"))
			assert_true(same(json_object_get(a.record, "visits"),
					 json_object_get(b.record, "visits")));
		merge_release(&a);
		merge_release(&b);
		sides_free(&s);
	}
}

/* What a stranger writes into a field that has an owner never stands, and is
 * never lost. */
static void what_has_an_owner_is_the_owners(void **state)
{
	json_t *by = json_pack("[s]", "nobody");
	size_t asked = 0;

	(void)state;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct sides s = random_sides(i);
		const json_t *t = json_object_get(s.terminal, "remark");
		const json_t *v = json_object_get(s.server, "remark");
		bool owned = json_object_get(s.base, "holder") ||
			     json_object_get(s.server, "holder");
		struct err err = { 0 };
		struct merge_result r;

		assert_int_equal(merge_record(kind, s.base, s.terminal,
					      s.server, by, &r, &err),
				 RC_OK);
		if (owned && !same(t, v) &&
		    !same(t, json_object_get(s.base, "remark"))) {
			assert_true(
				same(json_object_get(r.record, "remark"), v));
			assert_string_equal(conflict_of(&r, "remark")->rule,
					    "own");
			asked++;
		}
		merge_release(&r);
		sides_free(&s);
	}
	assert_true(asked > 200);
	json_decref(by);
}

static int kinds_load(void **state)
{
	json_error_t why;
	json_t *specimen =
		json_load_file("fixtures/merge/specimen.json", 0, &why);
	struct err err = { 0 };
	int failed;

	(void)state;
	failed = registry_new(&kinds, &err) != RC_OK ||
		 registry_add(kinds, specimen, &err) != RC_OK;
	json_decref(specimen);
	kind = failed ? NULL : registry_kind(kinds, "specimen");
	return !kind;
}

static int kinds_free(void **state)
{
	(void)state;
	registry_free(kinds);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_inputs_give_the_same_bytes),
		cmocka_unit_test(a_merge_leaves_its_inputs_alone),
		cmocka_unit_test(a_side_that_did_not_move_gives_way),
		cmocka_unit_test(the_values_kept_do_not_depend_on_the_order),
		cmocka_unit_test(what_one_side_changed_stands),
		cmocka_unit_test(a_group_is_one_side_s),
		cmocka_unit_test(a_set_loses_what_was_removed_and_nothing_else),
		cmocka_unit_test(merging_again_changes_nothing),
		cmocka_unit_test(a_joined_text_has_the_lines_of_both),
		cmocka_unit_test(texts_and_counts_are_the_same_either_way),
		cmocka_unit_test(what_has_an_owner_is_the_owners),
	};

	return cmocka_run_group_tests(tests, kinds_load, kinds_free);
}

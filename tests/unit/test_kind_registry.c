/* The registry: what a definition must be, how it may grow, and that the kind
 * files of schema/kinds are sound together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "kind/kind.h"
#include "lib/quoted.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* A small whole definition. */
static const char good[] =
	"{'kind':'note','label':{'zh':'便条','en':'note'},'scope':'county',"
	"'class':'L2','writers':['inspector'],'keys':['body'],"
	"'indexes':[['scope','body']],'fields':["
	"{'name':'body','type':'text','label':{'zh':'正文','en':'body'},"
	"'required':true,'max':10},"
	"{'name':'tags','type':'set','label':{'zh':'标签','en':'tags'},"
	"'writers':['coordinator','server']},"
	"{'name':'grade','type':'text','label':{'zh':'等级','en':'grade'},"
	"'rule':'safe','safe':'b','values':['a','b'],'group':'grading'}]}";

static enum rc add(struct registry *r, const json_t *definition)
{
	struct err err = { 0 };
	enum rc rc = registry_add(r, definition, &err);

	assert_int_equal(rc, err.code);
	return rc;
}

static int fresh(void **state)
{
	struct registry *r;
	struct err err = { 0 };
	json_t *definition = quoted(good);

	if (registry_new(&r, &err) != RC_OK || add(r, definition) != RC_OK)
		return 1;
	json_decref(definition);
	*state = r;
	return 0;
}

static int gone(void **state)
{
	registry_free(*state);
	return 0;
}

static void a_definition_becomes_a_kind(void **state)
{
	const struct kind *k = registry_kind(*state, "note");

	assert_non_null(k);
	assert_string_equal(k->label_zh, "便条");
	assert_string_equal(k->label_en, "note");
	assert_int_equal(k->privacy, 2);
	assert_false(k->is_catalog);
	assert_false(k->is_sealed);
	assert_int_equal(k->writers, ROLE_INSPECTOR);
	assert_true(k->readers & ROLE_AUDITOR);
	assert_string_equal(k->keys[0], "body");
	assert_null(k->keys[1]);
	assert_int_equal(k->nfields, 3);
	/* printf note | sha256sum */
	assert_string_equal(k->id, "edb465624291e4053c6c5ea4b7eb320d");
}

static void a_field_has_what_was_declared_or_its_default(void **state)
{
	const struct kind *k = registry_kind(*state, "note");
	const struct field *body = kind_field(k, "body");
	const struct field *tags = kind_field(k, "tags");
	const struct field *grade = kind_field(k, "grade");

	assert_true(body->required);
	assert_int_equal(body->rule, MERGE_THREEWAY);
	assert_string_equal(body->group, "body");
	assert_int_equal(body->writers, ROLE_INSPECTOR);
	assert_int_equal(body->max, 10);
	assert_int_equal(tags->rule, MERGE_SET);
	assert_int_equal(tags->writers, ROLE_COORDINATOR | ROLE_SERVER);
	assert_int_equal(grade->rule, MERGE_SAFE);
	assert_string_equal(grade->group, "grading");
	assert_string_equal(json_string_value(grade->safe), "b");
	assert_string_equal(grade->values[1], "b");
	assert_null(kind_field(k, "id"));
}

/* `path` leads to the member that is replaced ("-" removes it). */
static const struct {
	const char *path, *value, *says;
} refused[] = {
	{ "kind", "-", "no kind can be named ''" },
	{ "kind", "'Note'", "no kind can be named 'Note'" },
	{ "kind", "'hufu_x'", "no kind can be named 'hufu_x'" },
	{ "kind", "'old_note'", "no kind can be named 'old_note'" },
	{ "kind", "'case'", "no kind can be named 'case'" },
	{ "kind", "'user'", "no kind can be named 'user'" },
	{ "label", "{'zh':'便条'}", "'note' needs a label in zh and en" },
	{ "scope", "'town'", "scope is county or catalog" },
	{ "class", "'L5'", "class is L1, L2, L3 or L4" },
	{ "writers", "-", "has no writers" },
	{ "writers", "[]", "writers names no role" },
	{ "writers", "['boss']", "no role 'boss' in writers" },
	{ "readers", "'all'", "readers names no role" },
	{ "keys", "['nobody']", "no field 'nobody' for keys" },
	{ "keys", "'body'", "keys is no list of texts" },
	{ "companion_key", "'nobody'", "no field 'nobody' for companion_key" },
	{ "indexes", "[['nobody']]", "no field 'nobody' for an index" },
	{ "indexes", "[[]]", "an index without columns" },
	{ "indexes", "[[1]]", "an index without columns" },
	{ "sealed", "true", "cannot have these indexes" },
	{ "fields", "[]", "no list of 1 to 200 fields" },
	{ "fields", "{}", "no list of 1 to 200 fields" },
	{ "fields.0.name", "'id'", "no field can be named 'id'" },
	{ "fields.0.name", "'town'", "no field can be named 'town'" },
	{ "fields.0.name", "'from'", "no field can be named 'from'" },
	{ "fields.0.name", "'a b'", "no field can be named 'a b'" },
	{ "fields.0.name", "'main_x'", "no field can be named 'main_x'" },
	{ "fields.1.name", "'body'", "field 'body' stands twice" },
	{ "fields.0.type", "-", "field 'body' has no type" },
	{ "fields.0.label", "-", "'body' needs a label in zh and en" },
	{ "fields.0.rule", "3", "has a rule that is no text" },
	{ "fields.0.rule", "'set'", "does not suit its rule" },
	{ "fields.1.rule", "'max'", "does not suit its rule" },
	{ "fields.2.safe", "-", "does not suit its rule" },
	{ "fields.2.safe", "'c'", "field 'grade' cannot be 'c'" },
	{ "fields.2.safe", "1", "field 'grade' is not a text" },
	{ "fields.2.values", "[1]", "values is no list of texts" },
	{ "fields.0.group", "'town'", "has no such group 'town'" },
	{ "fields.0.group", "'A'", "has no such group 'A'" },
	{ "fields.0.max", "0", "has no max above 0" },
	{ "fields.0.writers", "['boss']", "no role 'boss' in writers" },
	{ "fields.0.type", "'ref'", "field 'body' refers to no kind" },
};

static void replace(json_t *o, const char *path, const char *value)
{
	const char *member = path;
	int at;

	if (sscanf(path, "fields.%d.", &at) == 1) {
		o = json_array_get(json_object_get(o, "fields"), (size_t)at);
		member = strrchr(path, '.') + 1;
	}
	if (strcmp(value, "-") == 0)
		json_object_del(o, member);
	else
		json_object_set_new(o, member, quoted(value));
}

static void a_wrong_definition_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err err = { 0 };
		struct registry *r;
		json_t *definition = quoted(good);
		enum rc rc;

		replace(definition, refused[i].path, refused[i].value);
		assert_int_equal(registry_new(&r, &err), RC_OK);
		rc = registry_add(r, definition, &err);
		if (rc != RC_INVALID || !strstr(err.text, refused[i].says))
			fail_msg("%s = %s gives %s: %s", refused[i].path,
				 refused[i].value, rc_name(rc), err.text);
		assert_int_equal(registry_count(r), 0);
		registry_free(r);
		json_decref(definition);
	}
}

static void what_a_later_version_declares_is_tolerated(void **state)
{
	json_t *definition = quoted(good);
	const struct kind *k;

	replace(definition, "future", "{'x':1}");
	replace(definition, "fields.0.rule", "'quorum'");
	replace(definition, "fields.1.type", "'polygon'");
	assert_int_equal(add(*state, definition), RC_INVALID);
	replace(definition, "kind", "'memo'");
	assert_int_equal(add(*state, definition), RC_OK);
	k = registry_kind(*state, "memo");
	assert_int_equal(kind_field(k, "body")->rule, MERGE_UNKNOWN);
	assert_null(kind_field(k, "tags"));
	assert_non_null(kind_field(k, "grade"));
	assert_int_equal(k->nfields, 2);
	json_decref(definition);
}

static void a_kind_may_grow(void **state)
{
	json_t *definition = quoted(good);
	json_t *field = quoted("{'name':'colour','type':'text',"
			       "'label':{'zh':'颜色','en':'colour'}}");

	json_array_append_new(json_object_get(definition, "fields"), field);
	assert_int_equal(add(*state, definition), RC_OK);
	assert_int_equal(registry_count(*state), 1);
	assert_int_equal(registry_kind(*state, "note")->nfields, 4);
	json_decref(definition);
}

static void a_kind_may_not_shrink_or_turn(void **state)
{
	static const struct {
		const char *path, *value;
	} turns[] = {
		{ "fields.2.name", "'mark'" },
		{ "fields.0.type", "'date'" },
		{ "scope", "'catalog'" },
	};

	for (size_t i = 0; i < COUNT(turns); i++) {
		json_t *definition = quoted(good);

		replace(definition, turns[i].path, turns[i].value);
		assert_int_equal(add(*state, definition), RC_INVALID);
		json_decref(definition);
	}
	assert_non_null(kind_field(registry_kind(*state, "note"), "grade"));
}

/* May an office load `good` with this member instead? NULL: yes; otherwise a
 * word of why not. */
static void an_office_may_load_what_keeps_its_word(void **state)
{
	static const struct {
		const char *path, *value, *why;
	} changes[] = {
		{ "label.en", "'another word'", NULL },
		{ "indexes", "-", NULL },
		{ "fields.0.max", "20", NULL },
		{ "fields.0.max", "5", "may be 10 long" },
		{ "fields.0.required", "-", NULL },
		{ "fields.0.type", "'date'", "changes its type" },
		{ "fields.0.name", "'renamed'", "loses its field" },
		{ "fields.0.rule", "'lww'", NULL },
		{ "keys", "['grade']", "changes its 'keys'" },
	};
	const struct kind *k;

	for (size_t i = 0; i < COUNT(changes); i++) {
		json_t *definition = quoted(good);
		struct err err = { 0 };
		enum rc rc;

		assert_int_equal(add(*state, definition), RC_OK);
		k = registry_kind(*state, "note");
		replace(definition, changes[i].path, changes[i].value);
		rc = kind_change_check(k, definition, &err);
		if ((rc == RC_OK) != !changes[i].why ||
		    (changes[i].why && !strstr(err.text, changes[i].why)))
			fail_msg("%s = %s: %s", changes[i].path,
				 changes[i].value, err.text);
		json_decref(definition);
	}
}

/* The same with one field of one's own: from, to, and why not. */
static void a_field_keeps_what_relies_on_it(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} turns[] = {
		{ "'type':'text','values':['a','b']",
		  "'type':'text','values':['b','a','c']", NULL },
		{ "'type':'text','values':['a','b']",
		  "'type':'text','values':['a']", "loses its value 'b'" },
		{ "'type':'text','values':['a']", "'type':'text'", NULL },
		{ "'type':'text'", "'type':'text','values':['a']",
		  "took any value" },
		{ "'type':'int','rule':'max'", "'type':'int'",
		  "from 'max' to 'threeway'" },
		{ "'type':'int','rule':'max'", "'type':'int','rule':'min'",
		  "say \"rule_was\":\"max\"" },
		{ "'type':'int','rule':'max'",
		  "'type':'int','rule':'min','rule_was':'max'", NULL },
		{ "'type':'int','rule':'max'",
		  "'type':'int','rule':'min','rule_was':'sum'",
		  "changes its rule" },
		{ "'type':'int'", "'type':'int','rule':'sum'", NULL },
		{ "'type':'ref','refers':'note'",
		  "'type':'ref','refers':'other'", "refers to 'note'" },
		{ "'type':'set'", "'type':'set','refers':'note'", NULL },
		/* types that only a later version knows */
		{ "'type':'hue'", "'type':'hue'", NULL },
		{ "'type':'hue'", "'type':'text'", "changes its type" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(turns); i++) {
		struct err err = { 0 };
		struct registry *r;
		json_t *definition[2];
		enum rc rc;

		for (int side = 0; side < 2; side++) {
			snprintf(text, sizeof(text),
				 "{'name':'own','label':{'zh':'x','en':'x'},"
				 "%s}",
				 side ? turns[i].to : turns[i].from);
			definition[side] = quoted(good);
			json_array_append_new(
				json_object_get(definition[side], "fields"),
				quoted(text));
		}
		assert_int_equal(registry_new(&r, &err), RC_OK);
		assert_int_equal(add(r, definition[0]), RC_OK);
		rc = kind_change_check(registry_kind(r, "note"), definition[1],
				       &err);
		if ((rc == RC_OK) != !turns[i].why ||
		    (turns[i].why && !strstr(err.text, turns[i].why)))
			fail_msg("%s to %s: %s", turns[i].from, turns[i].to,
				 err.text);
		err_clear(&err);
		/* It is one that a tablet takes all the same, or leaves. */
		json_object_set_new(
			json_array_get(json_object_get(definition[1], "fields"),
				       3),
			"required", json_true());
		json_array_remove(json_object_get(definition[0], "fields"), 3);
		registry_free(r);
		assert_int_equal(registry_new(&r, &err), RC_OK);
		assert_int_equal(add(r, definition[0]), RC_OK);
		assert_int_equal(kind_change_check(registry_kind(r, "note"),
						   definition[1], &err),
				 RC_INVALID);
		assert_non_null(strstr(err.text, "is required"));
		registry_free(r);
		json_decref(definition[0]);
		json_decref(definition[1]);
	}
}

static void a_sealed_kind_leaves_the_names_of_its_envelope(void **state)
{
	json_t *definition = quoted(good);

	replace(definition, "kind", "'memo'");
	replace(definition, "sealed", "true");
	replace(definition, "indexes", "-");
	assert_int_equal(add(*state, definition), RC_OK);
	assert_true(registry_kind(*state, "memo")->is_sealed);
	replace(definition, "fields.1.name", "'nonce'");
	assert_int_equal(add(*state, definition), RC_INVALID);
	json_decref(definition);
}

static void kinds_come_in_byte_order(void **state)
{
	static const char *const names[] = { "zoo", "ant", "note_b" };
	json_t *definition = quoted(good);

	for (size_t i = 0; i < COUNT(names); i++) {
		json_object_set_new(definition, "kind", json_string(names[i]));
		assert_int_equal(add(*state, definition), RC_OK);
	}
	assert_int_equal(registry_count(*state), 4);
	assert_string_equal(registry_at(*state, 0)->name, "ant");
	assert_string_equal(registry_at(*state, 1)->name, "note");
	assert_string_equal(registry_at(*state, 2)->name, "note_b");
	assert_string_equal(registry_at(*state, 3)->name, "zoo");
	assert_null(registry_at(*state, 4));
	assert_null(registry_kind(*state, "nothing"));
	json_decref(definition);
}

static void roles_have_words(void **state)
{
	static const char *const words[] = { "inspector",     "coordinator",
					     "analyst",       "auditor",
					     "administrator", "server",
					     "import",        "draw" };

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		assert_int_equal(role_parse(words[i]), 1u << i);
		assert_string_equal(role_name(1u << i), words[i]);
	}
	assert_int_equal(role_parse("boss"), 0);
	assert_string_equal(role_name(256), "unknown");
}

static void an_import_id_is_the_hash_of_source_kind_and_keys(void **state)
{
	static const char *const one[] = { "A1", NULL };
	static const char *const two[] = { "a", "b", NULL };
	char id[21];

	(void)state;
	/* printf 'nyc\037subject\037A1' | sha256sum */
	import_id(id, "nyc", "subject", one);
	assert_string_equal(id, "d224247d20a0463bbf8b");
	import_id(id, "nyc", "subject", two);
	assert_string_equal(id, "569908170194748510c9");
}

#ifdef WITH_FAULTS
static void every_failed_allocation_is_reported(void **state)
{
	json_t *definition = quoted(good);
	enum rc rc = RC_NOMEM;
	long nth;

	(void)state;
	for (nth = 1; rc != RC_OK && nth < 10000; nth++) {
		struct err err = { 0 };
		struct registry *r;

		assert_int_equal(registry_new(&r, &err), RC_OK);
		fault_arm(FAULT_ALLOC, nth, false);
		rc = registry_add(r, definition, &err);
		fault_clear(FAULT_ALLOC);
		assert_int_equal(rc, err.code);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
		assert_int_equal(registry_count(r), rc == RC_OK);
		registry_free(r);
	}
	assert_int_equal(rc, RC_OK);
	assert_true(nth > 10);
	json_decref(definition);
}
#else
static void every_failed_allocation_is_reported(void **state)
{
	(void)state;
	skip(); /* this build makes no call fail */
}
#endif

static void a_missing_folder_is_named(void **state)
{
	struct err err = { 0 };

	assert_int_equal(registry_load_folder(*state, "schema/nowhere", &err),
			 RC_IO);
	assert_non_null(strstr(err.text, "schema/nowhere"));
}

static void every_kind_file_is_wholly_understood(void **state)
{
	struct err err = { 0 };
	struct registry *r;

	(void)state;
	assert_int_equal(registry_new(&r, &err), RC_OK);
	if (registry_load_folder(r, "schema/kinds", &err) != RC_OK)
		fail_msg("%s", err.text);
	assert_true(registry_count(r) >= 18);
	for (size_t i = 0; i < registry_count(r); i++) {
		const struct kind *k = registry_at(r, i);
		const json_t *fields = json_object_get(k->definition, "fields");

		/* a type or a rule with a slip of the pen is tolerated when it
		 * is read, so it has to be found here */
		assert_int_equal(k->nfields, json_array_size(fields));
		if (k->companion && !registry_kind(r, k->companion))
			fail_msg("%s: no kind '%s'", k->name, k->companion);
		for (size_t j = 0; j < k->nfields; j++) {
			const struct field *f = &k->fields[j];

			if (f->rule == MERGE_UNKNOWN ||
			    (f->refers && !registry_kind(r, f->refers)))
				fail_msg("%s.%s", k->name, f->name);
			if (f->values && kind_field(k, "state") == f &&
			    !k->is_catalog)
				for (size_t v = 0; f->values[v]; v++)
					if (strcmp(f->values[v], "void") == 0)
						assert_non_null(kind_field(
							k, "reason"));
		}
		/* what is personal is sealed, and only that */
		assert_int_equal(k->is_sealed, k->privacy == 4);
	}
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_definition_becomes_a_kind,
						fresh, gone),
		cmocka_unit_test_setup_teardown(
			a_field_has_what_was_declared_or_its_default, fresh,
			gone),
		cmocka_unit_test(a_wrong_definition_is_refused_by_name),
		cmocka_unit_test_setup_teardown(
			what_a_later_version_declares_is_tolerated, fresh,
			gone),
		cmocka_unit_test_setup_teardown(a_kind_may_grow, fresh, gone),
		cmocka_unit_test_setup_teardown(
			an_office_may_load_what_keeps_its_word, fresh, gone),
		cmocka_unit_test(a_field_keeps_what_relies_on_it),
		cmocka_unit_test_setup_teardown(a_kind_may_not_shrink_or_turn,
						fresh, gone),
		cmocka_unit_test_setup_teardown(
			a_sealed_kind_leaves_the_names_of_its_envelope, fresh,
			gone),
		cmocka_unit_test_setup_teardown(kinds_come_in_byte_order, fresh,
						gone),
		cmocka_unit_test(roles_have_words),
		cmocka_unit_test(
			an_import_id_is_the_hash_of_source_kind_and_keys),
		cmocka_unit_test(every_failed_allocation_is_reported),
		cmocka_unit_test_setup_teardown(a_missing_folder_is_named,
						fresh, gone),
		cmocka_unit_test(every_kind_file_is_wholly_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

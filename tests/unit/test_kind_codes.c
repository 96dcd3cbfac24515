/* Codes with dates, owners, what is unique and what is set once: what a kind
 * file may say of them, and what a record may then have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "kind/codes.h"
#include "lib/quoted.h"

#define LABEL "'label':{'zh':'注','en':'n'}"
#define CODES                                                                  \
	"'codes':{'dated':'day','list':[{'code':'1','alone':true},"            \
	"{'code':'7','needs':['proof']},{'code':'D'},"                         \
	"{'code':'old','to':'2025-12-31'},"                                    \
	"{'code':'new','from':'2026-01-01'}]}"

/* A kind `note` with `head` beside its name and `more` on its set. */
static enum rc note_load(struct registry **out, const char *head,
			 const char *more, struct err *err)
{
	char text[2000];
	json_t *definition;
	enum rc rc;

	snprintf(text, sizeof(text),
		 "{'kind':'note'," LABEL ",'scope':'county','class':'L2',"
		 "'writers':['inspector','coordinator']%s,'fields':["
		 "{'name':'found','type':'set'," LABEL "%s},"
		 "{'name':'day','type':'date'," LABEL "},"
		 "{'name':'proof','type':'set'," LABEL "},"
		 "{'name':'author','type':'ref','refers':'officer'," LABEL "},"
		 "{'name':'pin','type':'text','rule':'once'," LABEL "}]}",
		 head, more);
	definition = quoted(text);
	assert_int_equal(registry_new(out, err), RC_OK);
	rc = registry_add(*out, definition, err);
	json_decref(definition);
	return rc;
}

static const struct {
	const char *head, *more, *says;
} refused[] = {
	{ "", ",'codes':{}", "have no 'list'" },
	{ "", ",'codes':{'list':[{}]}", "an entry without 'code'" },
	{ "", ",'codes':{'dated':'pin','list':[{'code':'1'}]}",
	  "dated by what is no date: 'pin'" },
	{ "", ",'codes':{'list':[{'code':'1','from':'soon'}]}",
	  "have no date in 'from'" },
	{ "", ",'codes':{'list':[{'code':'1','needs':['x']}]}",
	  "need what is no field: 'x'" },
	{ "", ",'shape':'points'", "does not suit its shape" },
	{ ",'unique':['x']", "", "cannot be unique by 'x'" },
	{ ",'unique':['found']", "", "cannot be unique by 'found'" },
	{ ",'owner':'day'", "", "its owner 'day' is no field" },
	{ ",'team':'day'", "", "its team 'day' is no set" },
	{ ",'search':['x']", "", "'x' is no field of text to search in" },
	{ ",'search':['day']", "", "'day' is no field of text to search in" },
	{ ",'search':[]", "", "search is no list of texts" },
	{ ",'search':['pin'],'sealed':true", "", "is sealed or of class L3" },
};

static void a_kind_file_says_only_what_can_be_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct registry *r;
		struct err err = { 0 };

		assert_int_equal(
			note_load(&r, refused[i].head, refused[i].more, &err),
			RC_INVALID);
		if (!strstr(err.text, refused[i].says))
			fail_msg("%s: %s", refused[i].says, err.text);
		registry_free(r);
	}
}

static const struct {
	const char *fields, *says; /* NULL: legal */
} records[] = {
	{ "'found':['1']", NULL },
	{ "'found':['D','old']", NULL }, /* no day: any code */
	{ "'found':['Z']", "field 'found' has no code 'Z'" },
	{ "'found':['1','D']", "code '1' of 'found' stands alone" },
	{ "'found':['7']", "code '7' of 'found' needs 'proof'" },
	{ "'found':['7'],'proof':[]", "code '7' of 'found' needs 'proof'" },
	{ "'found':['7'],'proof':['photo']", NULL },
	{ "'found':['old'],'day':'2025-12-31'", NULL },
	{ "'found':['old'],'day':'2026-01-01'",
	  "code 'old' of 'found' is not in force on 2026-01-01" },
	{ "'found':['new'],'day':'2025-12-31'", "not in force on 2025-12-31" },
	{ "'found':['new'],'day':'2026-01-01'", NULL },
};

static void codes_are_checked_by_the_records_own_day(void **state)
{
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(note_load(&r, "", "," CODES, &err), RC_OK);
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		char text[300];
		json_t *record;
		enum rc rc;

		snprintf(text, sizeof(text),
			 "{'id':'n1','scope':'330106','town':'000',%s}",
			 records[i].fields);
		record = quoted(text);
		err_clear(&err);
		rc = kind_may_change(registry_kind(r, "note"), ROLE_SERVER,
				     "server", NULL, record, &err);
		if ((rc == RC_OK) != !records[i].says ||
		    (records[i].says && !strstr(err.text, records[i].says)))
			fail_msg("%s: %s", text, err.text);
		json_decref(record);
	}
	registry_free(r);
}

static void codes_from_before_there_was_a_table_stay_usable(void **state)
{
	static const struct {
		const char *before, *after;
		enum rc want;
	} cases[] = {
		{ "{'found':['1','D']}", "{'found':['1','D'],'pin':'a'}",
		  RC_OK },
		{ "{'found':['1','D']}", "{'found':['1','7']}", RC_INVALID },
		{ "{'found':['7'],'proof':['p']}", "{'found':['7']}",
		  RC_INVALID },
	};
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(note_load(&r, "", "," CODES, &err), RC_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *before = quoted(cases[i].before);
		json_t *after = quoted(cases[i].after);

		err_clear(&err);
		if (kind_may_change(registry_kind(r, "note"), ROLE_INSPECTOR,
				    "o1", before, after, &err) != cases[i].want)
			fail_msg("%s: %s", cases[i].after, err.text);
		json_decref(before);
		json_decref(after);
	}
	registry_free(r);
}

static const struct {
	const char *before, *after, *set;
} parted[] = {
	{ "['1','D']", "['D']", "company" },
	{ "['7','D']", "['7','D']", NULL },
	{ "['1']", "['1']", NULL },
	{ "[]", "[]", NULL },
};

static void what_stands_alone_leaves_the_others(void **state)
{
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(note_load(&r, "", "," CODES, &err), RC_OK);
	for (size_t i = 0; i < sizeof(parted) / sizeof(*parted); i++) {
		json_t *set = quoted(parted[i].before);
		json_t *want = quoted(parted[i].after);

		assert_int_equal(codes_part(kind_field(registry_kind(r, "note"),
						       "found"),
					    set),
				 parted[i].set != NULL);
		assert_true(json_equal(set, want));
		json_decref(set);
		json_decref(want);
	}
	registry_free(r);
}

static const struct {
	unsigned role;
	const char *author, *before, *after;
	enum rc want;
} changes[] = {
	/* a new one is its author's own; the office may enter another's */
	{ ROLE_INSPECTOR, "o1", NULL, "{'author':'o1'}", RC_OK },
	{ ROLE_INSPECTOR, "o1", NULL, "{'author':'o2'}", RC_DENIED },
	{ ROLE_COORDINATOR, "anna", NULL, "{'author':'o2'}", RC_DENIED },
	{ ROLE_COORDINATOR, "anna", NULL, "{'author':'anna'}", RC_OK },
	{ ROLE_COORDINATOR, "anna", NULL, "{}", RC_DENIED },
	{ ROLE_COORDINATOR | ROLE_IMPORT, "anna", NULL, "{'author':'o2'}",
	  RC_OK },
	{ ROLE_INSPECTOR, "o1", NULL, "{}", RC_OK },
	/* only its author changes it, and does not hand it on */
	{ ROLE_INSPECTOR, "o1", "{'author':'o1'}",
	  "{'author':'o1','day':'2026-01-01'}", RC_OK },
	{ ROLE_INSPECTOR, "o2", "{'author':'o1'}",
	  "{'author':'o1','day':'2026-01-01'}", RC_DENIED },
	{ ROLE_COORDINATOR, "anna", "{'author':'o1'}",
	  "{'author':'o1','day':'2026-01-01'}", RC_DENIED },
	{ ROLE_INSPECTOR, "o1", "{'author':'o1'}", "{'author':'o2'}",
	  RC_DENIED },
	{ ROLE_INSPECTOR, "o1", "{'author':'o1'}", "{}", RC_DENIED },
	{ ROLE_INSPECTOR, "o1", "{}", "{'author':'o1'}", RC_OK },
	{ ROLE_COORDINATOR, "anna", "{}", "{'author':'o1'}", RC_DENIED },
	/* set once */
	{ ROLE_INSPECTOR, "o1", "{}", "{'pin':'a'}", RC_OK },
	{ ROLE_INSPECTOR, "o1", "{'pin':'a'}", "{'pin':'b'}", RC_CONFLICT },
	{ ROLE_COORDINATOR, "anna", "{'pin':'a'}", "{}", RC_CONFLICT },
	/* the server's own jobs, and decisions */
	{ ROLE_SERVER, "server", "{'pin':'a','author':'o1'}",
	  "{'pin':'b','author':'o1'}", RC_OK },
};

static void whose_it_is_and_what_is_set_once_stays(void **state)
{
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(note_load(&r, ",'owner':'author'", "", &err), RC_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *before =
			changes[i].before ? quoted(changes[i].before) : NULL;
		json_t *after = quoted(changes[i].after);
		enum rc rc;

		err_clear(&err);
		rc = kind_may_change(registry_kind(r, "note"), changes[i].role,
				     changes[i].author, before, after, &err);
		if (rc != changes[i].want)
			fail_msg("%zu: %s %s", i, rc_name(rc), err.text);
		json_decref(before);
		json_decref(after);
	}
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_file_says_only_what_can_be_kept),
		cmocka_unit_test(codes_are_checked_by_the_records_own_day),
		cmocka_unit_test(
			codes_from_before_there_was_a_table_stay_usable),
		cmocka_unit_test(what_stands_alone_leaves_the_others),
		cmocka_unit_test(whose_it_is_and_what_is_set_once_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

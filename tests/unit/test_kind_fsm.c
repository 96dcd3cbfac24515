/* States by a table: what a table must be, which moves it allows to whom, and
 * what the refusal says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "kind/fsm.h"
#include "lib/quoted.h"

static struct registry *kinds;

/* A kind whose states have this table. */
static json_t *with_table(const char *table)
{
	json_t *kind = quoted(
		"{'kind':'note','label':{'zh':'便条','en':'note'},"
		"'scope':'county','class':'L2','writers':['inspector'],"
		"'fields':[{'name':'state','type':'text',"
		"'label':{'zh':'状态','en':'state'},'rule':'fsm',"
		"'values':['a','b','c']},"
		"{'name':'why','type':'text','label':{'zh':'由','en':'why'}}"
		"]}");
	json_t *field = json_array_get(json_object_get(kind, "fields"), 0);

	json_object_set_new(field, "fsm", quoted(table));
	return kind;
}

#define START "{'starts':[{'at':['a'],'by':['inspector']}],"
#define AB "{'from':['a'],'to':'b','by':['inspector']}"
#define BC "{'from':['b'],'to':'c','by':['inspector']}"
#define MOVES START "'moves':[" AB "," BC "],"

static const struct {
	const char *table, *says;
} refused[] = {
	{ "7", "does not suit its rule" },
	{ "{'starts':[{'at':['x'],'by':['inspector']}]}", "have no value 'x'" },
	{ "{'starts':[{'by':['inspector']}]}", "lack a list 'at'" },
	{ START "'moves':[{'from':['x'],'to':'b','by':['inspector']}]}",
	  "have no value 'x'" },
	{ START "'moves':[{'from':['a'],'to':'x','by':['inspector']}]}",
	  "have no value 'x'" },
	{ START "'moves':[{'from':['a'],'to':'b','by':['boss']}]}",
	  "no role 'boss' in by" },
	{ START "'moves':[{'from':['a'],'to':'b'}]}", "a move of nobody" },
	{ START "'moves':[{'from':['a'],'to':'b','by':['inspector'],"
		"'needs':['proof']}]}",
	  "a field that is not there: 'proof'" },
	{ START "'moves':[" AB "]}", "never come to 'c'" },
	{ MOVES "'merge':[{'one':['a'],'other':['x'],'stands':'b'}]}",
	  "have no value 'x'" },
	{ MOVES "'merge':[{'one':['a'],'other':['b'],'stands':'x'}]}",
	  "have no value 'x'" },
	{ MOVES "'merge':[{'one':['a'],'other':['b'],'stands':'b'},"
		"{'one':['b'],'other':['a'],'stands':'a'}]}",
	  "merge one pair twice" },
	{ MOVES "'merge':[{'one':['a'],'other':['b'],'stands':'b',"
		"'flag':'x'}]}",
	  "there is no set 'flags'" },
	{ MOVES "'unseen':[{'fields':['due'],'at':['c'],'flag':'x'}]}",
	  "a field that is not there: 'due'" },
	{ START "'moves':[{'from':['a'],'to':'b','by':['inspector'],"
		"'needs':['nix']}]}",
	  "a field that is not there: 'nix'" },
	{ START "'moves':[{'from':['a'],'to':'b','by':['inspector'],"
		"'needs':[{'field':'why','least':2}]}]}",
	  "need a number of what is no set, or none, of 'why'" },
	{ START "'moves':[{'from':['a'],'to':'b','by':['inspector'],"
		"'needs':[]}]}",
	  "lack a list 'needs'" },
	{ MOVES "'import_start':'x'}", "have no value 'x'" },
	{ MOVES "'import_start':'b'}", "import as what is no start: 'b'" },
	{ MOVES "'frozen':{'at':['x']}}", "have no value 'x'" },
	{ MOVES "'frozen':[{'at':['c']},{'at':['x']}]}", "have no value 'x'" },
	{ MOVES "'frozen':[{'open':['why']}]}", "lack a list 'at'" },
	{ MOVES "'frozen':[{'with':'why','closed':['state']}]}",
	  "freeze with what refers to no record: 'why'" },
	{ MOVES "'frozen':[{'with':'due','closed':['state']}]}",
	  "freeze with what refers to no record: 'due'" },
	{ MOVES "'frozen':[{'at':['c'],'closed':['due']}]}",
	  "a field that is not there: 'due'" },
	{ MOVES "'frozen':[{'at':['c'],'open':['why'],'closed':['state']}]}",
	  "have both open and closed" },
	{ MOVES "'frozen':[{'at':['c'],'except':['boss']}]}",
	  "no role 'boss' in except" },
};

static void a_table_that_cannot_be_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		json_t *kind = with_table(refused[i].table);
		struct registry *r;
		struct err err = { 0 };

		assert_int_equal(registry_new(&r, &err), RC_OK);
		if (registry_add(r, kind, &err) != RC_INVALID ||
		    !strstr(err.text, refused[i].says))
			fail_msg("%s: %s", refused[i].table, err.text);
		registry_free(r);
		json_decref(kind);
	}
}

static void only_one_text_of_a_kind_has_a_table(void **state)
{
	json_t *kind = with_table(MOVES "'merge':[]}");
	json_t *fields = json_object_get(kind, "fields");
	json_t *second = json_deep_copy(json_array_get(fields, 0));
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	json_object_set_new(second, "name", json_string("second"));
	json_array_append_new(fields, second);
	assert_int_equal(registry_new(&r, &err), RC_OK);
	assert_int_equal(registry_add(r, kind, &err), RC_INVALID);
	registry_free(r);
	json_decref(kind);
}

#define INS ROLE_INSPECTOR
#define COO ROLE_COORDINATOR
#define IMP (ROLE_COORDINATOR | ROLE_IMPORT)

/* `says` NULL: legal. */
static const struct {
	const char *kind;
	unsigned role;
	const char *before, *after, *says;
} moves[] = {
	{ "assignment", INS, "{'state':'issued'}", "{'state':'accepted'}",
	  NULL },
	{ "assignment", INS, "{'state':'issued'}", "{'state':'done'}", NULL },
	{ "assignment", INS, "{'state':'issued'}", "{'state':'issued'}", NULL },
	{ "assignment", INS, "{'state':'issued'}", "{'state':'closed'}",
	  "'state' cannot go from 'issued' to 'closed', only to accepted, "
	  "declined with decline_reason, no_object with proof" },
	{ "assignment", INS, "{'state':'issued'}", "{'state':'declined'}",
	  "'state' goes to 'declined' only with 'decline_reason'" },
	{ "assignment", INS, "{'state':'issued'}",
	  "{'state':'declined','decline_reason':'far'}", NULL },
	{ "assignment", INS, "{'state':'issued'}",
	  "{'state':'no_object','proof':[]}", "only with 'proof'" },
	{ "assignment", INS, "{'state':'accepted'}",
	  "{'state':'no_object','proof':['photo']}", NULL },
	{ "assignment", INS, "{'state':'done'}", "{'state':'issued'}",
	  "cannot go from 'done' to 'issued', only to reviewed by coordinator "
	  "or "
	  "administrator, returned by coordinator or administrator" },
	{ "visit", COO, "{'state':'signed'}", "{'state':'void','reason':'x'}",
	  "cannot go from 'signed' to 'void', only to submitted by inspector: "
	  "write an amendment, or withdraw it once it is published" },
	{ "visit", COO, "{'state':'void'}", "{'state':'recorded'}",
	  "cannot go from 'void' to 'recorded': it is 'void' for good" },
	{ "visit", COO, "{'state':'recorded','score':1}",
	  "{'state':'recorded','score':2}",
	  "once it is 'recorded': make it void with a reason and record "
	  "another" },
	{ "assignment", COO, "{'state':'issued','subject':'a'}",
	  "{'state':'issued','subject':'b'}",
	  "once it is 'issued': make another assignment" },
	{ "assignment", INS, "{'state':'issued'}", "{}",
	  "'state' cannot be taken away" },
	{ "assignment", COO, "", "{'state':'issued'}", NULL },
	{ "assignment", COO, "", "{}", NULL },
	{ "assignment", COO, "", "{'state':'done'}",
	  "'state' cannot begin as 'done', only as draft, issued" },
	{ "assignment", COO, "{'state':'issued'}", "{'state':'accepted'}",
	  "cannot go from 'issued' to 'accepted', only to cancelled with "
	  "reason" },
	{ "assignment", COO, "{'state':'issued'}",
	  "{'state':'reassigned','reassigned_to':'a2'}", NULL },
	{ "assignment", COO, "{'state':'in_progress'}",
	  "{'state':'cancelled','reason':'x'}", "only to recalled" },
	{ "assignment", ROLE_SERVER, "{'state':'done'}", "{'state':'draft'}",
	  NULL },
	{ "assignment", INS, "{'state':'of_a_later_table'}", "{'state':'done'}",
	  NULL },
	{ "visit", INS, "",
	  "{'state':'submitted','code_shown_at':1,'visited_on':'2026-01-10',"
	  "'officers':['a','b']}",
	  NULL },
	{ "visit", INS, "{'state':'open'}", "{'state':'arrived'}",
	  "'state' goes to 'arrived' only with 'code_shown_at' and at least 2 "
	  "'officers'" },
	{ "visit", INS, "{'state':'open'}",
	  "{'state':'signed','code_shown_at':1,'officers':['a']}",
	  "'state' goes to 'signed' only with at least 2 'officers'" },
	{ "visit", INS, "{'state':'open'}", "{'state':'withdrawn'}",
	  "only to arrived with code_shown_at and at least 2 officers, void "
	  "with reason" },
	{ "visit", INS, "", "{'state':'approved'}",
	  "cannot begin as 'approved', only as open" },
	{ "visit", COO, "", "{'state':'recorded'}",
	  "cannot begin as 'recorded', only as open" },
	{ "visit", IMP, "", "{'state':'recorded'}", NULL },
	{ "visit", INS, "{'state':'checking'}", "{'state':'aborted'}",
	  "only with 'unable_reason'" },
	{ "visit", INS, "{'state':'ready','summary':'x'}",
	  "{'state':'signed','visited_on':'2026-01-10'}", NULL },
	{ "visit", INS, "{'state':'signed','summary':'x'}",
	  "{'state':'submitted','summary':'x'}", NULL },
	{ "visit", INS, "{'state':'signed','summary':'x'}",
	  "{'state':'signed','summary':'y'}",
	  "field 'summary' no longer changes once it is 'signed'" },
	{ "visit", ROLE_SERVER, "{'state':'signed','summary':'x'}",
	  "{'state':'signed'}", "write an amendment" },
	{ "visit", COO, "{'state':'submitted','summary':'x'}",
	  "{'state':'returned','summary':'x','reason':'photos'}", NULL },
	{ "subject", COO, "{'state':'revoked'}", "{'state':'in_business'}",
	  NULL },
};

static void a_move_is_legal_by_the_table_or_says_which_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		json_t *before = quoted(moves[i].before);
		json_t *after = quoted(moves[i].after);
		struct err err = { 0 };
		enum rc rc = fsm_check(registry_kind(kinds, moves[i].kind),
				       moves[i].role, before, after, &err);

		if (rc != (moves[i].says ? RC_INVALID : RC_OK) ||
		    (moves[i].says && !strstr(err.text, moves[i].says)))
			fail_msg("%s %s to %s: '%s'", moves[i].kind,
				 moves[i].before, moves[i].after, err.text);
		json_decref(before);
		json_decref(after);
	}
}

/* Whoever asked for a recusal, or is meant by it, does not decide it. */
static const struct {
	const char *author, *before, *after;
	const char *says; /* NULL: it may be */
} seconds[] = {
	{ "chen", "{'state':'asked','asked_by':'li','officer':'o1'}",
	  "{'state':'granted','asked_by':'li','officer':'o1'}", NULL },
	{ "li", "{'state':'asked','asked_by':'li','officer':'o1'}",
	  "{'state':'granted','asked_by':'li','officer':'o1'}",
	  "'granted' is for a second person to say, and 'asked_by' names "
	  "'li'" },
	{ "o1", "{'state':'asked','asked_by':'li','officer':'o1'}",
	  "{'state':'refused','asked_by':'li','officer':'o1'}",
	  "'officer' names 'o1'" },
	/* As they were: nobody takes the own name away with the move. */
	{ "li", "{'state':'asked','asked_by':'li'}",
	  "{'state':'granted','asked_by':'chen'}", "'asked_by' names 'li'" },
	/* In one write from nothing: it would have been asked first. */
	{ "li", NULL, "{'state':'granted','asked_by':'li'}", "'asked_by'" },
	{ "li", NULL, "{'state':'asked','asked_by':'li'}", NULL },
	{ "li", "{'state':'asked','asked_by':'li'}",
	  "{'state':'asked','asked_by':'li','reason':'kin'}", NULL },
};

static void a_second_person_is_another_one(void **state)
{
	const struct kind *k = registry_kind(kinds, "recusal");

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		json_t *before =
			seconds[i].before ? quoted(seconds[i].before) : NULL;
		json_t *after = quoted(seconds[i].after);
		struct err err = { 0 };
		enum rc rc;

		json_object_set_new(after, "id", json_string("q1"));
		rc = fsm_second(k, COO, seconds[i].author, before, after, &err);
		if (rc != (seconds[i].says ? RC_DENIED : RC_OK) ||
		    (seconds[i].says && !strstr(err.text, seconds[i].says)))
			fail_msg("case %zu: '%s'", i, err.text);
		err_clear(&err);
		assert_int_equal(fsm_second(k, ROLE_SERVER, seconds[i].author,
					    before, after, &err),
				 RC_OK);
		json_decref(before);
		json_decref(after);
	}
}

#define ONE MOVES "'frozen':{'at':['b'],'open':['state']}}"
#define TWO                                                                    \
	MOVES "'frozen':[{'at':['a','b'],'closed':['why'],"                    \
	      "'except':['import']},{'at':['b'],'open':['state'],"             \
	      "'except':['server']},{'at':['c']}]}"

static const struct {
	const char *table;
	unsigned role;
	const char *state, *field;
	bool is_closed;
} closings[] = {
	{ ONE, INS, "a", "why", false },
	{ ONE, INS, "b", "why", true },
	{ ONE, INS, "b", "state", false },
	{ TWO, INS, "a", "why", true },
	{ TWO, INS, "a", "state", false },
	{ TWO, IMP, "a", "why", false },
	{ TWO, IMP, "b", "why", true },
	{ TWO, INS, "b", "state", false },
	{ TWO, ROLE_SERVER, "b", "why", true },
	{ TWO, IMP | ROLE_SERVER, "b", "why", false },
	{ TWO, 0, "a", "why", true },
	{ TWO, INS, "c", "state", true },
};

static void each_entry_of_frozen_closes_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(closings) / sizeof(*closings); i++) {
		json_t *kind = with_table(closings[i].table);
		json_t *record = json_pack("{s:s}", "state", closings[i].state);
		const struct fsm *t;
		struct registry *r;
		struct err err = { 0 };

		assert_int_equal(registry_new(&r, &err), RC_OK);
		assert_int_equal(registry_add(r, kind, &err), RC_OK);
		t = registry_kind(r, "note")->fsm;
		if (fsm_is_closed(t, closings[i].role, fsm_state(t, record),
				  closings[i].field) != closings[i].is_closed)
			fail_msg("case %zu", i);
		registry_free(r);
		json_decref(record);
		json_decref(kind);
	}
}

static void only_the_excepted_role_changes_what_is_closed(void **state)
{
	json_t *kind = with_table(TWO);
	json_t *before = quoted("{'state':'a','why':'x'}");
	json_t *after = quoted("{'state':'a','why':'y'}");
	struct registry *r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(registry_new(&r, &err), RC_OK);
	assert_int_equal(registry_add(r, kind, &err), RC_OK);
	assert_int_equal(
		fsm_check(registry_kind(r, "note"), IMP, before, after, &err),
		RC_OK);
	assert_int_equal(
		fsm_check(registry_kind(r, "note"), COO, before, after, &err),
		RC_INVALID);
	registry_free(r);
	json_decref(before);
	json_decref(after);
	json_decref(kind);
}

static int kinds_load(void **state)
{
	struct err err = { 0 };

	(void)state;
	return registry_new(&kinds, &err) != RC_OK ||
	       registry_load_folder(kinds, "schema/kinds", &err) != RC_OK;
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
		cmocka_unit_test(a_table_that_cannot_be_is_refused),
		cmocka_unit_test(only_one_text_of_a_kind_has_a_table),
		cmocka_unit_test(
			a_move_is_legal_by_the_table_or_says_which_are),
		cmocka_unit_test(a_second_person_is_another_one),
		cmocka_unit_test(each_entry_of_frozen_closes_what_it_says),
		cmocka_unit_test(only_the_excepted_role_changes_what_is_closed),
	};

	return cmocka_run_group_tests(tests, kinds_load, kinds_free);
}

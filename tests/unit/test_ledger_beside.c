/* What a kind file says of records beside each other (`apart`), of who made
 * them (`other_than_maker`), and the alarms about who comes back into the frame
 * of a draw. */
#include "test_domain_draw_harness.h"

#include "lib/quoted.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Write as the office's `who`: what it is refused for, or "". */
static const char *write_as(struct world *w, const char *who, const char *scope,
			    const char *kind, const char *id, const char *text)
{
	static char why[ERR_TEXT_MAX];
	struct office_record r = { .kind = kind,
				   .id = id,
				   .record = quoted(text) };
	struct office_write write = { .scope = scope,
				      .operation = "test",
				      .message = "x",
				      .records = &r,
				      .n = 1 };
	struct account other = w->account;
	struct op op = w->op;

	snprintf(other.name, sizeof(other.name), "%s", who);
	op.actor = &other;
	if (ledger_office(&op, &write) != RC_OK)
		fail_msg("%s", w->err.text);
	snprintf(why, sizeof(why), "%s",
		 r.outcome == OFFICE_REFUSED ? r.why : "");
	json_decref((json_t *)(uintptr_t)r.record);
	return why;
}

static void apart_needs_words_two_days_and_a_state(void **state)
{
#define FIELDS                                                                 \
	"'fields':["                                                           \
	"{'name':'code','type':'text','label':{'zh':'物','en':'x'}},"         \
	"{'name':'tags','type':'set','label':{'zh':'物','en':'x'}},"          \
	"{'name':'a','type':'date','label':{'zh':'物','en':'x'}},"            \
	"{'name':'b','type':'date','label':{'zh':'物','en':'x'}},"            \
	"{'name':'state','type':'text','label':{'zh':'物','en':'x'},"         \
	"'values':['on'],'rule':'fsm','fsm':{'starts':[{'at':['on'],"          \
	"'by':['analyst']}]}}],"
#define STATELESS                                                              \
	"'fields':["                                                           \
	"{'name':'code','type':'text','label':{'zh':'物','en':'x'}},"         \
	"{'name':'a','type':'date','label':{'zh':'物','en':'x'}},"            \
	"{'name':'b','type':'date','label':{'zh':'物','en':'x'}}],"
	static const struct {
		const char *fields, *apart;
		bool legal;
	} cases[] = {
		{ FIELDS, "{'by':['code'],'from':'a','to':'b','at':'on'}",
		  true },
		{ FIELDS, "{'from':'a','to':'b','at':'on'}", false },
		{ FIELDS, "{'by':['tags'],'from':'a','to':'b','at':'on'}",
		  false },
		{ FIELDS, "{'by':['none'],'from':'a','to':'b','at':'on'}",
		  false },
		{ FIELDS, "{'by':['code'],'from':'code','to':'b','at':'on'}",
		  false },
		{ FIELDS, "{'by':['code'],'from':'a','at':'on'}", false },
		{ FIELDS, "{'by':['code'],'from':'a','to':'b'}", false },
		{ STATELESS, "{'by':['code'],'from':'a','to':'b','at':'on'}",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[2000];
		struct registry *r;
		struct err err = { 0 };
		json_t *kind;

		snprintf(text, sizeof(text),
			 "{'kind':'thing','label':{'zh':'物','en':'x'},"
			 "'scope':'county','class':'L2','writers':['analyst'],"
			 "%s'apart':%s}",
			 cases[i].fields, cases[i].apart);
		kind = quoted(text);
		assert_int_equal(registry_new(&r, &err), RC_OK);
		if ((registry_add(r, kind, &err) == RC_OK) != cases[i].legal)
			fail_msg("%s: %s", cases[i].apart, err.text);
		if (!cases[i].legal)
			assert_non_null(strstr(err.text, "'apart' needs"));
		registry_free(r);
		json_decref(kind);
	}
}

/* Schemes of one code are apart by their days while they are active. */
static void no_day_has_two_of_those_that_are_apart(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *id, *record, *why;
	} steps[] = {
		{ "a1",
		  "{'code':'x','version':1,'state':'active','valid_from':"
		  "'2026-01-01','valid_to':'2026-06-30'}",
		  "" },
		{ "a2",
		  "{'code':'x','version':2,'state':'active','valid_from':"
		  "'2026-06-30','valid_to':'2026-12-31'}",
		  "scheme 'a2' would hold on days of 'a1', which holds from "
		  "2026-01-01 to 2026-06-30: end that one first, with "
		  "'valid_to'" },
		{ "a2",
		  "{'code':'x','version':2,'state':'active','valid_from':"
		  "'2026-07-01'}",
		  "" },
		{ "a3",
		  "{'code':'x','version':3,'state':'active','valid_from':"
		  "'2030-01-01'}",
		  "from 2026-07-01 to ever" },
		{ "a3", "{'code':'x','version':3,'state':'active'}",
		  "would hold on days of" },
		{ "a3",
		  "{'code':'x','version':3,'state':'draft','valid_from':"
		  "'2026-01-01'}",
		  "" },
		{ "a4",
		  "{'code':'y','version':1,'state':'active','valid_from':"
		  "'2026-01-01'}",
		  "" },
		{ "a3",
		  "{'code':'x','version':3,'state':'active','valid_from':"
		  "'2026-01-01'}",
		  "would hold on days of" },
		{ "a2",
		  "{'code':'x','version':2,'state':'active','valid_from':"
		  "'2026-07-01','valid_to':'2026-12-31'}",
		  "" },
	};

	for (size_t i = 0; i < COUNT(steps); i++) {
		const char *why = write_as(w, "admin", "catalog", "scheme",
					   steps[i].id, steps[i].record);

		if (*steps[i].why ? !strstr(why, steps[i].why) : *why)
			fail_msg("step %zu: '%s'", i, why);
	}
}

/* The log knows who made it, whatever its fields say. */
static void who_made_a_record_does_not_decide_it(void **state)
{
	struct world *w = *state;
	const char *asked =
		"{\"officer\":\"o1\",\"subject\":\"s000\",\"reason\":"
		"\"kin\",\"asked_by\":\"li\",\"state\":\"asked\"}";
	const char *granted = "{'officer':'o1','subject':'s000','reason':"
			      "'kin','asked_by':'li','state':'granted'}";

	if (loop_serve(&w->loop, SCOPE, "recusal", "q1", asked, &w->err))
		fail_msg("%s", w->err.text);
	assert_non_null(
		strstr(write_as(w, "admin", SCOPE, "recusal", "q1", granted),
		       "'granted' is for a second person to say, and 'admin' "
		       "made it"));
	assert_non_null(
		strstr(write_as(w, "li", SCOPE, "recusal", "q1", granted),
		       "'asked_by' names 'li'"));
	assert_string_equal(
		write_as(w, "wang", SCOPE, "recusal", "q1", granted), "");
}

static void a_subject_that_gave_way_and_is_back_is_told(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 1 };
	struct draw_done done;
	char draw[21], gone[33];
	json_t *event = NULL;
	struct query *q;
	const char *told = "SELECT count(*) FROM alarm WHERE rule='came_back'";

	commit(w, &o, draw);
	run(w, draw, "seed", &done);
	q = query_begin(w->loop.store->db, "SELECT subject FROM assignment");
	assert_true(query_row(q));
	snprintf(gone, sizeof(gone), "%s", query_get_text(q, 0));
	assert_int_equal(query_end(q, &w->err), RC_OK);

	/* another that comes back gave way to nobody */
	write_as(w, "chen", SCOPE, "subject", "m1",
		 "{'name':'x','state':'in_business'}");
	write_as(w, "chen", SCOPE, "subject", gone,
		 "{'name':'x','state':'deregistered'}");
	if (draw_replace(&w->op, draw, gone, NULL, "gone", &event) != RC_OK)
		fail_msg("%s", w->err.text);
	json_decref(event);
	write_as(w, "chen", SCOPE, "subject", gone,
		 "{'name':'y','state':'deregistered'}");
	assert_int_equal(count(w, told), 0);
	assert_string_equal(write_as(w, "chen", SCOPE, "subject", gone,
				     "{'name':'y','state':'in_business'}"),
			    "");
	assert_int_equal(count(w, told), 1);
	assert_int_equal(count(w,
			       "SELECT text LIKE '''chen'' made subject %' AND "
			       "record_kind='subject' FROM alarm WHERE "
			       "rule='came_back'"),
			 1);
	/* what stays as it is comes back from nowhere */
	write_as(w, "chen", SCOPE, "subject", gone,
		 "{'name':'z','state':'in_business'}");
	assert_int_equal(count(w, told), 1);
}

static void a_subject_set_back_after_a_commitment_is_told(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 1 };
	char draw[21];
	const char *told = "SELECT count(*) FROM alarm WHERE rule='put_back'";
	const char *in = "{'name':'x','state':'in_business','town':'002',"
			 "'industry':'H62'}";
	const char *out = "{'name':'x','state':'suspended','town':'002',"
			  "'industry':'H62'}";

	write_as(w, "chen", SCOPE, "subject", "s000", out);
	write_as(w, "chen", SCOPE, "subject", "s000", in);
	assert_int_equal(count(w, told), 0); /* of no draw */
	write_as(w, "chen", SCOPE, "subject", "s000", out);
	commit(w, &o, draw);
	write_as(w, "chen", SCOPE, "subject", "s006", out);
	write_as(w, "chen", SCOPE, "subject", "s006", in);
	assert_int_equal(count(w, told), 0); /* it was in the frame */
	write_as(w, "chen", SCOPE, "subject", "s000", in);
	assert_int_equal(count(w, told), 1);
	assert_int_equal(count(w, "SELECT text LIKE '''chen'' put subject "
				  "''s000'' back as it was before draw %' FROM "
				  "alarm WHERE rule='put_back'"),
			 1);
}

/* Who gives an exemption, has a draw committed and takes it back. */
static void an_exemption_for_a_commitment_is_told(void **state)
{
	struct world *w = *state;
	struct draw_options o = { .count = 1 };
	char draw[21];
	const char *told = "SELECT count(*) FROM alarm WHERE rule='put_back'";
#define EXEMPTION(id, by, to, is)                                              \
	write_as(w, by, SCOPE, "exemption", id,                                \
		 "{'subject':'s000','reason':'audit','valid_to':'" to          \
		 "','state':'" is "'}")

	EXEMPTION("e0", "chen", "2099-12-31", "active");
	EXEMPTION("e0", "chen", "2099-12-31", "ended");
	EXEMPTION("e1", "chen", "2099-12-31", "active");
	EXEMPTION("e2", "chen", "2099-12-31", "active");
	EXEMPTION("e3", "chen", "2099-12-31", "active");
	commit(w, &o, draw);
	EXEMPTION("e4", "chen", "2099-12-31", "active");
	EXEMPTION("e4", "chen", "2099-12-31", "ended");
	assert_int_equal(count(w, told), 0); /* it was not there yet */
	EXEMPTION("e1", "chen", "2100-12-31", "active");
	assert_int_equal(count(w, told), 0); /* it holds for longer */
	EXEMPTION("e2", "li", "2099-12-31", "ended");
	assert_int_equal(count(w, told), 0); /* another's decision */
	EXEMPTION("e1", "chen", "2099-12-30", "active");
	EXEMPTION("e3", "chen", "2099-12-31", "ended");
	assert_int_equal(count(w, told), 2);
	assert_int_equal(count(w, "SELECT count(*) FROM alarm WHERE text LIKE "
				  "'''chen'' took back exemption ''e3'' of "
				  "subject ''s000'', which the same account "
				  "gave before draw %'"),
			 1);
	EXEMPTION("e0", "chen", "2099-12-31", "active");
	EXEMPTION("e0", "chen", "2099-12-31", "ended");
	assert_int_equal(count(w, told), 2); /* nor then */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apart_needs_words_two_days_and_a_state),
		IN_WORLD(no_day_has_two_of_those_that_are_apart),
		IN_WORLD(who_made_a_record_does_not_decide_it),
		IN_WORLD(a_subject_that_gave_way_and_is_back_is_told),
		IN_WORLD(a_subject_set_back_after_a_commitment_is_told),
		IN_WORLD(an_exemption_for_a_commitment_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

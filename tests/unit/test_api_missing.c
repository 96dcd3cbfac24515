/* What an account may not see and what is nowhere cost the same work: the
 * number of store calls, which no clock blurs, is equal to the last one. */
#include "torture.h"

#include "api/call.h"
#include "api/service_impl.h"
#include "base/jcs.h"

#define FOREIGN_SCOPE "330108"
#define UNARMED 1000000000L

static struct field_world world;

static void there(const char *scope, const char *kind, const char *id,
		  const char *json)
{
	if (loop_write(&world.loop, scope, kind, id, json, &world.err) != RC_OK)
		fail_msg("%s: %s", id, world.err.text);
}

/* Records of another county, and here of another agency, beside visible ones.
 */
static int begin(void **state)
{
	(void)state;
	field_begin(&world, 0);
	there(FOREIGN_SCOPE, "officer", "of1",
	      "{\"name\":\"foreign\",\"state\":\"active\"}");
	there(FOREIGN_SCOPE, "subject", "sf1",
	      "{\"name\":\"foreign\",\"state\":\"in_business\"}");
	there("catalog", "agency", "ag1", "{\"name\":\"one\"}");
	there("catalog", "agency", "ag2", "{\"name\":\"two\"}");
	there(FIELD_SCOPE, "officer", "oa1",
	      "{\"name\":\"own\",\"agency\":\"ag1\",\"state\":\"active\"}");
	there(FIELD_SCOPE, "officer", "oa2",
	      "{\"name\":\"other\",\"agency\":\"ag2\",\"state\":\"active\"}");
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static const char *header(void *ctx, const char *name)
{
	return !strcmp(name, "If-Match")      ? "\"x\""
	       : strcmp(name, "Content-Type") ? NULL
					      : (const char *)ctx;
}

struct case_ {
	const char *operation, *query, *body, *type;
	const char *foreign, *agency; /* ids, and of whom; NULL: of all */
};

/* Ask for one id; answers the store calls that it took. */
static long cost(const struct case_ *k, const char *id, enum rc *rc)
{
	struct service *service = world.loop.service;
	struct contract_held *held = NULL;
	struct reply reply = { 0 };
	struct call c = { .service = service,
			  .store = world.loop.store,
			  .by = BY_TOKEN,
			  .reply = &reply,
			  .request_id = "r",
			  .actor = { .name = "li",
				     .roles = ROLE_COORDINATOR |
					      ROLE_ADMINISTRATOR | ROLE_AUDITOR,
				     .scopes = FIELD_SCOPE } };
	json_t *args = json_pack("{s:s}", "id", id);
	const struct call_input in = { .query = k->query,
				       .path_args = args,
				       .header = header,
				       .ctx = (void *)(uintptr_t)k->type,
				       .body = k->body,
				       .body_bytes =
					       k->body ? strlen(k->body) : 0 };
	long calls;

	if (k->agency)
		snprintf(c.actor.agency, sizeof(c.actor.agency), "%s",
			 k->agency);
	assert_int_equal(contract_take(service, c.store, &held, &world.err),
			 RC_OK);
	c.contract = held->contract;
	c.operation = contract_operation(held->contract, k->operation);
	assert_non_null(c.operation);
	fault_arm(FAULT_STORE, UNARMED, false);
	*rc = call_run(&c, &in);
	calls = fault_clear(FAULT_STORE);
	if (*rc == RC_NOT_FOUND)
		assert_non_null(strstr(c.err.text, "in your scopes"));
	call_release(&c);
	contract_give(service, held);
	json_decref(args);
	return calls;
}

#define PATCH "application/merge-patch+json"

static const struct case_ cases[] = {
	{ "getOfficer", "", NULL, NULL, "of1", NULL },
	{ "getOfficer", "scope=" FOREIGN_SCOPE, NULL, NULL, "of1", NULL },
	{ "getSubject", "", NULL, NULL, "sf1", NULL },
	{ "getSubjectHistory", "", NULL, NULL, "sf1", NULL },
	{ "getSubjectRating", "", NULL, NULL, "sf1", NULL },
	{ "changeSubject", "", "{\"name\":\"x\"}", PATCH, "sf1", NULL },
	/* Here, and another agency's. */
	{ "getOfficer", "scope=" FIELD_SCOPE, NULL, NULL, "oa2", "ag1" },
	{ "getOfficer", "", NULL, NULL, "oa2", "ag1" },
	{ "changeOfficer", "", "{\"name\":\"x\"}", PATCH, "oa2", "ag1" },
	{ "getOfficerHistory", "scope=" FIELD_SCOPE, NULL, NULL, "oa2", "ag1" },
	{ "changeOfficer", "scope=" FIELD_SCOPE, "{\"name\":\"x\"}", PATCH,
	  "oa2", "ag1" },
};

static void what_is_foreign_costs_what_is_missing_costs(void **state)
{
	long all = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum rc foreign, missing;
		long a, b;

		/* The first of its kind prepares statements. */
		(void)cost(&cases[i], "nowhere1", &missing);
		a = cost(&cases[i], cases[i].foreign, &foreign);
		b = cost(&cases[i], "nowhere2", &missing);
		assert_int_equal(missing, RC_NOT_FOUND);
		assert_int_equal(foreign, RC_NOT_FOUND);
		all += a;
		if (a != b)
			fail_msg("case %zu, %s %s: %ld store calls for what is "
				 "foreign, %ld for what is missing",
				 i, cases[i].operation, cases[i].query, a, b);
	}
	assert_true(all > 20); /* they were counted */
}

static void what_may_be_seen_is_seen(void **state)
{
	const struct case_ own = { "getOfficer", "", NULL, NULL, "oa1", "ag1" };
	enum rc rc;

	(void)state;
	assert_true(cost(&own, own.foreign, &rc) > 0);
	assert_int_equal(rc, RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_foreign_costs_what_is_missing_costs, begin,
			end),
		cmocka_unit_test_setup_teardown(what_may_be_seen_is_seen, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

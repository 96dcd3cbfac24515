/* What is asked of the past costs what is found, not what happened before or
 * since: the same questions take the same steps of SQLite's machine with a
 * history that is twenty times as long. Steps, since no clock blurs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/call.h"
#include "api/service_impl.h"
#include "base/jcs.h"
#include "ledger/blame.h"
#include "lib/loop.h"
#include "store/past.h"

#define SCOPE "330106"
#define SUBJECTS 30
#define TIMES 20
#define DAY_MS INT64_C(86400000)
#define FIRST_DAY "2026-09-21"
#define FIRST_MS INT64_C(1790000000000)

static struct host host;
static struct loop loop;
static struct err err;
static char folder[40];
static int64_t now_ms;

static int64_t clock_ms(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static void ok(enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s (%s)", err.text, rc_name(rc));
}

/* All subjects once: each is a main commit of its own. */
static void subjects_write(int round, const char *prefix)
{
	char id[12], json[160];

	for (int i = 1; i <= SUBJECTS; i++) {
		snprintf(id, sizeof(id), "%s%02d", prefix, i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"%s shop %d\",\"address\":\"road %d\","
			 "\"state\":\"in_business\"}",
			 i % 3 ? "tea" : "noodle", i, round);
		ok(loop_write(&loop, SCOPE, "subject", id, json, &err));
	}
}

static int begin(void **state)
{
	(void)state;
	host = host_system;
	host.wall_ms = clock_ms;
	host.monotonic_ms = clock_ms;
	now_ms = FIRST_MS;
	snprintf(folder, sizeof(folder), "/tmp/hufu-past-XXXXXX");
	assert_non_null(mkdtemp(folder));
	ok(seal_setup(&err));
	ok(object_setup(&err));
	ok(loop_init(&loop, folder, &host, &err));
	subjects_write(1, "s");
	return 0;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	loop_release(&loop);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *no_header(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/* Ask the API as a coordinator; answers the steps that it took. *text is the
 * result, malloc'd. */
static int64_t asked(const char *operation, const char *id, const char *query,
		     char **text)
{
	struct service *service = loop.service;
	struct contract_held *held = NULL;
	struct reply reply = { 0 };
	struct call c = { .service = service,
			  .store = loop.store,
			  .by = BY_TOKEN,
			  .reply = &reply,
			  .request_id = "r",
			  .actor = { .name = "li",
				     .roles = ROLE_COORDINATOR,
				     .scopes = SCOPE } };
	json_t *args = id ? json_pack("{s:s}", "id", id) : json_object();
	const struct call_input in = { .query = query,
				       .path_args = args,
				       .header = no_header };
	int64_t steps = db_steps(loop.store->db);

	ok(contract_take(service, c.store, &held, &err));
	c.contract = held->contract;
	c.operation = contract_operation(held->contract, operation);
	assert_non_null(c.operation);
	if (call_run(&c, &in) != RC_OK)
		fail_msg("%s?%s: %s", operation, query, c.err.text);
	*text = json_dumps(c.result, JSON_SORT_KEYS);
	assert_non_null(*text);
	steps = db_steps(loop.store->db) - steps;
	call_release(&c);
	contract_give(service, held);
	json_decref(args);
	return steps;
}

/* Questions of the past, and of its text what has to be in it. */
static const struct question {
	const char *operation, *id, *query, *has;
} questions[] = {
	{ "getSubject", "s07", "as-of=P", "road 1" },
	{ "getSubject", "s07", "as-of=" FIRST_DAY, "road 1" },
	{ "listSubjects", NULL, "as-of=P&limit=10", "s10" },
	{ "listSubjects", NULL, "as-of=" FIRST_DAY "&limit=10", "s10" },
	{ "listSubjects", NULL, "as-of=P&limit=10&address=road%201", "s10" },
	{ "listSubjects", NULL, "as-of=P&limit=5&name=noodle%20shop%209",
	  "s09" },
};
#define QUESTIONS (sizeof(questions) / sizeof(*questions))

struct answer {
	int64_t steps;
	char *text;
};

static void all_asked(struct answer answers[QUESTIONS], int64_t position)
{
	char query[96];

	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct question *k = &questions[i];
		const char *p = strstr(k->query, "=P");

		if (p)
			snprintf(query, sizeof(query), "%.*s%lld%s",
				 (int)(p + 1 - k->query), k->query,
				 (long long)position, p + 2);
		else
			snprintf(query, sizeof(query), "%s", k->query);
		/* The first of its kind prepares statements. */
		(void)asked(k->operation, k->id, query, &answers[i].text);
		free(answers[i].text);
		answers[i].steps =
			asked(k->operation, k->id, query, &answers[i].text);
		if (!strstr(answers[i].text, k->has))
			fail_msg("%s?%s lacks '%s': %s", k->operation, query,
				 k->has, answers[i].text);
	}
}

static void the_past_costs_the_same_however_much_came_after(void **state)
{
	struct answer before[QUESTIONS], after[QUESTIONS];
	struct past_point then;

	(void)state;
	ok(past_now(loop.store, SCOPE, &then, &err));
	all_asked(before, then.position);
	now_ms += DAY_MS;
	for (int round = 2; round <= TIMES; round++)
		subjects_write(round, "s");
	all_asked(after, then.position);
	for (size_t i = 0; i < QUESTIONS; i++) {
		assert_string_equal(before[i].text, after[i].text);
		assert_true(before[i].steps > 20); /* they were counted */
		if (getenv("COST_SHOW"))
			print_message("%s?%s: %lld steps, then %lld\n",
				      questions[i].operation,
				      questions[i].query,
				      (long long)before[i].steps,
				      (long long)after[i].steps);
		/* Halving over 20 times as many commits takes 5 rounds more. */
		if (after[i].steps > before[i].steps + 150)
			fail_msg("%s?%s: %lld steps, and %lld with %d times "
				 "the history",
				 questions[i].operation, questions[i].query,
				 (long long)before[i].steps,
				 (long long)after[i].steps, TIMES);
		free(before[i].text);
		free(after[i].text);
	}
}

/* Steps to tell who last changed each field of s07, and the positions. */
static int64_t blamed(int64_t at, json_t **out)
{
	struct account account;
	struct op op = loop_op(&loop, &account, &err);
	int64_t steps;

	ok(ledger_blame(&op, SCOPE, "subject", "s07", at, out));
	json_decref(*out);
	steps = db_steps(loop.store->db);
	ok(ledger_blame(&op, SCOPE, "subject", "s07", at, out));
	return db_steps(loop.store->db) - steps;
}

static void who_changed_what_costs_the_same_however_many_versions(void **state)
{
	struct past_point then;
	json_t *two, *many, *again;
	int64_t steps_two, steps_many, steps_again;

	(void)state;
	subjects_write(2, "s");
	ok(past_now(loop.store, SCOPE, &then, &err));
	steps_two = blamed(INT64_MAX, &two);
	for (int round = 3; round <= 2 * TIMES; round++)
		subjects_write(round, "s");
	steps_many = blamed(INT64_MAX, &many);
	steps_again = blamed(then.position, &again);
	if (getenv("COST_SHOW"))
		print_message("blame: 2 versions %lld, %d versions %lld, as "
			      "of the second %lld\n",
			      (long long)steps_two, 2 * TIMES,
			      (long long)steps_many, (long long)steps_again);
	assert_true(json_equal(two, again));
	assert_false(json_equal(two, many));
	assert_true(steps_two > 20);
	assert_true(steps_many <= steps_two + 20);
	assert_true(steps_again <= steps_two + 20);
	json_decref(two);
	json_decref(many);
	json_decref(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_past_costs_the_same_however_much_came_after, begin,
			end),
		cmocka_unit_test_setup_teardown(
			who_changed_what_costs_the_same_however_many_versions,
			begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

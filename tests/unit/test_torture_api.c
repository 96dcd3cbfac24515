/* The nth store call or allocation fails while an operation of the API makes a
 * record: it is made with its key and its entry of the audit log, or not at
 * all, and asking again with the key makes one. */
#include "torture.h"

#include "api/call.h"
#include "api/service_impl.h"
#include "base/jcs.h"
#include "ledger/check.h"
#include "store/audit.h"

static struct field_world world;
static int turn;

static void must(enum rc rc, const char *what)
{
	if (rc != RC_OK)
		fail_msg("turn %d, %s: %s (%s)", turn, what, world.err.text,
			 rc_name(rc));
}

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	turn = 0;
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
	if (!strcmp(name, "Idempotency-Key"))
		return ctx;
	return strcmp(name, "Content-Type") ? NULL : "application/json";
}

/* Make the subject of this turn; *status is that of the reply. */
static enum rc create(int *status, struct err *err)
{
	struct service *service = world.loop.service;
	struct contract_held *held = NULL;
	struct reply reply = { 0 };
	struct call c = { .service = service,
			  .store = world.loop.store,
			  .by = BY_TOKEN,
			  .reply = &reply,
			  .actor = { .name = "admin",
				     .roles = ROLE_COORDINATOR,
				     .scopes = "*" } };
	char key[32], body[100];
	const struct call_input in = {
		.query = "scope=" FIELD_SCOPE,
		.header = header,
		.ctx = key,
		.body = body,
		.body_bytes = (size_t)snprintf(body, sizeof(body),
					       "{\"name\":\"made %d\"}", turn)
	};
	enum rc rc = contract_take(service, c.store, &held, err);

	snprintf(key, sizeof(key), "torture-%d", turn);
	if (rc == RC_OK) {
		c.contract = held->contract;
		c.operation =
			contract_operation(held->contract, "createSubject");
		rc = call_run(&c, &in);
	}
	if (rc != RC_OK && !err->code)
		err_set(err, rc, "%s", c.err.text);
	*status = c.status;
	if (rc == RC_OK)
		assert_non_null(json_text(c.result, "etag"));
	call_release(&c);
	contract_give(service, held);
	return rc;
}

static long number(const char *sql)
{
	return strtol(field_server(&world, sql), NULL, 10);
}

static long made(void)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM subject WHERE name = 'made %d'", turn);
	return number(sql);
}

static long kept(void)
{
	char sql[100];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM idempotency WHERE key = 'torture-%d'",
		 turn);
	return number(sql);
}

static long told(void)
{
	return number("SELECT count(*) FROM audit WHERE operation = "
		      "'createSubject' AND outcome = 'ok'");
}

static long told_before;

static void prepare(void *ctx)
{
	(void)ctx;
	turn++;
	told_before = told();
}

static enum rc act(void *ctx, struct err *err)
{
	int status;

	(void)ctx;
	return create(&status, err);
}

static void mend(void *ctx, enum rc rc, bool crashed)
{
	struct check_report report = { 0 };
	long was_made;
	int status;

	(void)ctx;
	if (crashed)
		must(loop_reopen(&world.loop, &world.err), "server");
	was_made = made();
	if (rc == RC_OK)
		assert_int_equal(was_made, 1);
	assert_int_equal(kept(), was_made);
	assert_int_equal(told(), told_before + was_made);
	must(create(&status, &world.err), "again");
	assert_int_equal(status, 201);
	assert_int_equal(made(), 1);
	assert_int_equal(told(), told_before + 1);
	if (ledger_check(world.loop.store, NULL, &report, &world.err) != RC_OK)
		fail_msg("turn %d: %s %s %s", turn, report.fault.what,
			 report.fault.why, world.err.text);
	check_report_release(&report);
}

static void an_operation_is_done_whole_or_not(void **state)
{
	const struct torture api = { prepare, act, mend, NULL };
	struct audit_fault fault;
	struct audit_head head;

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&api, &torture_ways[i]);
	must(audit_verify(world.loop.store, NULL, &head, &fault, &world.err),
	     "the chain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_operation_is_done_whole_or_not, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

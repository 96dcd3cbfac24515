/* Group commit: many syncs in one transaction, and threads that hand them in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "ledger/writer.h"
#include "lib/field.h"
#include "tree/tree.h"

#define TABLETS 4

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, TABLETS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

/* A request as it left the tablet. */
struct letter {
	char terminal[40], signature[100];
	struct buf body;
};

static enum rc intercept(void *ctx, const struct exchange_request *request,
			 struct exchange_reply *reply, struct err *err)
{
	struct letter *l = ctx;

	(void)reply;
	buf_init(&l->body, 4u << 20);
	buf_put(&l->body, request->body, request->body_bytes);
	for (size_t i = 0; i < request->nheaders; i++) {
		const struct exchange_header *h = &request->headers[i];

		if (!strcmp(h->name, "Hufu-Terminal"))
			snprintf(l->terminal, sizeof(l->terminal), "%s",
				 h->value);
		if (!strcmp(h->name, "Hufu-Signature"))
			snprintf(l->signature, sizeof(l->signature), "%s",
				 h->value);
	}
	return err_set(err, RC_IO, "intercepted");
}

static struct sync *request_of(int tablet, struct letter *l)
{
	struct exchange x = { .perform = intercept, .ctx = l };
	struct sync_summary ignored;
	struct sync_input in;
	struct sync *s;

	memset(l, 0, sizeof(*l));
	assert_int_equal(
		replica_sync(world.tablets[tablet], &x, &ignored, &world.err),
		RC_IO);
	err_clear(&world.err);
	in = (struct sync_input){ .terminal = l->terminal,
				  .signature = l->signature,
				  .path = "/v1/sync",
				  .body = l->body.data,
				  .body_bytes = l->body.len };
	if (sync_prepare(&s, world.loop.store, &in, &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	return s;
}

static void visits_write(void)
{
	char sql[120];

	for (int i = 0; i < TABLETS; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO visit(id,subject) VALUES('v%d','s%d')", i,
			 i + 1);
		field_exec(&world, i, sql);
	}
}

static int64_t main_commits(void)
{
	struct head head;

	assert_int_equal(
		ledger_head(world.loop.store, FIELD_SCOPE, &head, &world.err),
		RC_OK);
	return head.number;
}

static void root_is_sound(void)
{
	struct head head;
	struct oid root;

	assert_int_equal(
		ledger_head(world.loop.store, FIELD_SCOPE, &head, &world.err),
		RC_OK);
	assert_int_equal(tree_rebuild(world.loop.store->db, FIELD_SCOPE, NULL,
				      &root, &world.err),
			 RC_OK);
	assert_true(oid_equal(&root, &head.root));
}

static void syncs_that_wait_share_one_main_commit(void **state)
{
	struct letter letters[TABLETS];
	struct sync *syncs[TABLETS];
	struct err outcomes[TABLETS] = { 0 };
	int64_t before;

	(void)state;
	visits_write();
	for (int i = 0; i < TABLETS; i++)
		syncs[i] = request_of(i, &letters[i]);
	before = main_commits();
	if (sync_take_all(world.loop.store, syncs, TABLETS, 1000, outcomes,
			  &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(main_commits(), before + 1);
	assert_string_equal(field_server(&world, "SELECT count(*) FROM visit"),
			    "4");
	root_is_sound();
	for (int i = 0; i < TABLETS; i++) {
		assert_int_equal(outcomes[i].code, RC_OK);
		sync_free(syncs[i]);
		buf_release(&letters[i].body);
		field_sync(&world, i);
		field_assert_equal(&world, i);
	}
}

#ifdef WITH_FAULTS
/* Whatever store call fails, each sync is in whole or not at all, and one that
 * fails takes nobody else back. */
static void one_failing_sync_takes_back_its_own_only(void **state)
{
	bool clean = false;

	(void)state;
	for (long n = 1; !clean; n += 17) {
		struct letter letters[TABLETS];
		struct sync *syncs[TABLETS];
		struct err outcomes[TABLETS] = { 0 };
		int64_t failed = 0, there;
		enum rc rc;

		field_end(&world);
		field_begin(&world, TABLETS);
		visits_write();
		for (int i = 0; i < TABLETS; i++)
			syncs[i] = request_of(i, &letters[i]);
		fault_arm(FAULT_STORE, n, false);
		rc = sync_take_all(world.loop.store, syncs, TABLETS, 1000,
				   outcomes, &world.err);
		clean = fault_clear(FAULT_STORE) < n;
		for (int i = 0; i < TABLETS; i++)
			failed += outcomes[i].code != RC_OK;
		there = strtoll(
			field_server(&world, "SELECT count(*) FROM visit"),
			NULL, 10);
		if (rc != RC_OK)
			assert_int_equal(there, 0);
		else
			assert_int_equal(there, TABLETS - failed);
		assert_true(failed <= 1 || rc != RC_OK);
		err_clear(&world.err);
		root_is_sound();
		for (int i = 0; i < TABLETS; i++) {
			sync_free(syncs[i]);
			buf_release(&letters[i].body);
			field_sync(&world, i);
			field_assert_equal(&world, i);
		}
		assert_string_equal(
			field_server(&world, "SELECT count(*) FROM visit"),
			"4");
	}
}
#endif

/* One sync that is handed to the writer, by a thread of its own. */
struct handing {
	struct writer *writer;
	struct sync *sync;
	struct store *reader;
	int tablet;
	char failure[ERR_TEXT_MAX + 32];
};

static void *hand_in(void *arg)
{
	struct handing *h = arg;
	struct err err = { 0 };
	char id[16], *text = NULL;
	size_t n;
	enum rc rc = writer_take(h->writer, h->sync, &err);

	snprintf(id, sizeof(id), "v%d", h->tablet);
	/* What is told to be in is in. */
	if (rc == RC_OK)
		rc = store_record(h->reader, FIELD_SCOPE, "visit", id, &text,
				  &n, NULL, &err);
	free(text);
	if (rc != RC_OK)
		snprintf(h->failure, sizeof(h->failure), "%s: %s", id,
			 err.text[0] ? err.text : rc_name(rc));
	return NULL;
}

/* While one is held up by the store's lock the others come to wait: whoever of
 * them goes on takes in what waits, and each is answered when its own is in. */
static void who_is_told_that_it_is_in_is_in(void **state)
{
	struct letter letters[TABLETS];
	struct handing all[TABLETS] = { 0 };
	pthread_t threads[TABLETS];
	struct writer *writer;

	(void)state;
	visits_write();
	assert_int_equal(
		writer_start(&writer, world.loop.dir, &host_system, &world.err),
		RC_OK);
	for (int i = 0; i < TABLETS; i++) {
		all[i].writer = writer;
		all[i].tablet = i;
		all[i].sync = request_of(i, &letters[i]);
		writer_expect(writer);
		assert_int_equal(store_open(&all[i].reader, world.loop.dir,
					    &host_system, false, &world.err),
				 RC_OK);
	}
	/* Two more that never come: one is let go of, for the other nobody
	 * waits for ever. */
	writer_expect(writer);
	writer_expect(writer);
	writer_forget(writer);
	assert_int_equal(db_begin(world.loop.store->db, true, &world.err),
			 RC_OK);
	for (int i = 0; i < TABLETS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, hand_in, &all[i]), 0);
	usleep(200000); /* so that some wait; what is held to is held to anyway
			 */
	db_rollback(world.loop.store->db);
	for (int i = 0; i < TABLETS; i++)
		pthread_join(threads[i], NULL);
	writer_stop(writer);
	for (int i = 0; i < TABLETS; i++) {
		if (all[i].failure[0])
			fail_msg("%s", all[i].failure);
		store_close(all[i].reader);
		sync_free(all[i].sync);
		buf_release(&letters[i].body);
	}
	root_is_sound();
}

static void *tablet_live(void *arg)
{
	int tablet = *(int *)arg;
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary s;
	char sql[120];

	for (int n = 0; n < 5; n++) {
		struct err err = { 0 };

		snprintf(sql, sizeof(sql),
			 "INSERT INTO visit(id,subject) VALUES('t%dv%d','s1')",
			 tablet, n);
		if (replica_exec(world.tablets[tablet], sql, &err) != RC_OK ||
		    replica_sync(world.tablets[tablet], &x, &s, &err) != RC_OK)
			return strdup(err.text);
	}
	return NULL;
}

static void threads_sync_at_once_and_nothing_is_lost(void **state)
{
	int numbers[TABLETS];
	pthread_t threads[TABLETS];
	struct service *inline_service = world.loop.service;

	(void)state;
	assert_int_equal(service_start(&world.loop.service, world.loop.dir,
				       &host_system, &world.err),
			 RC_OK);
	for (int i = 0; i < TABLETS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, tablet_live,
						&numbers[i]),
				 0);
	}
	for (int i = 0; i < TABLETS; i++) {
		void *failure;

		pthread_join(threads[i], &failure);
		if (failure)
			fail_msg("%s", (char *)failure);
	}
	assert_string_equal(field_server(&world, "SELECT count(*) FROM visit"),
			    "20");
	for (int i = 0; i < TABLETS; i++) {
		field_sync(&world, i);
		field_assert_equal(&world, i);
	}
	service_stop(world.loop.service);
	world.loop.service = inline_service;
	root_is_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(syncs_that_wait_share_one_main_commit),
#ifdef WITH_FAULTS
		TEST(one_failing_sync_takes_back_its_own_only),
#endif
		TEST(who_is_told_that_it_is_in_is_in),
		TEST(threads_sync_at_once_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

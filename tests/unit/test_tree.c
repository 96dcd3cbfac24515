/* The Merkle tree of a scope: its shape, its cost, its keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "object/oid.h"
#include "sql_sync.gen.h"
#include "tree/tree.h"

#define SCOPE "330106"

struct forest {
	struct db *db;
	char path[64];
	struct err err;
};

static int plant(void **state)
{
	const struct db_options options = { .mode = DB_CREATE,
					    .synchronous_off = true };
	struct forest *f = calloc(1, sizeof(*f));
	int fd;

	snprintf(f->path, sizeof(f->path), "/tmp/hufu-tree-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(object_setup(&f->err), RC_OK);
	assert_int_equal(db_open(&f->db, f->path, &options, &f->err), RC_OK);
	assert_int_equal(tree_create(f->db, &f->err), RC_OK);
	assert_int_equal(db_begin(f->db, true, &f->err), RC_OK);
	*state = f;
	return 0;
}

static int fell(void **state)
{
	struct forest *f = *state;

	db_close(f->db);
	unlink(f->path);
	free(f);
	return 0;
}

/* Record number n: its id, and a version that depends on `salt`. */
static void record_fill(struct tree_change *c, char id[16], int n, int salt,
			bool is_new)
{
	char body[48];
	struct err err = { 0 };

	snprintf(id, 16, "r%d", n);
	snprintf(body, sizeof(body), "record %d version %d", n, salt);
	memset(c, 0, sizeof(*c));
	c->kind = "subject";
	c->id = id;
	c->town_before = is_new ? NULL : "001";
	c->town_after = "001";
	assert_int_equal(oid_of(&c->oid, OBJECT_BLOB, body, strlen(body), &err),
			 RC_OK);
}

static struct oid grow(struct forest *f, int from, int to, size_t *written)
{
	int n = to - from;
	struct tree_change *c = calloc(n + 1, sizeof(*c));
	char(*ids)[16] = calloc(n + 1, sizeof(*ids));
	struct oid root;

	for (int i = 0; i < n; i++)
		record_fill(&c[i], ids[i], from + i, 0, true);
	if (tree_update(f->db, SCOPE, c, n, NULL, &root, written, &f->err) !=
	    RC_OK)
		fail_msg("%s", f->err.text);
	free(c);
	free(ids);
	return root;
}

static void an_empty_scope_is_gits_empty_tree(void **state)
{
	struct forest *f = *state;
	char hex[OID_HEX_SIZE];
	struct oid root;

	assert_int_equal(tree_root(f->db, SCOPE, &root, &f->err), RC_OK);
	oid_hex(hex, &root);
	assert_string_equal(hex, OID_EMPTY_TREE);
}

static void the_root_depends_on_the_set_alone(void **state)
{
	struct forest *f = *state;
	struct oid at_once, rebuilt, stepwise;
	const int steps[] = { 1, 31, 32, 33, 34, 500, 501, 900 };
	int from = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		stepwise = grow(f, from, steps[i], NULL);
		from = steps[i];
		assert_int_equal(
			tree_rebuild(f->db, SCOPE, NULL, &rebuilt, &f->err),
			RC_OK);
		assert_true(oid_equal(&stepwise, &rebuilt));
	}
	db_rollback(f->db);
	assert_int_equal(db_begin(f->db, true, &f->err), RC_OK);
	at_once = grow(f, 0, 900, NULL);
	assert_true(oid_equal(&stepwise, &at_once));
}

static void what_grows_and_shrinks_back_has_its_old_root(void **state)
{
	struct forest *f = *state;
	struct oid before = grow(f, 0, 30, NULL), after, rebuilt;
	struct tree_change c[600];
	char ids[600][16];

	grow(f, 30, 630, NULL);
	for (int i = 0; i < 600; i++) {
		record_fill(&c[i], ids[i], 30 + i, 0, false);
		c[i].town_after = NULL;
	}
	assert_int_equal(
		tree_update(f->db, SCOPE, c, 600, NULL, &after, NULL, &f->err),
		RC_OK);
	assert_true(oid_equal(&before, &after));
	assert_int_equal(tree_rebuild(f->db, SCOPE, NULL, &rebuilt, &f->err),
			 RC_OK);
	assert_true(oid_equal(&before, &rebuilt));
}

static void a_move_between_towns_equals_a_rebuild(void **state)
{
	struct forest *f = *state;
	struct tree_change c[40];
	char ids[40][16];
	struct oid moved, rebuilt;

	grow(f, 0, 100, NULL);
	for (int i = 0; i < 40; i++) {
		record_fill(&c[i], ids[i], i, 0, false);
		c[i].town_after = "002";
	}
	assert_int_equal(
		tree_update(f->db, SCOPE, c, 40, NULL, &moved, NULL, &f->err),
		RC_OK);
	assert_int_equal(tree_rebuild(f->db, SCOPE, NULL, &rebuilt, &f->err),
			 RC_OK);
	assert_true(oid_equal(&moved, &rebuilt));
}

/* 20,000 records of one town lie 16^3 < n/32 deep at most: depth 3 or 4. */
static void k_changes_write_at_most_k_times_depth_plus_two_nodes(void **state)
{
	static const int ks[] = { 1, 2, 10, 100, 1000 };
	const size_t depth = 4;
	struct forest *f = *state;
	struct tree_change *c = calloc(1000, sizeof(*c));
	char(*ids)[16] = calloc(1000, sizeof(*ids));
	struct oid root;
	size_t written;

	grow(f, 0, 20000, NULL);
	for (size_t i = 0; i < sizeof(ks) / sizeof(*ks); i++) {
		for (int n = 0; n < ks[i]; n++)
			record_fill(&c[n], ids[n], n * 19 + 7, (int)i + 1,
				    false);
		assert_int_equal(tree_update(f->db, SCOPE, c, (size_t)ks[i],
					     NULL, &root, &written, &f->err),
				 RC_OK);
		assert_true(written <= (size_t)ks[i] * (depth + 2));
		assert_true(written >= 3);
	}
	free(c);
	free(ids);
}

static void keys_find_their_records(void **state)
{
	struct forest *f = *state;
	char key[TREE_KEY_SIZE], id[33], want[16];

	grow(f, 0, 5000, NULL);
	for (int i = 0; i < 5000; i += 7) {
		snprintf(want, sizeof(want), "r%d", i);
		assert_int_equal(tree_key(f->db, SCOPE, "subject", want, 1, key,
					  &f->err),
				 RC_OK);
		assert_true(strlen(key) <= 12);
		assert_int_equal(
			tree_find(f->db, SCOPE, "subject", key, id, &f->err),
			RC_OK);
		assert_string_equal(id, want);
	}
	for (int i = 0; i < 5000; i += 7) {
		snprintf(want, sizeof(want), "r%d", i);
		assert_int_equal(tree_key(f->db, SCOPE, "subject", want, 0, key,
					  &f->err),
				 RC_OK);
		assert_int_equal(
			tree_find(f->db, SCOPE, "subject", key, id, &f->err),
			RC_OK);
		assert_string_equal(id, want);
		if (strlen(key) == TREE_KEY_MIN)
			continue;
		key[strlen(key) - 1] = '\0'; /* one digit less is not enough */
		assert_int_equal(
			tree_find(f->db, SCOPE, "subject", key, id, &f->err),
			RC_CONFLICT);
	}
	assert_int_equal(tree_find(f->db, SCOPE, "subject", "=r5", id, &f->err),
			 RC_OK);
	assert_int_equal(tree_find(f->db, SCOPE, "subject", "zz", id, &f->err),
			 RC_NOT_FOUND);
	assert_int_equal(tree_find(f->db, SCOPE, "visit", "0000", id, &f->err),
			 RC_NOT_FOUND);
}

/* A key costs two descents, however many towns and records there are. */
static void keys_come_from_an_index(void **state)
{
	const char *const statements[] = { SQL_LEAF_FIND, SQL_LEAF_NEIGHBOURS };
	struct forest *f = *state;

	for (size_t i = 0; i < 2; i++) {
		char plan[512];
		struct query *q;
		size_t searches = 0;

		snprintf(plan, sizeof(plan), "EXPLAIN QUERY PLAN %s",
			 statements[i]);
		q = query_begin(f->db, plan);
		while (query_row(q)) {
			const char *step = query_get_text(q, 3);

			if (!strstr(step, "hufu_leaf"))
				continue;
			assert_non_null(strstr(step, "hufu_leaf_hash"));
			assert_non_null(strstr(step, "hash"));
			searches++;
		}
		assert_int_equal(query_end(q, &f->err), RC_OK);
		assert_int_equal(searches, i + 1);
	}
}

struct seen {
	size_t objects;
	bool root_seen;
	struct oid root;
};

static enum rc see(void *ctx, const struct oid *oid, const void *bytes,
		   size_t n, struct err *err)
{
	struct seen *s = ctx;
	struct oid again;

	s->objects++;
	s->root = *oid;
	assert_int_equal(oid_of(&again, OBJECT_TREE, bytes, n, err), RC_OK);
	assert_true(oid_equal(oid, &again));
	return RC_OK;
}

static void a_sink_sees_every_object_and_the_root_last(void **state)
{
	struct forest *f = *state;
	struct seen s = { 0 };
	struct tree_sink sink = { .object = see, .ctx = &s };
	struct tree_change c;
	char id[16];
	struct oid root;
	size_t written;

	grow(f, 0, 1000, NULL);
	record_fill(&c, id, 3, 9, false);
	assert_int_equal(tree_update(f->db, SCOPE, &c, 1, &sink, &root,
				     &written, &f->err),
			 RC_OK);
	assert_int_equal(s.objects, written);
	assert_true(oid_equal(&root, &s.root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, plant, fell)
		TEST(an_empty_scope_is_gits_empty_tree),
		TEST(the_root_depends_on_the_set_alone),
		TEST(what_grows_and_shrinks_back_has_its_old_root),
		TEST(a_move_between_towns_equals_a_rebuild),
		TEST(k_changes_write_at_most_k_times_depth_plus_two_nodes),
		TEST(keys_find_their_records),
		TEST(keys_come_from_an_index),
		TEST(a_sink_sees_every_object_and_the_root_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

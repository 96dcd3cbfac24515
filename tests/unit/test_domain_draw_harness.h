/* unit/test_domain_draw_harness.h - a server with sixty subjects and six
 * officers, and draws on it. */
#ifndef UNIT_TEST_DOMAIN_DRAW_HARNESS_H
#define UNIT_TEST_DOMAIN_DRAW_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/draw.h"
#include "lib/loop.h"

#define SCOPE "330106"
#define SUBJECTS 60

struct world {
	struct loop loop;
	struct account account;
	struct op op;
	char dir[64];
	struct err err;
};

static inline void put(struct world *w, const char *kind, const char *id,
		       const char *json)
{
	if (loop_import(&w->loop, SCOPE, kind, id, json, &w->err) != RC_OK)
		fail_msg("%s: %s", id, w->err.text);
}

static inline void make_subjects(struct world *w)
{
	struct office_record records[SUBJECTS] = { 0 };
	char ids[SUBJECTS][16];
	struct office_write write = { .scope = SCOPE,
				      .operation = "import",
				      .message = "subjects",
				      .records = records,
				      .n = SUBJECTS };

	for (int i = 0; i < SUBJECTS; i++) {
		snprintf(ids[i], sizeof(ids[i]), "s%03d", i);
		records[i] = (struct office_record){
			.kind = "subject",
			.id = ids[i],
			.record = json_pack("{s:s, s:s, s:s, s:s}", "name", "x",
					    "state", "in_business", "town",
					    i % 2 ? "001" : "002", "industry",
					    i % 3 ? "F52" : "H62"),
		};
	}
	assert_int_equal(ledger_office(&w->op, &write), RC_OK);
	for (int i = 0; i < SUBJECTS; i++)
		json_decref((json_t *)(uintptr_t)records[i].record);
}

/* Who may check, with `more` members, as in ",\"lead\":true". */
static inline void put_officer(struct world *w, const char *id,
			       const char *more)
{
	char json[400];

	snprintf(json, sizeof(json),
		 "{\"name\":\"x\",\"state\":\"active\","
		 "\"certificate\":\"ZJ-%s\",\"certificate_state\":\"valid\","
		 "\"certificate_from\":\"2015-01-01\","
		 "\"certificate_to\":\"2099-12-31\"%s}",
		 id, more);
	put(w, "officer", id, json);
}

static inline int world_make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-draws-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	if (loop_init(&w->loop, w->dir, &host_system, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
	w->op = loop_op(&w->loop, &w->account, &w->err);
	make_subjects(w);
	put(w, "subject", "m1", "{\"name\":\"x\",\"state\":\"moved\"}");
	for (int i = 0; i < 6; i++) {
		char id[16];

		snprintf(id, sizeof(id), "o%d", i);
		put_officer(w, id, "");
	}
	put(w, "officer", "o8",
	    "{\"name\":\"x\",\"certificate_to\":\"2020-01-01\"}");
	*state = w;
	return 0;
}

static inline int world_free(void **state)
{
	struct world *w = *state;
	char command[128];

	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* With what every commitment has: a last day, and a source of its seed. */
static inline enum rc commit_rc(struct world *w, const struct draw_options *o,
				char id[21])
{
	struct draw_options whole = *o;
	char today[25];

	time_format(today, w->op.now_ms);
	today[10] = '\0';
	if (!whole.due)
		whole.due = "2098-12-31";
	if (!whole.seed_source && !whole.seed_parts)
		whole.seed_source = "lottery";
	if (!whole.seed_at)
		whole.seed_at = today;
	return draw_commit(&w->op, SCOPE, &whole, id);
}

static inline void commit(struct world *w, const struct draw_options *o,
			  char id[21])
{
	if (commit_rc(w, o, id) != RC_OK)
		fail_msg("%s", w->err.text);
}

static inline void run(struct world *w, const char *id, const char *seed,
		       struct draw_done *done)
{
	if (draw_reveal(&w->op, id, seed) != RC_OK ||
	    draw_run(&w->op, id, done) != RC_OK)
		fail_msg("%s", w->err.text);
}

static inline int64_t count(struct world *w, const char *sql)
{
	int64_t n = 0;

	assert_int_equal(db_int(w->loop.store->db, sql, -1, &n, &w->err),
			 RC_OK);
	return n;
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_make, world_free)

#endif

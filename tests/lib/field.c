/* lib/field.c - a district in this process. */
#include "lib/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "db/db.h"
#include "kind/kind.h"
#include "ledger/enrol.h"
#include "object/oid.h"

static void must(struct field_world *w, enum rc rc, const char *what)
{
	if (rc != RC_OK)
		fail_msg("%s: %s (%s)", what, w->err.text, rc_name(rc));
}

void field_office(struct field_world *w, const char *kind, const char *id,
		  const char *json)
{
	must(w, loop_write(&w->loop, FIELD_SCOPE, kind, id, json, &w->err), id);
}

static void district_make(struct field_world *w)
{
	char id[16], json[240];

	for (int i = 1; i <= FIELD_TABLETS_MAX; i++) {
		snprintf(id, sizeof(id), "o%d", i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"officer %d\",\"state\":\"active\","
			 "\"certificate\":\"ZJ-%d\","
			 "\"certificate_from\":\"2015-01-01\","
			 "\"certificate_to\":\"2099-12-31\","
			 "\"certificate_state\":\"valid\"}",
			 i, i);
		field_office(w, "officer", id, json);
	}
	for (int i = 1; i <= 40; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		snprintf(json, sizeof(json),
			 "{\"name\":\"subject %d\",\"address\":\"road %d\","
			 "\"state\":\"in_business\",\"town\":\"%03d\"}",
			 i, i, 1 + i % 2);
		field_office(w, "subject", id, json);
	}
	field_office(w, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2026-12-31\",\"state\":\"issued\"}");
	field_office(w, "assignment", "a2",
		     "{\"subject\":\"s2\",\"officers\":[\"o1\",\"o2\"],"
		     "\"due\":\"2026-12-31\",\"state\":\"issued\"}");
}

static void tablet_make(struct field_world *w, int i)
{
	struct exchange x = loop_exchange(&w->loop);
	struct account admin;
	struct op op = loop_op(&w->loop, &admin, &w->err);
	char officer[16], code[ENROL_CODE_SIZE];

	snprintf(officer, sizeof(officer), "o%d", i + 1);
	snprintf(w->files[i], sizeof(w->files[i]), "%s/t%d.db", w->dir, i);
	must(w, enrol_code_new(&op, officer, FIELD_SCOPE, code), "code");
	must(w,
	     replica_create(&w->tablets[i], w->files[i], &host_system, &w->err),
	     "create");
	must(w,
	     replica_enroll(w->tablets[i], &x, "http://127.0.0.1:1", code,
			    FIELD_PIN, &w->err),
	     "enroll");
	must(w, replica_clone(w->tablets[i], &x, NULL, NULL, &w->err), "clone");
	must(w, replica_unlock(w->tablets[i], FIELD_PIN, &w->err), "unlock");
}

void field_begin(struct field_world *w, int tablets)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-field-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	must(w, seal_setup(&w->err), "setup");
#ifdef WITH_FAULTS
	pin_cost_for_tests();
#endif
	must(w, object_setup(&w->err), "setup");
	{
		char data[96];

		snprintf(data, sizeof(data), "%s/data", w->dir);
		must(w, loop_init(&w->loop, data, &host_system, &w->err),
		     "init");
	}
	district_make(w);
	w->ntablets = tablets;
	for (int i = 0; i < tablets; i++)
		tablet_make(w, i);
}

void field_end(struct field_world *w)
{
	char command[128];

	for (int i = 0; i < w->ntablets; i++)
		replica_close(w->tablets[i]);
	loop_release(&w->loop);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
}

void field_exec(struct field_world *w, int tablet, const char *sql)
{
	must(w, replica_exec(w->tablets[tablet], sql, &w->err), sql);
}

void field_former(struct field_world *w, int tablet, const char *kind,
		  const char *id)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO hufu_meta(key,value) VALUES('former %s/%s','1')",
		 kind, id);
	field_exec(w, tablet, sql);
}

void field_writers(struct field_world *w, const char *kind, const char *writers)
{
	char path[80], id[33], *text;
	json_t *record, *definition;

	snprintf(path, sizeof(path), "schema/kinds/%s.json", kind);
	definition = json_load_file(path, 0, NULL);
	record =
		json_pack("{s:s, s:o}", "name", kind, "definition", definition);
	json_object_set_new(definition, "writers",
			    json_loads(writers, 0, NULL));
	text = json_dumps(record, 0);
	kind_record_id(id, kind);
	must(w,
	     loop_write(&w->loop, "catalog", "kind", id, text ? text : "",
			&w->err),
	     kind);
	free(text);
	json_decref(record);
}

struct sync_summary field_sync(struct field_world *w, int tablet)
{
	struct exchange x = loop_exchange(&w->loop);
	struct sync_summary s;

	must(w, replica_sync(w->tablets[tablet], &x, &s, &w->err), "sync");
	return s;
}

static const char *one_text(struct field_world *w, struct db *db,
			    const char *sql)
{
	static char text[4096];
	struct query *q = query_begin(db, sql);
	const char *t = query_row(q) ? query_get_text(q, 0) : NULL;

	snprintf(text, sizeof(text), "%s", t ? t : "");
	must(w, query_end(q, &w->err), sql);
	return text;
}

const char *field_live(struct field_world *w, int tablet, const char *sql)
{
	const struct db_options options = { .mode = DB_READ, .busy_ms = 1000 };
	const char *text;
	struct db *db;

	must(w, db_open(&db, w->files[tablet], &options, &w->err), "open");
	text = one_text(w, db, sql);
	db_close(db);
	return text;
}

const char *field_server(struct field_world *w, const char *sql)
{
	return one_text(w, w->loop.store->db, sql);
}

void field_assert_equal(struct field_world *w, int tablet)
{
	char mine[OID_HEX_SIZE], theirs[OID_HEX_SIZE];
	struct oid root;
	struct head head;

	must(w, ledger_head(w->loop.store, FIELD_SCOPE, &head, &w->err),
	     "head");
	must(w, replica_root(w->tablets[tablet], FIELD_SCOPE, &root, &w->err),
	     "root");
	oid_hex(mine, &root);
	oid_hex(theirs, &head.root);
	assert_string_equal(mine, theirs);
}

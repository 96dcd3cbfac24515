/* cli/cmd_show.c - `hufud show`: one record as it stands, and who wrote it. */
#include "cli/cli.h"
#include "cli/plain.h"

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/plain.h"
#include "sql_store.gen.h"
#include "store/past.h"

static const char usage[] =
	"usage: hufud show KIND ID [--as-of DATE|POSITION] [--scope S] "
	"[--json]\n"
	"\n"
	"Shows a record as it stands on the main line: its fields with their "
	"names in\n"
	"Chinese and English, its version, and the packets that wrote it, "
	"newest first.\n"
	"With --as-of as it stood at the end of that day in UTC, or at a "
	"position.\n"
	"\n" CLI_SCOPE_USAGE "\nOptions: --data DIR, --as ACCOUNT\n";

static void value_print(const struct field *f, const json_t *value)
{
	char when[25];

	if (json_is_string(value)) {
		plain_print(stdout, json_string_value(value));
	} else if (f && f->type == FIELD_TIME && json_is_integer(value)) {
		time_format(when, json_integer_value(value));
		printf("%s", when);
	} else {
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
						       JSON_SORT_KEYS);

		plain_print(stdout, text ? text : "");
		free(text);
	}
}

static void fields_print(const struct kind *k, const json_t *record)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		value = json_object_get(record, f->name);
		if (!value)
			continue;
		printf("  %-20s ", f->name);
		value_print(f, value);
		printf("   (%s)\n", f->label_zh);
	}
	json_object_foreach((json_t *)(uintptr_t)record, name, value)
	{
		if (kind_field(k, name) || !strcmp(name, "id") ||
		    !strcmp(name, "scope") || !strcmp(name, "town"))
			continue;
		printf("  %-20s ", name);
		value_print(NULL, value);
		printf("   (unknown to this kind)\n");
	}
}

/* The packets that wrote it, as JSON; new reference. */
static json_t *writers_load(struct cli *c, const char *kind, const char *id,
			    int64_t at)
{
	struct query *q = query_begin(c->store->db, SQL_RECORD_WRITERS);
	json_t *all = json_array();

	query_text(q, 1, c->scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	query_int(q, 4, at);
	while (query_row(q)) {
		char hex[OID_HEX_SIZE] = "", when[25] = "";
		struct oid oid;
		size_t n;
		const void *p = query_get_blob(q, 1, &n);

		if (p && n == OID_BYTES) {
			memcpy(oid.b, p, OID_BYTES);
			oid_hex(hex, &oid);
			time_format(when, query_get_int(q, 4));
		}
		json_array_append_new(
			all,
			json_pack("{s:I, s:s, s:s, s:s, s:s, s:b}", "position",
				  (json_int_t)query_get_int(q, 0), "packet",
				  hex, "author",
				  query_is_null(q, 2) ? ""
						      : query_get_text(q, 2),
				  "terminal",
				  query_is_null(q, 3) ? "merge"
						      : query_get_text(q, 3),
				  "received", when, "merged",
				  (int)query_get_int(q, 5)));
	}
	if (query_end(q, &c->err) != RC_OK) {
		json_decref(all);
		return NULL;
	}
	return all;
}

static void writers_print(const json_t *writers)
{
	const json_t *w;
	size_t i;

	json_array_foreach(writers, i, w) printf(
		"  position %-7lld %s  %s on %s  packet %.12s%s\n",
		(long long)json_integer_value(json_object_get(w, "position")),
		json_string_value(json_object_get(w, "received")),
		json_string_value(json_object_get(w, "author")),
		json_string_value(json_object_get(w, "terminal")),
		json_string_value(json_object_get(w, "packet")),
		json_is_true(json_object_get(w, "merged"))
			? "  (merged with another's change)"
			: "");
}

/* As it stood at a position: plain, a new reference, with the id of its
 * version.
 */
static enum rc record_load(struct cli *c, const char *const *words, int64_t at,
			   json_t **out, struct oid *version)
{
	json_t *outer = NULL;
	char *stored = NULL;
	size_t len = 0;
	enum rc rc = store_record_at(c->store, c->scope, words[0], words[1], at,
				     &stored, &len, &c->err);

	if (rc == RC_NOT_FOUND)
		return err_set(&c->err, rc,
			       at == INT64_MAX
				       ? "there is no %s '%s' in scope %s"
				       : "there was no %s '%s' in scope %s "
					 "then",
			       words[0], words[1], c->scope);
	if (rc == RC_OK)
		rc = oid_of(version, OBJECT_BLOB, stored, len, &c->err);
	if (rc == RC_OK)
		rc = json_read(stored, len, &outer, &c->err);
	if (rc == RC_OK)
		rc = record_plain(c->store,
				  registry_kind(c->store->kinds, words[0]),
				  outer, out, &c->err);
	free(stored);
	json_decref(outer);
	return rc;
}

int cmd_show(struct cli *c)
{
	const char *words[3] = { NULL, NULL, NULL }, *as_of = NULL;
	const struct cli_option own[] = { { "--as-of", &as_of, NULL },
					  { NULL, NULL, NULL } };
	json_t *record = NULL, *writers = NULL;
	char hex[OID_HEX_SIZE];
	const struct kind *k;
	struct past_point point = { .position = INT64_MAX };
	int64_t position;
	struct oid version;
	int code = cli_record(c, own, usage, words);
	enum rc rc = RC_OK;

	if (code != EXIT_DONE)
		return code;
	if (as_of)
		rc = past_point_parse(c->store, c->scope, as_of, &point,
				      &c->err);
	if (rc == RC_OK)
		rc = record_load(c, words, point.position, &record, &version);
	if (rc == RC_OK)
		writers = writers_load(c, words[0], words[1], point.position);
	position = json_int(json_array_get(writers, 0), "position", 0);
	if (!writers) {
		json_decref(record);
		return cli_fail(c, &c->err);
	}
	oid_hex(hex, &version);
	k = registry_kind(c->store->kinds, words[0]);
	if (c->json) {
		cli_json(json_pack("{s:s, s:s, s:I, s:O, s:O}", "kind",
				   words[0], "version", hex, "position",
				   (json_int_t)position, "record", record,
				   "history", writers));
	} else {
		printf("%s %s  (%s)  scope %s town %s\n  version %s at "
		       "position %lld\n",
		       words[0], words[1], k->label_zh, c->scope,
		       json_string_value(json_object_get(record, "town")), hex,
		       (long long)position);
		fields_print(k, record);
		writers_print(writers);
	}
	json_decref(record);
	json_decref(writers);
	return EXIT_DONE;
}

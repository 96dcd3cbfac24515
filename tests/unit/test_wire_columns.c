/* test_wire_columns.c - blocks of format 2 of a snapshot: what was written
 * comes back, and what is damaged is refused or at least other bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "wire/columns.h"

#define SCOPE "330106"
#define BYTES_MAX ((size_t)64 << 20)

/* What a reader got out of a stream. */
struct got {
	struct line_inflater *lines;
	struct block block;
	bool has_block;
	struct buf records; /* canonical, each with a line end */
	size_t blocks;
};

static enum rc take(void *ctx, char *line, size_t n, struct err *err)
{
	struct got *g = ctx;
	json_t *o;
	enum rc rc;

	if (!g->has_block) {
		rc = json_read(line, n, &o, err);
		if (rc != RC_OK || !json_object_get(o, "columns")) {
			json_decref(o);
			return rc;
		}
		g->has_block = true;
		rc = block_begin(&g->block, o, err);
		line_inflater_bytes(g->lines, g->block.body_bytes);
		return rc;
	}
	rc = block_body(&g->block, line, err);
	for (size_t i = 0; i < g->block.records && rc == RC_OK; i++) {
		block_record(&g->block, i, SCOPE, &g->records);
		buf_byte(&g->records, '\n');
	}
	g->blocks++;
	g->has_block = false;
	block_release(&g->block);
	return rc;
}

static enum rc read_all(struct got *g, const void *p, size_t n, size_t piece,
			struct err *err)
{
	const char *at = p;
	enum rc rc = RC_OK;

	memset(g, 0, sizeof(*g));
	buf_init(&g->records, BYTES_MAX);
	g->lines = line_inflater_new(BLOCK_BODY_MAX, take, g);
	for (; n && rc == RC_OK; at += piece, n -= piece) {
		piece = piece < n ? piece : n;
		rc = line_inflater_feed(g->lines, at, piece, err);
	}
	if (rc == RC_OK)
		rc = line_inflater_end(g->lines, err);
	line_inflater_free(g->lines);
	block_release(&g->block);
	return rc;
}

struct making {
	struct line_writer w;
	struct block_writer *block;
	struct buf out, wanted;
	struct err err;
};

static void making_begin(struct making *m)
{
	memset(m, 0, sizeof(*m));
	buf_init(&m->out, BYTES_MAX);
	buf_init(&m->wanted, BYTES_MAX);
	assert_int_equal(line_writer_init(&m->w, &m->out, &m->err), RC_OK);
	m->block = block_writer_new();
	assert_non_null(m->block);
}

/* A record from JSON text; {"id":...,"scope":...} are added. */
static void record_put(struct making *m, const char *id, const char *text)
{
	json_t *record;

	assert_int_equal(json_read(text, strlen(text), &record, &m->err),
			 RC_OK);
	json_object_set_new(record, "id", json_string(id));
	json_object_set_new(record, "scope", json_string(SCOPE));
	assert_int_equal(jcs_write(&m->wanted, record, &m->err), RC_OK);
	buf_byte(&m->wanted, '\n');
	assert_int_equal(block_add(m->block, "subject", record, &m->err),
			 RC_OK);
	json_decref(record);
	if (block_is_full(m->block))
		assert_int_equal(block_write(m->block, &m->w, &m->err), RC_OK);
}

static void making_end(struct making *m)
{
	assert_int_equal(block_write(m->block, &m->w, &m->err), RC_OK);
	assert_int_equal(line_writer_end(&m->w, &m->err), RC_OK);
	block_writer_free(m->block);
	line_writer_release(&m->w);
}

static void comes_back(struct making *m, size_t piece)
{
	struct got g;

	assert_int_equal(read_all(&g, m->out.data, m->out.len, piece, &m->err),
			 RC_OK);
	assert_int_equal(g.records.len, m->wanted.len);
	assert_memory_equal(g.records.data, m->wanted.data, m->wanted.len);
	buf_release(&g.records);
}

static void making_release(struct making *m)
{
	buf_release(&m->out);
	buf_release(&m->wanted);
}

static const char *const odd[] = {
	"{\"town\":\"001\"}",
	"{\"town\":\"001\",\"name\":\"\"}",
	"{\"town\":\"001\",\"name\":\"a\\u0001\\n\\\"b\\\\\"}",
	"{\"town\":\"002\",\"name\":\"杭州市\",\"uscc\":\"A3\"}",
	"{\"town\":\"002\",\"name\":\"😀é\",\"uscc\":\"a4\",\"n\":0}",
	"{\"town\":\"002\",\"n\":9007199254740991,\"set\":[\"a\",\"b\"]}",
	"{\"town\":\"002\",\"n\":-9007199254740991,\"set\":[]}",
	"{\"town\":\"002\",\"n\":-1,\"is\":true,\"mixed\":\"1\"}",
	"{\"town\":\"002\",\"is\":false,\"mixed\":1}",
	"{\"town\":\"002\",\"mixed\":{\"a\":[1,\"x\"]}}",
	"{\"town\":\"003\",\"zz\":7,\"aa\":7,\"idx\":\"i\",\"scoped\":\"s\"}",
};

static void odd_put(struct making *m)
{
	char id[8];

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		snprintf(id, sizeof(id), "%c%zu", i < 10 ? 'a' : 'b', i);
		record_put(m, id, odd[i]);
	}
}

static void every_value_comes_back(void **state)
{
	struct making m;

	(void)state;
	making_begin(&m);
	odd_put(&m);
	making_end(&m);
	for (size_t piece = 1; piece < 300; piece = piece * 2 + 1)
		comes_back(&m, piece);
	making_release(&m);
}

static void ids_of_digits_are_ids(void **state)
{
	struct making m;

	(void)state;
	making_begin(&m);
	record_put(&m, "17", "{\"town\":\"001\",\"code\":\"17\"}");
	record_put(&m, "18", "{\"town\":\"001\",\"code\":\"19\"}");
	making_end(&m);
	comes_back(&m, 4096);
	making_release(&m);
}

/* More characters than an alphabet has letters. */
static void rare_characters_come_back(void **state)
{
	struct making m;
	char id[8], text[64];

	(void)state;
	making_begin(&m);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "r%04u", i);
		snprintf(text, sizeof(text),
			 "{\"town\":\"001\",\"name\":\"中\\u%04x\\u%04x\"}",
			 0x4e00 + i, 0x4e00 + i * 3);
		record_put(&m, id, text);
	}
	making_end(&m);
	comes_back(&m, 777);
	making_release(&m);
}

static void many_records_are_many_blocks(void **state)
{
	struct making m;
	struct got g;
	char id[16], text[160];

	(void)state;
	making_begin(&m);
	for (int i = 0; i < 2 * BLOCK_RECORDS + 10; i++) {
		snprintf(id, sizeof(id), "%08d", i);
		snprintf(text, sizeof(text),
			 "{\"town\":\"%03d\",\"grade\":\"%c\",\"lat\":%d}",
			 i % 7, 'A' + i % 5, 299000000 + i % 1600 * 10);
		record_put(&m, id, text);
	}
	making_end(&m);
	assert_int_equal(read_all(&g, m.out.data, m.out.len, 65536, &m.err),
			 RC_OK);
	assert_int_equal(g.blocks, 3);
	assert_int_equal(g.records.len, m.wanted.len);
	assert_memory_equal(g.records.data, m.wanted.data, m.wanted.len);
	/* Three bytes a record: its id, then next to nothing. */
	assert_true(m.out.len < 3 * 2 * BLOCK_RECORDS);
	buf_release(&g.records);
	making_release(&m);
}

/* Deflated anew after one byte was changed. */
static enum rc damaged_read(const struct buf *plain, size_t at, char flip,
			    struct got *g, struct err *err)
{
	struct buf bytes, packed;
	enum rc rc;

	buf_init(&bytes, BYTES_MAX);
	buf_init(&packed, BYTES_MAX);
	buf_put(&bytes, plain->data, plain->len);
	bytes.data[at] = (char)(bytes.data[at] ^ flip);
	assert_int_equal(deflate_all(&packed, bytes.data, bytes.len, 1, err),
			 RC_OK);
	rc = read_all(g, packed.data, packed.len, packed.len, err);
	buf_release(&bytes);
	buf_release(&packed);
	return rc;
}

static void no_damage_goes_unseen(void **state)
{
	static const char flips[] = { 1, 0x10, (char)0x80, (char)0xff };
	struct making m;
	struct buf plain;
	size_t refused = 0, same = 0;

	(void)state;
	making_begin(&m);
	odd_put(&m);
	making_end(&m);
	buf_init(&plain, BYTES_MAX);
	assert_int_equal(inflate_all(&plain, m.out.data, m.out.len, &m.err),
			 RC_OK);
	for (size_t at = 0; at < plain.len; at++)
		for (size_t f = 0; f < sizeof(flips); f++) {
			struct err err = { 0 };
			struct got g;

			if (damaged_read(&plain, at, flips[f], &g, &err) !=
			    RC_OK) {
				assert_true(err.text[0]);
				refused++;
			} else if (g.records.len == m.wanted.len &&
				   !memcmp(g.records.data, m.wanted.data,
					   m.wanted.len)) {
				same++;
			}
			buf_release(&g.records);
		}
	/* What changes no record: the kind's name, and words nobody reads. */
	assert_true(refused > plain.len);
	assert_true(same < 4 * 80);
	buf_release(&plain);
	making_release(&m);
}

static void refuses(const char *line, const char *body, size_t n)
{
	struct err err = { 0 };
	struct block b;
	json_t *o;
	enum rc rc;

	assert_int_equal(json_read(line, strlen(line), &o, &err), RC_OK);
	rc = block_begin(&b, o, &err);
	if (rc == RC_OK) {
		assert_int_equal(b.body_bytes, n);
		rc = block_body(&b, body, &err);
	}
	if (rc != RC_CORRUPT)
		fail_msg("'%s' was taken", line);
	block_release(&b);
}

#define IDS "{\"field\":\"id\",\"type\":\"text\",\"form\":\"sorted\",\"bytes\":"
#define TWO "{\"kind\":\"k\",\"records\":2,\"columns\":["

static void a_block_that_lies_is_refused(void **state)
{
	(void)state;
	refuses("{\"kind\":\"k\",\"records\":2}", "", 0);
	refuses("{\"kind\":\"K\",\"records\":2,\"columns\":[" IDS "6}]}",
		"\0\1\1\1ab", 6);
	refuses(TWO IDS "-1}]}", "", 0);
	refuses(TWO IDS "5}]}", "\0\0\1\1a", 5); /* an id is missing */
	refuses(TWO IDS "6}]}", "\0\0\1\1ba", 6); /* they fall */
	refuses(TWO IDS "6}]}", "\0\0\1\1aa", 6); /* twice */
	refuses(TWO IDS "6}]}", "\0\2\1\3ab", 6); /* more than there is */
	refuses(TWO IDS "6}]}", "\0\0\1\1aB", 6); /* no id */
	refuses(TWO IDS "7}]}", "\0\0\1\1abc", 7); /* left over */
	refuses(TWO IDS "6},{\"field\":\"scope\",\"type\":\"int\",\"form\":"
			"\"planes\",\"min\":1,\"unit\":1,\"width\":0,"
			"\"bytes\":0}]}",
		"\0\0\1\1ab", 6);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"int\",\"form\":"
			"\"planes\",\"min\":9007199254740991,\"unit\":1,"
			"\"width\":1,\"bytes\":2}]}",
		"\0\0\1\1ab\0\1", 8);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"int\",\"form\":"
			"\"planes\",\"min\":1,\"unit\":0,\"width\":1,"
			"\"bytes\":2}]}",
		"\0\0\1\1ab\0\1", 8);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"text\",\"form\":"
			"\"dict\",\"entries\":1,\"alphabet\":\"x\","
			"\"width\":1,\"bytes\":4}]}",
		"\0\0\1\1ab\1\0\0\1", 10);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"text\",\"form\":"
			"\"text\",\"alphabet\":\"x\",\"bytes\":4}]}",
		"\0\0\1\1ab\1\0\2\0", 10);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"text\",\"form\":"
			"\"zip\",\"alphabet\":\"x\",\"bytes\":4}]}",
		"\0\0\1\1ab\1\0\1\0", 10);
	refuses(TWO IDS "6},{\"field\":\"n\",\"type\":\"text\",\"form\":"
			"\"text\",\"marks\":true,\"alphabet\":\"x\","
			"\"bytes\":4}]}",
		"\0\0\1\1ab\3\1\1\0", 10);
}

/* The bytes that tests/vectors.py computed without a line of this code. */
static void vector_take(const json_t *c)
{
	const json_t *given = json_object_get(c, "given"), *version;
	const json_t *want = json_object_get(c, "want");
	const char *text = json_text(given, "body_base64");
	size_t n = strlen(text), i;
	unsigned char *body = malloc(n);
	struct err err = { 0 };
	struct got g;
	char *at;
	enum rc rc;

	assert_true(base64_decode(body, &n, text, strlen(text)));
	rc = read_all(&g, body, n, 7, &err);
	if (!json_object_get(want, "refused"))
		assert_int_equal(rc, RC_OK);
	at = g.records.data;
	json_array_foreach(json_object_get(want, "versions"), i, version)
	{
		char hex[OID_HEX_SIZE], *end = strchr(at, '\n');
		struct oid oid;

		assert_int_equal(
			oid_of(&oid, OBJECT_BLOB, at, (size_t)(end - at), &err),
			RC_OK);
		oid_hex(hex, &oid);
		assert_string_equal(
			hex, json_string_value(json_array_get(version, 1)));
		at = end + 1;
	}
	buf_release(&g.records);
	free(body);
}

static void the_vectors_are_read(void **state)
{
	json_error_t why;
	json_t *all = json_load_file("fixtures/vectors/snapshot.json", 0, &why);
	const json_t *c;
	size_t i, taken = 0;

	(void)state;
	assert_non_null(all);
	json_array_foreach(json_object_get(all, "cases"), i, c)
	{
		if (strcmp(json_text(c, "kind"), "blocks") != 0)
			continue;
		vector_take(c);
		taken++;
	}
	assert_true(taken >= 7);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_comes_back),
		cmocka_unit_test(ids_of_digits_are_ids),
		cmocka_unit_test(rare_characters_come_back),
		cmocka_unit_test(many_records_are_many_blocks),
		cmocka_unit_test(no_damage_goes_unseen),
		cmocka_unit_test(a_block_that_lies_is_refused),
		cmocka_unit_test(the_vectors_are_read),
	};

	struct err err = { 0 };

	if (object_setup(&err) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

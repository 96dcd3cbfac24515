/* The order of lots, who may be drawn, and a paper on its way through a file.
 */
#include "domain/draw_candidates.h"
#include "unit/test_domain_paper_harness.h"

static void draw_order_is_the_published_vector(void **state)
{
	static const char *const want[] = {
		"91350100M000100Y43", "91330106MA2000211Y",
		"91110000802100433B", "91330106MA20003340",
		"91330100799655058B",
	};
	static const char *const ids[] = {
		"91110000802100433B", "91330100799655058B",
		"91330106MA2000211Y", "91330106MA20003340",
		"91350100M000100Y43",
	};
	struct err err = { 0 };
	uint32_t *order;

	(void)state;
	assert_int_equal(draw_order("zj-demo-seed-0001", ids, 5, &order, &err),
			 RC_OK);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(ids[order[i]], want[i]);
	free(order);
}

static void whole_ticket(const char *seed, const char *id,
			 unsigned char out[SHA256_BYTES])
{
	char text[200];
	int n = snprintf(text, sizeof(text), "%s\x1f%s", seed, id);

	sha256(out, text, (size_t)n);
}

/* Sizes on both sides of each change of method. */
static void draw_order_is_by_whole_tickets_at_every_size(void **state)
{
	static const size_t sizes[] = { 0,   1,     2,     48,    49,
					500, 16384, 16385, 100003 };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		size_t n = sizes[s];
		json_t *frame = ids_of("s", n);
		const char **ids = malloc((n + 1) * sizeof(*ids));
		unsigned char before[SHA256_BYTES] = { 0 }, now[SHA256_BYTES];
		struct err err = { 0 };
		uint32_t *order;

		for (size_t i = 0; i < n; i++)
			ids[i] = json_string_value(json_array_get(frame, i));
		assert_int_equal(draw_order("seed", ids, n, &order, &err),
				 RC_OK);
		for (size_t i = 0; i < n; i++) {
			whole_ticket("seed", ids[order[i]], now);
			assert_true(memcmp(before, now, SHA256_BYTES) < 0);
			memcpy(before, now, SHA256_BYTES);
		}
		free(order);
		free(ids);
		json_decref(frame);
	}
}

/* A ticket of one block, of two, and of ids of both kinds in turn. */
static void draw_order_is_by_whole_tickets_at_every_length(void **state)
{
	(void)state;
	for (size_t len = 20; len < 60; len++) {
		json_t *frame = json_array();
		const char *ids[100];
		char seed[64] = "", id[33];
		unsigned char before[SHA256_BYTES] = { 0 }, now[SHA256_BYTES];
		struct err err = { 0 };
		uint32_t *order;

		memset(seed, 's', len);
		for (int i = 0; i < 100; i++) {
			snprintf(id, sizeof(id), "%0*d", 3 + i * 7 % 30, i);
			json_array_append_new(frame, json_string(id));
			ids[i] = json_string_value(
				json_array_get(frame, (size_t)i));
		}
		assert_int_equal(draw_order(seed, ids, 100, &order, &err),
				 RC_OK);
		for (size_t i = 0; i < 100; i++) {
			whole_ticket(seed, ids[order[i]], now);
			assert_true(memcmp(before, now, SHA256_BYTES) < 0);
			memcpy(before, now, SHA256_BYTES);
		}
		free(order);
		json_decref(frame);
	}
}

static void draw_order_refuses_what_it_cannot_order(void **state)
{
	const char **same = malloc(20000 * sizeof(*same));
	char seed[DRAW_SEED_MAX + 2];
	struct err err = { 0 };
	uint32_t *order;

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		same[i] = "a";
	assert_int_equal(draw_order("seed", same, 20000, &order, &err),
			 RC_INVALID);
	assert_null(order);
	err_clear(&err);
	memset(seed, 's', sizeof(seed));
	seed[DRAW_SEED_MAX + 1] = '\0';
	assert_int_equal(draw_order(seed, same, 1, &order, &err), RC_INVALID);
	free(same);
}

/* The candidates of a pool in a paper, "a b"; due in December where it is so.
 */
static void candidates_are(int format, const char *pool, const char *want)
{
	json_t *paper =
		json_pack("{s:i, s:o, s:{s:{s:s, s:s}}}", "format", format,
			  "pool", json_loads(pool, 0, NULL), "committed",
			  "rules", "day", "2026-11-22", "due", "2026-12-31");
	json_t *found = draw_candidates(paper), *one;
	char ids[200] = "";
	size_t i;

	json_array_foreach(found, i, one)
	{
		size_t at = strlen(ids);

		snprintf(ids + at, sizeof(ids) - at, "%s%s", at ? " " : "",
			 json_text(one, "id"));
	}
	assert_string_equal(ids, want);
	json_decref(found);
	json_decref(paper);
}

#define TERM                                                                   \
	"'certificate_from':'2020-01-01','certificate_to':'2026-12-31',"       \
	"'certificate_state':'valid','state':'active'"

static void only_those_with_a_valid_certificate_are_candidates(void **state)
{
	static const struct {
		const char *officer, *of_format_3, *of_format_4;
	} cases[] = {
		{ "'certificate':'1'," TERM, "a", "a" },
		{ "'certificate':'1'," TERM ",'excluded':'kin'", "", "" },
		{ "'certificate':'1'", "a", "" },
		{ "'certificate_to':'2026-12-31'", "a", "" },
		{ "'certificate_to':'2026-11-21'", "", "" },
		{ "'name':'x'", "", "" },
		{ TERM, "a", "" },
		{ "'certificate':''," TERM, "a", "" },
		{ "'certificate':'1','state':'active','certificate_state':"
		  "'valid','certificate_to':'2027-01-01'",
		  "a", "" },
		{ "'certificate':'1','state':'active','certificate_state':"
		  "'valid','certificate_from':'2020-01-01','certificate_to':"
		  "'2026-12-30'",
		  "a", "" },
		{ "'certificate':'1','state':'active','certificate_state':"
		  "'valid','certificate_from':'2026-11-23','certificate_to':"
		  "'2027-12-30'",
		  "", "" },
		{ "'certificate':'1','state':'active','certificate_state':"
		  "'suspended','certificate_from':'2020-01-01',"
		  "'certificate_to':'2027-12-30'",
		  "", "" },
		{ "'certificate':'1','state':'leave','certificate_state':"
		  "'valid','certificate_from':'2020-01-01','certificate_to':"
		  "'2027-12-30'",
		  "", "" },
		{ "'certificate':'2'," TERM, "a b", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool shares = strstr(cases[i].officer, "'2',");
		char pool[600];

		snprintf(pool, sizeof(pool), "[{'id':'a',%s}%s]",
			 cases[i].officer,
			 shares ? ",{'id':'b','certificate':'2'," TERM "}"
				: "");
		for (char *p = pool; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		candidates_are(3, pool, cases[i].of_format_3);
		candidates_are(4, pool, cases[i].of_format_4);
	}
}

static void a_paper_goes_through_a_file_unchanged(void **state)
{
	static const int64_t quota[GRADES] = { 1, 1, 1 };
	json_t *paper = paper_new(30, 4, quota), *back = NULL;
	char path[] = "/tmp/hufu-paper-XXXXXX";
	struct err err = { 0 };

	(void)state;
	close(mkstemp(path));
	paper_run(paper, "s");
	assert_int_equal(draw_file_write(path, paper, &err), RC_OK);
	assert_int_equal(draw_file_read(path, &back, &err), RC_OK);
	assert_true(json_equal(paper, back));
	json_decref(back);
	unlink(path);
	assert_int_equal(draw_file_read(path, &back, &err), RC_NOT_FOUND);
	assert_null(back);
	json_decref(paper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draw_order_is_the_published_vector),
		cmocka_unit_test(draw_order_is_by_whole_tickets_at_every_size),
		cmocka_unit_test(
			draw_order_is_by_whole_tickets_at_every_length),
		cmocka_unit_test(draw_order_refuses_what_it_cannot_order),
		cmocka_unit_test(
			only_those_with_a_valid_certificate_are_candidates),
		cmocka_unit_test(a_paper_goes_through_a_file_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

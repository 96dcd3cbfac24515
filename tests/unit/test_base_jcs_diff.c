/* What two canonical objects differ in, found on their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"

#define LIMIT 4096

struct differs {
	const char *a, *b, *only_a, *only_b;
};

static const struct differs cases[] = {
	{ "{}", "{}", "{}", "{}" },
	{ "{\"a\":1}", "{}", "{\"a\":1}", "{}" },
	{ "{}", "{\"a\":1}", "{}", "{\"a\":1}" },
	{ "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", "{\"b\":2}", "{\"b\":3}" },
	{ "{\"a\":1,\"c\":2}", "{\"b\":1,\"c\":2}", "{\"a\":1}", "{\"b\":1}" },
	/* a name that begins another */
	{ "{\"a\":1,\"ab\":2}", "{\"ab\":2}", "{\"a\":1}", "{}" },
	{ "{\"ab\":2}", "{\"a\":2}", "{\"ab\":2}", "{\"a\":2}" },
	/* a value that begins another */
	{ "{\"a\":1}", "{\"a\":12}", "{\"a\":1}", "{\"a\":12}" },
	{ "{\"a\":\"x\"}", "{\"a\":\"x \"}", "{\"a\":\"x\"}",
	  "{\"a\":\"x \"}" },
	/* brackets, quotes and commas that are text */
	{ "{\"a\":\"},{\\\"\\\\\",\"b\":[1,{\"c\":\"]\"}]}",
	  "{\"a\":\"},{\\\"\\\\\",\"b\":[1,{\"c\":\"]]\"}]}",
	  "{\"b\":[1,{\"c\":\"]\"}]}", "{\"b\":[1,{\"c\":\"]]\"}]}" },
	{ "{\"a\":{\"b\":{}},\"z\":[]}", "{\"a\":{\"b\":[]},\"z\":[]}",
	  "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":[]}}" },
};

static void only_what_differs_is_left(void **state)
{
	struct err err = { 0 };
	struct buf a, b;

	(void)state;
	buf_init(&a, LIMIT);
	buf_init(&b, LIMIT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct differs *c = &cases[i];

		assert_int_equal(jcs_differ(&a, &b, c->a, strlen(c->a), c->b,
					    strlen(c->b), &err),
				 RC_OK);
		assert_string_equal(a.data, c->only_a);
		assert_string_equal(b.data, c->only_b);
	}
	buf_release(&a);
	buf_release(&b);
}

/* Every beginning of an object is none, and nothing is read behind it. */
static void what_is_cut_is_corrupt(void **state)
{
	static const char whole[] =
		"{\"a\":\"\\\"x\",\"b\":[{\"c\":1}],\"d\":2}";
	struct err err = { 0 };
	struct buf a, b;

	(void)state;
	buf_init(&a, LIMIT);
	buf_init(&b, LIMIT);
	for (size_t n = 0; n < strlen(whole); n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, whole, n);
		err_clear(&err);
		assert_int_equal(jcs_differ(&a, &b, cut, n, "{}", 2, &err),
				 RC_CORRUPT);
		err_clear(&err);
		assert_int_equal(
			jcs_differ(&a, &b, whole, strlen(whole), cut, n, &err),
			RC_CORRUPT);
		free(cut);
	}
	buf_release(&a);
	buf_release(&b);
}

static void the_limit_and_memory_are_told(void **state)
{
	struct err err = { 0 };
	struct buf a, b;

	(void)state;
	buf_init(&a, 4);
	buf_init(&b, LIMIT);
	assert_int_equal(jcs_differ(&a, &b, "{\"a\":1}", 7, "{}", 2, &err),
			 RC_NOMEM);
	buf_release(&a);
	buf_release(&b);
}

static void a_member_is_read_where_it_stands_plainly(void **state)
{
	static const struct {
		const char *text, *key, *want; /* NULL: it says no */
	} members[] = {
		{ "{\"id\":\"a\",\"town\":\"007\"}", "town", "007" },
		{ "{\"a\":{\"town\":\"1\"},\"town\":\"007\"}", "town", "007" },
		{ "{\"a\":\"\\\"town\\\":\",\"town\":\"\"}", "town", "" },
		{ "{\"town\":\"1234567\"}", "town", "1234567" },
		{ "{\"town\":\"12345678\"}", "town", NULL },
		{ "{\"town\":\"0\\u00307\"}", "town", NULL },
		{ "{\"town\":7}", "town", NULL },
		{ "{\"towns\":\"007\"}", "town", NULL },
		{ "{}", "town", NULL },
		{ "", "town", NULL },
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const char *text = members[i].text;
		bool found = jcs_member(text, strlen(text), members[i].key, out,
					sizeof(out));

		assert_int_equal(found, members[i].want != NULL);
		if (found)
			assert_string_equal(out, members[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_differs_is_left),
		cmocka_unit_test(what_is_cut_is_corrupt),
		cmocka_unit_test(the_limit_and_memory_are_told),
		cmocka_unit_test(a_member_is_read_where_it_stands_plainly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "domain/convert.h"

static struct field field_of(enum field_type type)
{
	return (struct field){ .name = "f", .type = type };
}

static void convert_value_reads_every_form_of_every_type(void **state)
{
	static const struct {
		enum field_type type;
		const char *text, *want;
	} good[] = {
		{ FIELD_TEXT, " 杭州 ", "\"杭州\"" },
		{ FIELD_REF, "913301", "\"913301\"" },
		{ FIELD_INT, "-12", "-12" },
		{ FIELD_INT, "9007199254740991", "9007199254740991" },
		{ FIELD_INT, "007", "7" },
		{ FIELD_BOOL, "yes", "true" },
		{ FIELD_BOOL, "否", "false" },
		{ FIELD_DATE, "20160513", "\"2016-05-13\"" },
		{ FIELD_DATE, "2016/05/13", "\"2016-05-13\"" },
		{ FIELD_DATE, "2016-05-13", "\"2016-05-13\"" },
		{ FIELD_DATE, "2016-05-13T23:59:00-07:00", "\"2016-05-13\"" },
		{ FIELD_TIME, "1463097600000", "1463097600000" },
		{ FIELD_TIME, "1970-01-02T00:00:00Z", "86400000" },
		{ FIELD_TIME, "1970-01-01 08:00:00.0195+08:00", "19" },
		{ FIELD_MONEY, "1250", "125000" },
		{ FIELD_MONEY, "-12.5", "-1250" },
		{ FIELD_MONEY, "12.5元", "1250" },
		{ FIELD_MONEY, "12 yuan", "1200" },
		{ FIELD_COORDINATE, "37.786848", "377868480" },
		{ FIELD_COORDINATE, "-122.40313549", "-1224031355" },
		{ FIELD_COORDINATE, "120", "1200000000" },
		{ FIELD_COORDINATE, "180", "1800000000" },
		{ FIELD_COORDINATE, "-180.0000000", "-1800000000" },
		{ FIELD_COORDINATE, "0", "0" },
		{ FIELD_SET, "b; a ;b;", "[\"a\",\"b\"]" },
		{ FIELD_SET, "[\"z;1\",\"a\"]", "[\"a\",\"z;1\"]" },
		{ FIELD_JSON, "{\"b\":1,\"a\":[]}", "{\"a\":[],\"b\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct field f = field_of(good[i].type);
		struct err err = { 0 };
		json_t *value = NULL, *holder;
		struct buf text;

		if (convert_value(&f, good[i].text, &value, &err) != RC_OK)
			fail_msg("%s: %s", good[i].text, err.text);
		buf_init(&text, 1000);
		holder = json_pack("[o]", value);
		assert_int_equal(jcs_write(&text, holder, &err), RC_OK);
		text.data[text.len - 1] = '\0';
		assert_string_equal(text.data + 1, good[i].want);
		json_decref(holder);
		buf_release(&text);
	}
}

static void convert_value_refuses_what_is_of_no_such_type(void **state)
{
	static const struct {
		enum field_type type;
		const char *text;
	} bad[] = {
		{ FIELD_INT, "1.0" },
		{ FIELD_INT, "1e3" },
		{ FIELD_INT, "-" },
		{ FIELD_INT, "99999999999999999999" },
		{ FIELD_INT, "9007199254740992" },
		{ FIELD_BOOL, "maybe" },
		{ FIELD_DATE, "2023-02-29" },
		{ FIELD_DATE, "13.05.2016" },
		{ FIELD_DATE, "2016-05-13x" },
		{ FIELD_TIME, "2016-05-13" },
		{ FIELD_TIME, "2016-05-13T08:00:00" },
		{ FIELD_TIME, "2016-05-13T24:00:00Z" },
		{ FIELD_TIME, "2016-05-13T08:00:00.Z" },
		{ FIELD_MONEY, "1.2.5" },
		{ FIELD_MONEY, "元" },
		{ FIELD_COORDINATE, "180.0000001" },
		{ FIELD_COORDINATE, "-181" },
		{ FIELD_COORDINATE, "302741000" },
		{ FIELD_COORDINATE, "30." },
		{ FIELD_COORDINATE, "30.1.2" },
		{ FIELD_SET, "[1]" },
		{ FIELD_SET, "[\"a\"" },
		{ FIELD_JSON, "3" },
		{ FIELD_TEXT, "\xff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct field f = field_of(bad[i].type);
		struct err err = { 0 };
		json_t *value = NULL;

		if (convert_value(&f, bad[i].text, &value, &err) != RC_INVALID)
			fail_msg("%s was taken", bad[i].text);
		assert_null(value);
		assert_non_null(strstr(err.text, "'f'"));
	}
}

static void convert_value_bounds_latitudes_at_ninety(void **state)
{
	const struct field f = { .name = "latitude", .type = FIELD_COORDINATE };
	struct err err = { 0 };
	json_t *value = NULL;

	(void)state;
	assert_int_equal(convert_value(&f, "-90", &value, &err), RC_OK);
	assert_int_equal(json_integer_value(value), -900000000);
	json_decref(value);
	assert_int_equal(convert_value(&f, "90.0000001", &value, &err),
			 RC_INVALID);
	assert_non_null(strstr(err.text, "-90 to 90"));
}

static void convert_value_of_nothing_is_no_value(void **state)
{
	(void)state;
	for (int type = 0; type < FIELD__MAX; type++) {
		struct field f = field_of((enum field_type)type);
		struct err err = { 0 };
		json_t *value = json_true();

		assert_int_equal(convert_value(&f, " \t", &value, &err), RC_OK);
		assert_null(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(convert_value_reads_every_form_of_every_type),
		cmocka_unit_test(convert_value_refuses_what_is_of_no_such_type),
		cmocka_unit_test(convert_value_bounds_latitudes_at_ninety),
		cmocka_unit_test(convert_value_of_nothing_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

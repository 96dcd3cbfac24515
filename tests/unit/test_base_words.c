#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/words.h"

static void a_list_has_whole_words(void **state)
{
	static const char *const list[] = { "draft", "issued", NULL };

	(void)state;
	assert_true(words_have(list, "issued"));
	assert_false(words_have(list, "issue"));
	assert_false(words_have(list, NULL));
	assert_false(words_have(NULL, "issued"));
}

static void an_array_has_its_texts_alone(void **state)
{
	json_t *array = json_pack("[s, i, n]", "o1", 2);

	(void)state;
	assert_true(json_has_text(array, "o1"));
	assert_false(json_has_text(array, "2"));
	assert_false(json_has_text(array, ""));
	assert_false(json_has_text(array, NULL));
	assert_false(json_has_text(NULL, "o1"));
	json_decref(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_whole_words),
		cmocka_unit_test(an_array_has_its_texts_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The public library inside a program that has threads, and a jansson with
 * allocation functions of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "hufu/hufu.h"
#include "lib/field.h"

#define THREADS 4
#define VISITS 12

static struct field_world world;
static atomic_long mine; /* allocated by the program's function, not freed */
static atomic_long ever;

static void *my_malloc(size_t n)
{
	long *p = malloc(n + 2 * sizeof(long));

	if (!p)
		return NULL;
	p[0] = 4711;
	atomic_fetch_add(&mine, 1);
	atomic_fetch_add(&ever, 1);
	return p + 2;
}

static void my_free(void *p)
{
	long *block = p;

	if (!p)
		return;
	assert_int_equal(block[-2], 4711);
	atomic_fetch_sub(&mine, 1);
	free(block - 2);
}

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

/* What a thread does with a handle of its own; the code of what failed. */
static void *visits_write(void *arg)
{
	struct hufu *h = hufu_new();
	struct hufu_list *list = NULL;
	enum hufu_code code = h ? hufu_open(h, arg) : HUFU_NOMEM;

	for (int i = 0; i < VISITS && code == HUFU_OK; i++) {
		char id[HUFU_ID_SIZE];

		code = hufu_put(h, "visit", NULL, "{\"subject\":\"s1\"}", id);
		if (code == HUFU_OK)
			code = hufu_record(h, "visit", id, HUFU_LIVE, &list);
		hufu_list_free(list);
		list = NULL;
	}
	if (code != HUFU_OK)
		fprintf(stderr, "a thread: %s\n", h ? hufu_message(h) : "");
	hufu_free(h);
	return (void *)(uintptr_t)code;
}

static void threads_have_a_handle_each(void **state)
{
	pthread_t threads[THREADS];
	struct hufu_list *list;
	struct hufu *h;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, visits_write,
						world.files[0]),
				 0);
	for (int i = 0; i < THREADS; i++) {
		void *code;

		assert_int_equal(pthread_join(threads[i], &code), 0);
		assert_int_equal((uintptr_t)code, HUFU_OK);
	}
	h = hufu_new();
	assert_int_equal(hufu_open(h, world.files[0]), HUFU_OK);
	assert_int_equal(hufu_status(h, &list), HUFU_OK);
	assert_int_equal(hufu_list_count(list), THREADS * VISITS);
	hufu_list_free(list);
	hufu_free(h);
}

static void the_programs_jansson_stays_its_own(void **state)
{
	json_t *value = json_pack("{s:[i,i]}", "a", 1, 2);
	long before = atomic_load(&mine), all = atomic_load(&ever);
	struct hufu *h = hufu_new();
	struct hufu_list *list;

	(void)state;
	assert_int_equal(hufu_open_copy(h, world.files[0]), HUFU_OK);
	assert_int_equal(hufu_info(h, &list), HUFU_OK);
	hufu_list_free(list);
	hufu_free(h);
	assert_true(atomic_load(&ever) > all);
	assert_int_equal(atomic_load(&mine), before);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(threads_have_a_handle_each,
						begin, end),
		cmocka_unit_test_setup_teardown(
			the_programs_jansson_stays_its_own, begin, end),
	};

	/* Before anything else uses jansson, as its documentation asks. */
	json_set_alloc_funcs(my_malloc, my_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

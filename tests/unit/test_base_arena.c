#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"

static void arena_alloc_gives_zeroed_aligned_memory(void **state)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 4000, 5000, 200000, 3 };
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			unsigned char *p = arena_alloc(&a, sizes[i]);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xaa, sizes[i]);
		}
		arena_reset(&a);
	}
	arena_release(&a);
}

static void arena_alloc_gives_pieces_that_do_not_overlap(void **state)
{
	unsigned char *piece[200];
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (int i = 0; i < 200; i++) {
		piece[i] = arena_alloc(&a, 1000);
		assert_non_null(piece[i]);
		memset(piece[i], i, 1000);
	}
	for (int i = 0; i < 200; i++)
		for (int k = 0; k < 1000; k++)
			assert_int_equal(piece[i][k], i);
	arena_release(&a);
}

static void arena_alloc_refuses_past_the_limit_and_stays_usable(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 160);
	assert_null(arena_alloc(&a, 161));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 15));
	assert_non_null(arena_alloc(&a, 96));
	assert_null(arena_alloc(&a, 65));
	assert_non_null(arena_alloc(&a, 64));
	assert_null(arena_alloc(&a, 1));
	arena_reset(&a);
	assert_int_equal(a.used_bytes, 0);
	assert_non_null(arena_alloc(&a, 160));
	arena_release(&a);
}

static void arena_reset_after_one_large_piece_gives_zeroed_memory(void **state)
{
	struct arena a;
	char *p;

	(void)state;
	arena_init(&a, 1 << 20);
	p = arena_alloc(&a, 500000);
	assert_non_null(p);
	memset(p, 0xaa, 500000);
	arena_reset(&a);
	p = arena_alloc(&a, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	arena_release(&a);
}

static void arena_alloc_of_nothing_is_a_piece(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	assert_non_null(arena_alloc(&a, 0));
	assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
	arena_release(&a);
}

static void arena_dup_copies_and_ends_with_a_nul(void **state)
{
	struct arena a;
	char *p;

	(void)state;
	arena_init(&a, 1000);
	p = arena_dup(&a, "a\0b", 3);
	assert_memory_equal(p, "a\0b", 4);
	assert_string_equal(arena_dup(&a, NULL, 0), "");
	assert_null(arena_dup(&a, "", SIZE_MAX));
	assert_string_equal(arena_strdup(&a, "text"), "text");
	arena_release(&a);
}

static void arena_printf_formats_any_length(void **state)
{
	struct arena a;
	char *p;

	(void)state;
	arena_init(&a, 100000);
	assert_string_equal(arena_printf(&a, "%s-%d", "a", 7), "a-7");
	p = arena_printf(&a, "%09000d", 1);
	assert_int_equal(strlen(p), 9000);
	assert_null(arena_printf(&a, "%0200000d", 1));
	arena_release(&a);
}

static void arena_answers_null_when_memory_runs_out(void **state)
{
#ifdef WITH_FAULTS
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	fault_arm(FAULT_ALLOC, 2, false);
	assert_non_null(arena_alloc(&a, 10));
	assert_null(arena_printf(&a, "%d", 1));
	assert_non_null(arena_strdup(&a, "x"));
	assert_int_equal(fault_clear(FAULT_ALLOC), 3);
	arena_release(&a);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

static void arena_release_accepts_a_zeroed_one_and_twice(void **state)
{
	struct arena a = { 0 };

	(void)state;
	arena_release(&a);
	arena_init(&a, 100);
	assert_non_null(arena_alloc(&a, 10));
	arena_release(&a);
	arena_release(&a);
	assert_int_equal(a.used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_alloc_gives_zeroed_aligned_memory),
		cmocka_unit_test(arena_alloc_gives_pieces_that_do_not_overlap),
		cmocka_unit_test(
			arena_alloc_refuses_past_the_limit_and_stays_usable),
		cmocka_unit_test(
			arena_reset_after_one_large_piece_gives_zeroed_memory),
		cmocka_unit_test(arena_alloc_of_nothing_is_a_piece),
		cmocka_unit_test(arena_dup_copies_and_ends_with_a_nul),
		cmocka_unit_test(arena_printf_formats_any_length),
		cmocka_unit_test(arena_answers_null_when_memory_runs_out),
		cmocka_unit_test(arena_release_accepts_a_zeroed_one_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

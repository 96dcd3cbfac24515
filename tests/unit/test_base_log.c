#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"

/* What `act` writes to stderr, at most n - 1 bytes. */
static void captured(char *out, size_t n, void (*act)(void))
{
	FILE *file = tmpfile();
	int old = dup(STDERR_FILENO);
	size_t got;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	act();
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	got = fread(out, 1, n - 1, file);
	out[got] = '\0';
	fclose(file);
}

static void act_info(void)
{
	log_info("sync terminal=%s rows=%d", "t1", 14);
}

static void log_line_is_time_level_event(void **state)
{
	char out[200];

	(void)state;
	captured(out, sizeof(out), act_info);
	assert_string_equal(out + 24, " info sync terminal=t1 rows=14\n");
	assert_int_equal(out[10], 'T');
	assert_int_equal(out[23], 'Z');
}

static void act_warn(void)
{
	log_warn("upload name=%s", "a\nb\x1b[31m\xe4\xb8\xad");
}

static void log_line_has_no_control_characters(void **state)
{
	char out[200];

	(void)state;
	captured(out, sizeof(out), act_warn);
	assert_string_equal(out + 24,
			    " warn upload name=a?b?[31m\xe4\xb8\xad\n");
}

static void act_long(void)
{
	log_info("%05000d", 1);
}

static void log_line_is_cut_to_one_line(void **state)
{
	char out[6000];
	size_t n;

	(void)state;
	captured(out, sizeof(out), act_long);
	n = strlen(out);
	assert_true(n > 1000 && n <= 2048);
	assert_ptr_equal(strchr(out, '\n'), out + n - 1);
}

static void *log_many(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 200; i++)
		log_info("event text=%s", "abcdefghijklmnopqrstuvwxyz");
	return NULL;
}

static void act_threads(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, log_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

static void log_lines_of_threads_never_mix(void **state)
{
	static const char want[] =
		" info event text=abcdefghijklmnopqrstuvwxyz\n";
	char *out = malloc(100000);
	int lines = 0;

	(void)state;
	captured(out, 100000, act_threads);
	for (const char *p = out; *p; p += 24 + strlen(want), lines++)
		assert_memory_equal(p + 24, want, strlen(want));
	assert_int_equal(lines, 800);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_line_is_time_level_event),
		cmocka_unit_test(log_line_has_no_control_characters),
		cmocka_unit_test(log_line_is_cut_to_one_line),
		cmocka_unit_test(log_lines_of_threads_never_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

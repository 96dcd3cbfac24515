#include "cli/verbs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int verb_fail(struct verb *v)
{
	return verb_complain(v, "%s", hufu_message(v->h));
}

int verb_complain(struct verb *v, const char *fmt, ...)
{
	va_list args;

	verb_progress_end();
	va_start(args, fmt);
	fprintf(stderr, "hufu %s: ", v->name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_FAILED;
}

int verb_misuse(struct verb *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "hufu %s: ", v->name);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, " ('hufu %s --help' says how)\n", v->name);
	va_end(args);
	return EXIT_USE;
}

int verb_open(struct verb *v)
{
	if (hufu_open(v->h, v->replica) != HUFU_OK)
		return verb_fail(v);
	return EXIT_DONE;
}

int verb_mend(struct verb *v)
{
	struct hufu_list *report;

	if (hufu_mend(v->h, &report) != HUFU_OK)
		return verb_fail(v);
	if (hufu_list_text(report, "what")[0])
		fprintf(stderr, "hufu %s: %s\n", v->name,
			hufu_list_text(report, "what"));
	hufu_list_free(report);
	return EXIT_DONE;
}

static int json_print(const char *text)
{
	if (text)
		puts(text);
	else
		fputs("hufu: out of memory\n", stderr);
	return text ? EXIT_DONE : EXIT_FAILED;
}

int verb_json_all(struct hufu_list *list)
{
	return json_print(hufu_list_all(list));
}

int verb_json_entry(struct hufu_list *list)
{
	return json_print(hufu_list_json(list, NULL));
}

void verb_print_text(struct hufu_list *list, const char *name)
{
	const char *text = hufu_list_json(list, name);
	size_t n = text ? strlen(text) : 0;

	if (n < 2 || *text != '"')
		return;
	for (size_t i = 1; i < n - 1; i++)
		if (text[i] != '\\' || text[i + 1] != '"')
			putchar(text[i]);
}

static bool progress_shown;

int verb_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
	(void)ctx;
	if (!isatty(STDERR_FILENO))
		return 0;
	progress_shown = true;
	if (total > 0)
		fprintf(stderr, "\r\033[K%s: %" PRId64 " of %" PRId64, what,
			done, total);
	else
		fprintf(stderr, "\r\033[K%s: %" PRId64, what, done);
	fflush(stderr);
	return 0;
}

void verb_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

int verb_print_scopes(struct verb *v, const char *word)
{
	struct hufu_list *scopes;

	if (hufu_scopes(v->h, &scopes) != HUFU_OK)
		return verb_fail(v);
	while (hufu_list_next(scopes) == HUFU_OK)
		printf("%-8s %s at position %" PRId64 "  root %.10s…  %" PRId64
		       " records\n",
		       hufu_list_text(scopes, "scope"), word,
		       hufu_list_int(scopes, "position", 0),
		       hufu_list_text(scopes, "root"),
		       hufu_list_int(scopes, "records", 0));
	hufu_list_free(scopes);
	return EXIT_DONE;
}

int verb_print_info(struct verb *v)
{
	struct hufu_list *info;
	int code;

	if (hufu_info(v->h, &info) != HUFU_OK)
		return verb_fail(v);
	code = verb_json_entry(info);
	hufu_list_free(info);
	return code;
}

const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

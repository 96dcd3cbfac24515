#include "cli/verbs.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARN_PERCENT 80

static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, ",");

		if (n)
			json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == ',');
	}
	return list;
}

/* Degrees to 1e-7 of them. */
static bool degrees_read(const char *text, char end, double most, int64_t *out,
			 const char **rest)
{
	char *stop;
	double value = strtod(text, &stop);

	if (stop == text || *stop != end || !(fabs(value) <= most))
		return false;
	*out = llround(value * 1e7);
	*rest = stop + 1;
	return true;
}

static int fields_make(struct verb *v, json_t *fields)
{
	const char *rest;
	int64_t latitude, longitude;

	if (v->point)
		json_object_set_new(fields, "points", list_of(v->point));
	if (v->caption)
		json_object_set_new(fields, "caption", json_string(v->caption));
	if (v->media)
		json_object_set_new(fields, "media", json_string(v->media));
	if (!v->fix)
		return EXIT_DONE;
	if (!degrees_read(v->fix, ',', 90, &latitude, &rest) ||
	    !degrees_read(rest, '\0', 180, &longitude, &rest))
		return verb_misuse(v, "--fix is LATITUDE,LONGITUDE such as "
				      "30.2741,120.1551");
	json_object_set_new(fields, "latitude", json_integer(latitude));
	json_object_set_new(fields, "longitude", json_integer(longitude));
	return EXIT_DONE;
}

/* Early enough to do something about it. */
static void warn_full(struct verb *v, const struct hufu_list *report)
{
	int64_t used = hufu_list_int(report, "used", 0);
	int64_t quota = hufu_list_int(report, "quota", 1);
	char a[SIZE_TEXT], b[SIZE_TEXT];

	if (used / WARN_PERCENT < quota / 100)
		return;
	size_text(a, used);
	size_text(b, quota);
	fprintf(stderr,
		"hufu %s: the folder of evidence has %s of %s: 'hufu upload' "
		"makes room\n",
		v->name, a, b);
}

static void report_print(struct hufu_list *report)
{
	char size[SIZE_TEXT];

	size_text(size, hufu_list_int(report, "size", 0));
	printf("evidence %s: %s, sha256 %.10s%s\n",
	       hufu_list_text(report, "id"), size,
	       hufu_list_text(report, "sha256"),
	       hufu_list_int(report, "again", 0) ? "; the visit had it already"
						 : "");
}

static int attach(struct verb *v, const char *fields, int64_t quota)
{
	struct hufu_list *report;
	int code = verb_open(v);

	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code != EXIT_DONE)
		return code;
	if (hufu_attach(v->h, v->words[0], v->words[1], fields, quota,
			&report) != HUFU_OK)
		return verb_fail(v);
	if (v->json)
		code = verb_json_entry(report);
	else
		report_print(report);
	warn_full(v, report);
	hufu_list_free(report);
	return code;
}

int verb_attach(struct verb *v)
{
	int64_t quota = size_of(v->quota, 0);
	json_t *fields = json_object();
	char *text;
	int code = fields_make(v, fields);

	if (code == EXIT_DONE && quota < 0)
		code = verb_misuse(v, "--quota is a size such as 2G");
	if (code == EXIT_DONE) {
		text = json_dumps(fields, JSON_COMPACT);
		code = attach(v, text, quota);
		free(text);
	}
	json_decref(fields);
	return code;
}

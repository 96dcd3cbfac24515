/* import_as.c - columns whose meaning is more than their text. */
#include "domain/import_map.h"

#include <string.h>

#include "base/hash.h"
#include "base/hex.h"

static enum rc done(json_t *value, json_t **out, struct err *err)
{
	*out = value;
	return value ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

static enum rc as_code16(const struct csv_cell *cells, size_t n, json_t **out,
			 struct err *err)
{
	unsigned char digest[SHA256_BYTES];
	struct sha256 h;
	char hex[17];

	sha256_begin(&h);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sha256_add(&h, "\x1f", 1);
		sha256_add(&h, cells[i].p, cells[i].n);
	}
	sha256_end(&h, digest);
	hex_encode(hex, digest, 8);
	return done(json_string(hex), out, err);
}

/* Digits at the start of a text, at most four; answers their bytes. */
static size_t read_number(const char *p, int *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < 4 && p[i] >= '0' && p[i] <= '9'; i++)
		*out = *out * 10 + (p[i] - '0');
	return i;
}

/* Bounds ("不少于3%", "不超过10%/年") and alternatives are no percentage:
 * whoever reads the number alone would take a floor or a ceiling for a target.
 */
static enum rc as_percent(const struct csv_cell *cells, size_t n, json_t **out,
			  struct err *err)
{
	int v;
	size_t i = read_number(cells[0].p, &v);

	(void)n;
	*out = NULL;
	if (i == 0 || v > 100 ||
	    (strcmp(cells[0].p + i, "%") != 0 &&
	     strcmp(cells[0].p + i, "％") != 0))
		return RC_OK;
	return done(json_integer(v), out, err);
}

static size_t read_times(const char *p, int *out)
{
	static const char *const words[] = { "一", "二", "三", "四", "五", "六",
					     "七", "八", "九", "十", "两" };
	size_t i = read_number(p, out);

	for (size_t w = 0; i == 0 && w < sizeof(words) / sizeof(*words); w++) {
		if (strncmp(p, words[w], strlen(words[w])) != 0)
			continue;
		*out = w == 10 ? 2 : (int)w + 1;
		return strlen(words[w]);
	}
	return i;
}

static enum rc as_per_year(const struct csv_cell *cells, size_t n, json_t **out,
			   struct err *err)
{
	static const char each_year[] = "每年";
	const char *p = cells[0].p;
	bool in_front = strncmp(p, each_year, sizeof(each_year) - 1) == 0;
	size_t i;
	int v;

	(void)n;
	*out = NULL;
	if (in_front)
		p += sizeof(each_year) - 1;
	i = read_times(p, &v);
	if (i == 0 || strcmp(p + i, in_front ? "次" : "次/年") != 0)
		return RC_OK;
	return done(json_integer(v), out, err);
}

import_as_fn *import_as_find(const char *word)
{
	static const struct {
		const char *word;
		import_as_fn *as;
	} all[] = {
		{ "code16", as_code16 },
		{ "percent", as_percent },
		{ "per_year", as_per_year },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(word, all[i].word) == 0)
			return all[i].as;
	return NULL;
}

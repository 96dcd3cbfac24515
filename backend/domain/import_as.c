/* import_as.c - columns whose meaning is more than their text. */
#include "domain/import_map.h"

#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "domain/uscc.h"

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

/* A text that is no credit code gives nothing. Who has the code is for
 * import.c to ask. */
static enum rc as_uscc_id(const struct csv_cell *cells, size_t n, json_t **out,
			  struct err *err)
{
	char code[USCC_CHARS + 1];

	(void)n;
	*out = NULL;
	if (!uscc_normalise(code, cells[0].p, cells[0].n))
		return RC_OK;
	return done(json_string(code), out, err);
}

bool import_as_asks(import_as_fn *as)
{
	return as == as_uscc_id;
}

/* What a wording bounds; -1: not bounded on that side, or not read. */
struct bounds {
	int64_t min, max;
};

static const struct bounds unread = { -1, -1 };

static bool skip(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

static bool skip_any(const char **p, const char *const *words)
{
	for (; *words; words++)
		if (skip(p, *words))
			return true;
	return false;
}

/* Digits, at most four, or a Chinese numeral up to ten. */
static bool read_number(const char **p, int64_t *out)
{
	static const char *const words[] = { "一", "二", "三", "四", "五", "六",
					     "七", "八", "九", "十", "两" };
	int digits = 0;

	*out = 0;
	for (; digits < 4 && **p >= '0' && **p <= '9'; (*p)++, digits++)
		*out = *out * 10 + (**p - '0');
	for (size_t w = 0; digits == 0 && w < sizeof(words) / sizeof(*words);
	     w++) {
		if (!skip(p, words[w]))
			continue;
		*out = w == 10 ? 2 : (int64_t)w + 1;
		return true;
	}
	return digits > 0;
}

enum side { BOTH, FLOOR, CEILING };

/* Words that change nothing, then what makes the number a bound. */
static enum side read_side(const char **p)
{
	static const char *const lead[] = { "根据实际需要，",
					    "根据实际工作需要，",
					    "抽查比例",
					    "市局",
					    "一般",
					    " ",
					    NULL };
	static const char *const floors[] = { "不少于", "不低于", NULL };
	static const char *const ceilings[] = { "不超过总数的", "不超过",
						"不高于", NULL };
	enum side side = BOTH;

	while (skip_any(p, lead))
		;
	if (skip_any(p, floors))
		side = FLOOR;
	else if (skip_any(p, ceilings))
		side = CEILING;
	(void)skip(p, " ");
	return side;
}

static struct bounds bound(enum side side, int64_t low, int64_t high)
{
	return (struct bounds){ side == CEILING ? -1 : low,
				side == FLOOR ? -1 : high };
}

/* "10%", "不少于2‰", "不超过10%/年" in basis points. Whatever says more
 * ("不低于3%或按专项计划确定") is not read: a person must. */
static struct bounds read_ratio(const char *p)
{
	enum side side = read_side(&p);
	int64_t v;

	if (!read_number(&p, &v))
		return unread;
	if (skip(&p, "%") || skip(&p, "％"))
		v *= 100;
	else if (skip(&p, "‰"))
		v *= 10;
	else
		return unread;
	(void)skip(&p, "/年");
	(void)skip(&p, "。");
	return *p || v > 10000 ? unread : bound(side, v, v);
}

/* "对同一单位，同一年度内不超过2次", "每年度抽查不超过2次": to what follows the
 * words for a calendar year, whoever is named before them. */
static bool skip_to_year(const char **p)
{
	static const char *const years[] = { "同一年度内", "每年度抽查",
					     "每年度", NULL };

	for (int i = 0; years[i]; i++) {
		const char *at = strncmp(*p, "对", strlen("对"))
					 ? *p
					 : strstr(*p, years[i]);

		if (at && skip(&at, years[i])) {
			*p = at;
			return true;
		}
	}
	return false;
}

/* "1次/年", "每年不少于1次", "1—2次/年": checks a year. */
static struct bounds read_times(const char *p)
{
	static const char *const dash[] = { "—", "-", "至", NULL };
	bool yearly = false;
	int64_t low, high;
	enum side side;

	while (skip(&p, "根据实际需要，") || skip(&p, "根据实际工作需要，"))
		;
	yearly = skip_to_year(&p) || skip(&p, "每年");
	side = read_side(&p);
	if (!read_number(&p, &low))
		return unread;
	high = low;
	if (skip_any(&p, dash) && (!read_number(&p, &high) || high < low))
		return unread;
	if (!skip(&p, "次"))
		return unread;
	if (!yearly)
		yearly = skip(&p, "/年");
	(void)skip(&p, "。");
	return *p || !yearly ? unread : bound(side, low, high);
}

static enum rc number(int64_t v, json_t **out, struct err *err)
{
	*out = NULL;
	return v < 0 ? RC_OK : done(json_integer(v), out, err);
}

static enum rc as_ratio_min(const struct csv_cell *cells, size_t n,
			    json_t **out, struct err *err)
{
	(void)n;
	return number(read_ratio(cells[0].p).min, out, err);
}

static enum rc as_ratio_max(const struct csv_cell *cells, size_t n,
			    json_t **out, struct err *err)
{
	(void)n;
	return number(read_ratio(cells[0].p).max, out, err);
}

static enum rc as_times_min(const struct csv_cell *cells, size_t n,
			    json_t **out, struct err *err)
{
	(void)n;
	return number(read_times(cells[0].p).min, out, err);
}

static enum rc as_times_max(const struct csv_cell *cells, size_t n,
			    json_t **out, struct err *err)
{
	(void)n;
	return number(read_times(cells[0].p).max, out, err);
}

const struct entry_remark *import_as_remark(import_as_fn *as, const char *text,
					    bool *earned)
{
	static const struct entry_remark ratio = { "ratio_unread",
						   "ratios no rule reads" };
	static const struct entry_remark times = {
		"frequency_unread", "frequencies no rule reads"
	};
	struct bounds b = unread;

	if (as == as_ratio_min)
		b = read_ratio(text);
	else if (as == as_times_min)
		b = read_times(text);
	*earned = *text && b.min < 0 && b.max < 0;
	return as == as_ratio_min ? &ratio : as == as_times_min ? &times : NULL;
}

import_as_fn *import_as_find(const char *word)
{
	static const struct {
		const char *word;
		import_as_fn *as;
	} all[] = {
		{ "code16", as_code16 },       { "ratio_min", as_ratio_min },
		{ "ratio_max", as_ratio_max }, { "times_min", as_times_min },
		{ "times_max", as_times_max }, { "uscc_id", as_uscc_id },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(word, all[i].word) == 0)
			return all[i].as;
	return NULL;
}

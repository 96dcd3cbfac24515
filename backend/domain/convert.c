/* domain/convert.c - text to values, by the field's type. */
#include "domain/convert.h"

#include "base/date.h"
#include "base/jcs.h"

#define DEGREE INT64_C(10000000)

struct piece {
	const char *p;
	size_t n;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct piece trim(const char *p, size_t n)
{
	while (n > 0 && is_space(*p)) {
		p++;
		n--;
	}
	while (n > 0 && is_space(p[n - 1]))
		n--;
	return (struct piece){ p, n };
}

static bool piece_is(struct piece t, const char *word)
{
	return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

static bool drop_end(struct piece *t, const char *end)
{
	size_t n = strlen(end);

	if (t->n < n || memcmp(t->p + t->n - n, end, n) != 0)
		return false;
	*t = trim(t->p, t->n - n);
	return true;
}

static enum rc refuse(const struct field *f, struct piece t, const char *want,
		      struct err *err)
{
	return err_set(err, RC_INVALID, "field '%s': '%.*s' is not %s", f->name,
		       (int)(t.n < 60 ? t.n : 60), t.p, want);
}

/* [-]digits[.digits] as an integer of 10^-places, rounded half away from zero:
 * devices write more decimals than they can see. */
static bool read_decimal(struct piece t, int places, bool *has_point,
			 int64_t *out)
{
	bool minus = t.n > 0 && t.p[0] == '-';
	size_t i = minus, first = i;
	int64_t v = 0;
	int seen = -1; /* decimals so far, -1 before the point */
	bool up = false;

	for (; i < t.n; i++) {
		char c = t.p[i];

		if (c == '.' && seen < 0 && i > first) {
			seen = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		if (seen == places) {
			up = c >= '5';
			seen++;
		}
		if (seen > places)
			continue;
		v = v * 10 + (c - '0');
		seen += seen >= 0;
		if (v > JSON_INT_MAX)
			return false;
	}
	if (i == first || t.p[i - 1] == '.')
		return false;
	*has_point = seen >= 0;
	for (seen = seen < 0 ? 0 : seen; seen < places; seen++) {
		v *= 10;
		if (v > JSON_INT_MAX)
			return false;
	}
	v += up;
	*out = minus ? -v : v;
	return v <= JSON_INT_MAX;
}

static bool read_int(struct piece t, int64_t *out)
{
	bool has_point;

	return read_decimal(t, 0, &has_point, out) && !has_point;
}

static bool read_bool(struct piece t, bool *out)
{
	static const char *const yes[] = { "true", "1", "yes", "是" };
	static const char *const no[] = { "false", "0", "no", "否" };

	for (size_t i = 0; i < 4; i++) {
		*out = piece_is(t, yes[i]);
		if (*out || piece_is(t, no[i]))
			return true;
	}
	return false;
}

/* The first ten bytes as "YYYY-MM-DD"; answers how many bytes it stood in, 0
 * for none. */
static size_t read_day(struct piece t, char day[11], int64_t *days)
{
	if (t.n == 8) {
		memcpy(day, t.p, 4);
		memcpy(day + 5, t.p + 4, 2);
		memcpy(day + 8, t.p + 6, 2);
		day[4] = day[7] = '-';
	} else if (t.n >= 10) {
		memcpy(day, t.p, 10);
		if (day[4] == '/' && day[7] == '/')
			day[4] = day[7] = '-';
	} else {
		return 0;
	}
	day[10] = '\0';
	if (!date_parse(day, days))
		return 0;
	return t.n == 8 ? 8 : 10;
}

static int two(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return 99;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* Z, +08:00 or -05:30 as milliseconds east of UTC. */
static bool read_zone(struct piece t, int64_t *east_ms)
{
	*east_ms = 0;
	if (t.n == 1)
		return t.p[0] == 'Z';
	if (t.n != 6 || t.p[3] != ':' || (t.p[0] != '+' && t.p[0] != '-') ||
	    two(t.p + 1) > 14 || two(t.p + 4) > 59)
		return false;
	*east_ms = (two(t.p + 1) * 60 + two(t.p + 4)) * INT64_C(60000) *
		   (t.p[0] == '-' ? -1 : 1);
	return true;
}

/* hh:mm:ss[.fraction] and a zone. */
static bool read_clock(struct piece t, int64_t *ms, int64_t *east_ms)
{
	int64_t scale = 100;

	if (t.n < 9 || two(t.p) > 23 || t.p[2] != ':' || two(t.p + 3) > 59 ||
	    t.p[5] != ':' || two(t.p + 6) > 59)
		return false;
	*ms = ((two(t.p) * 60 + two(t.p + 3)) * 60 + two(t.p + 6)) *
	      INT64_C(1000);
	t.p += 8;
	t.n -= 8;
	if (t.p[0] == '.') {
		size_t i = 1;

		for (; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++) {
			*ms += (t.p[i] - '0') * scale;
			scale /= 10;
		}
		if (i == 1)
			return false;
		t.p += i;
		t.n -= i;
	}
	return read_zone(t, east_ms);
}

static bool read_moment(struct piece t, int64_t *out)
{
	int64_t days, ms, east_ms;
	char day[11];

	if (read_int(t, out))
		return true;
	if (t.n < 11 || read_day(t, day, &days) != 10 ||
	    (t.p[10] != 'T' && t.p[10] != ' ') ||
	    !read_clock((struct piece){ t.p + 11, t.n - 11 }, &ms, &east_ms))
		return false;
	*out = days * INT64_C(86400000) + ms - east_ms;
	return true;
}

static enum rc convert_date(const struct field *f, struct piece t, json_t **out,
			    struct err *err)
{
	int64_t days, ms, east_ms;
	char day[11];
	size_t n = read_day(t, day, &days);

	/* The day as it is written: no zone moves an inspection to another. */
	if (n == 0 ||
	    (n < t.n && ((t.p[n] != 'T' && t.p[n] != ' ') ||
			 !read_clock((struct piece){ t.p + n + 1, t.n - n - 1 },
				     &ms, &east_ms))))
		return refuse(f, t, "a date like 2026-11-22", err);
	*out = json_string(day);
	return RC_OK;
}

static enum rc convert_money(const struct field *f, struct piece t,
			     json_t **out, struct err *err)
{
	struct piece digits = t;
	bool has_point;
	int64_t fen;

	if (!drop_end(&digits, "元"))
		(void)drop_end(&digits, "yuan");
	if (!read_decimal(digits, 2, &has_point, &fen))
		return refuse(f, t, "an amount in yuan like 12.50", err);
	*out = json_integer(fen);
	return RC_OK;
}

static enum rc convert_coordinate(const struct field *f, struct piece t,
				  json_t **out, struct err *err)
{
	bool is_latitude = strcmp(f->name, "latitude") == 0;
	int64_t max = (is_latitude ? 90 : 180) * DEGREE, v;
	bool has_point;

	if (!read_decimal(t, 7, &has_point, &v) || v > max || v < -max)
		return refuse(f, t,
			      is_latitude ? "degrees from -90 to 90"
					  : "degrees from -180 to 180",
			      err);
	*out = json_integer(v);
	return RC_OK;
}

/* Sorted as canonical bytes want it: insertion, since sets are short, but not
 * quadratic in what a file can bring (`max` of a set is checked later, so the
 * members are bounded here). */
#define SET_MEMBERS_MAX 4000

static enum rc set_insert(const struct field *f, json_t *set, const char *p,
			  size_t n, struct err *err)
{
	json_t *member = json_stringn(p, n);
	size_t low = 0, high = json_array_size(set);

	if (!member || high >= SET_MEMBERS_MAX) {
		json_decref(member);
		return refuse(f, (struct piece){ p, n }, "a member", err);
	}
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(json_string_value(json_array_get(set, mid)),
			       json_string_value(member));

		if (c == 0) {
			json_decref(member);
			return RC_OK;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (json_array_insert_new(set, low, member) != 0)
		return err_set(err, RC_NOMEM, "no memory for a set");
	return RC_OK;
}

static enum rc set_of_list(const struct field *f, struct piece t,
			   const json_t *list, json_t *set, struct err *err)
{
	if (!json_is_array(list))
		return refuse(f, t, "a list of texts", err);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *member = json_array_get(list, i);
		enum rc rc;

		if (!json_is_string(member))
			return refuse(f, t, "a list of texts", err);
		rc = set_insert(f, set, json_string_value(member),
				json_string_length(member), err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc set_of_words(const struct field *f, struct piece t, json_t *set,
			    struct err *err)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && t.n > 0) {
		const char *end = memchr(t.p, ';', t.n);
		size_t n = end ? (size_t)(end - t.p) : t.n;
		struct piece word = trim(t.p, n);

		if (word.n > 0)
			rc = set_insert(f, set, word.p, word.n, err);
		n += end != NULL;
		t.p += n;
		t.n -= n;
	}
	return rc;
}

static enum rc convert_json(const struct field *f, struct piece t, json_t **out,
			    struct err *err)
{
	struct err why = { 0 };

	if (json_read(t.p, t.n, out, &why) != RC_OK ||
	    !(json_is_object(*out) || json_is_array(*out))) {
		json_decref(*out);
		*out = NULL;
		return refuse(f, t, "a JSON object or list", err);
	}
	return RC_OK;
}

static enum rc convert_set(const struct field *f, struct piece t, json_t **out,
			   struct err *err)
{
	json_t *list = NULL, *set = json_array();
	enum rc rc = RC_OK;

	if (t.p[0] == '[')
		rc = convert_json(f, t, &list, err);
	if (rc == RC_OK)
		rc = list ? set_of_list(f, t, list, set, err)
			  : set_of_words(f, t, set, err);
	json_decref(list);
	if (rc == RC_OK)
		*out = json_incref(set);
	json_decref(set);
	return rc;
}

static enum rc convert_typed(const struct field *f, struct piece t,
			     json_t **out, struct err *err)
{
	int64_t v;
	bool yes;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_REF:
		*out = json_stringn(t.p, t.n);
		return *out ? RC_OK : refuse(f, t, "UTF-8", err);
	case FIELD_INT:
		if (!read_int(t, &v))
			return refuse(f, t, "an integer", err);
		*out = json_integer(v);
		return RC_OK;
	case FIELD_BOOL:
		if (!read_bool(t, &yes))
			return refuse(f, t, "true or false", err);
		*out = json_boolean(yes);
		return RC_OK;
	case FIELD_TIME:
		if (!read_moment(t, &v))
			return refuse(f, t, "a time like 2026-11-22T08:30:00Z",
				      err);
		*out = json_integer(v);
		return RC_OK;
	case FIELD_DATE: return convert_date(f, t, out, err);
	case FIELD_MONEY: return convert_money(f, t, out, err);
	case FIELD_COORDINATE: return convert_coordinate(f, t, out, err);
	case FIELD_SET: return convert_set(f, t, out, err);
	case FIELD_JSON: return convert_json(f, t, out, err);
	case FIELD__MAX: break;
	}
	return err_set(err, RC_INVALID,
		       "field '%s' has a type of a later version", f->name);
}

enum rc convert_value(const struct field *f, const char *text, json_t **out,
		      struct err *err)
{
	struct piece t = trim(text, strlen(text));
	enum rc rc;

	*out = NULL;
	if (t.n == 0)
		return RC_OK;
	rc = convert_typed(f, t, out, err);
	if (rc == RC_OK && !*out)
		rc = err_set(err, RC_NOMEM, "no memory for field '%s'",
			     f->name);
	return rc;
}

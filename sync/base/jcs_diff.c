/* jcs_diff.c - what two canonical objects differ in, found on their bytes: one
 * value has one canonical form, so equal bytes are equal values, and members
 * stand in the order of their keys. Parsing both whole costs ten times more. */
#include "base/jcs.h"

#include <string.h>

/* One member at the cursor: key with its quotes, value behind the colon. */
struct cursor {
	const char *p, *end;
	const char *key, *value;
	size_t key_bytes, value_bytes;
};

static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* Behind the value that begins at p; NULL when it has no end. */
static const char *value_end(const char *p, const char *end)
{
	int depth = 0;

	while (p && p < end) {
		if (*p == '"') {
			p = string_end(p, end);
			if (depth == 0)
				return p;
			continue;
		}
		if (depth == 0 && (*p == ',' || *p == '}'))
			return p;
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
		if (depth == 0 && (p[-1] == '}' || p[-1] == ']'))
			return p;
	}
	return NULL;
}

/* The next member; false at the object's end. `p` is NULL when the text is no
 * object. */
static bool cursor_next(struct cursor *c)
{
	const char *p = c->p;

	c->p = c->key = NULL;
	if (!p || p >= c->end)
		return false;
	if (*p == '}') {
		c->p = p + 1 == c->end ? p : NULL;
		return false;
	}
	if ((*p != '{' && *p != ',') || ++p >= c->end)
		return false;
	if (*p == '}' && p[-1] == '{') {
		c->p = p + 1 == c->end ? p : NULL;
		return false;
	}
	if (*p != '"')
		return false;
	c->key = p;
	p = string_end(p, c->end);
	if (!p || p >= c->end || *p != ':') {
		c->key = NULL;
		return false;
	}
	c->key_bytes = (size_t)(p - c->key);
	c->value = p + 1;
	p = value_end(c->value, c->end);
	if (!p)
		c->key = NULL;
	else
		c->value_bytes = (size_t)(p - c->value);
	c->p = p;
	return c->key != NULL;
}

static void member_put(struct buf *out, const struct cursor *c)
{
	buf_byte(out, out->len > 1 ? ',' : '{');
	buf_put(out, c->key, c->key_bytes);
	buf_byte(out, ':');
	buf_put(out, c->value, c->value_bytes);
}

/* Keys are ASCII without escapes, in the order of their bytes; the quote that
 * ends one sorts before all that a name may hold. */
static int key_order(const struct cursor *a, const struct cursor *b)
{
	size_t n = a->key_bytes < b->key_bytes ? a->key_bytes : b->key_bytes;
	int d;

	if (!a->key || !b->key)
		return !a->key - !b->key;
	d = memcmp(a->key, b->key, n);
	return d ? d : (a->key_bytes > n) - (b->key_bytes > n);
}

bool jcs_member(const char *text, size_t n, const char *key, char *out,
		size_t size)
{
	struct cursor c = { .p = text, .end = text + n };
	size_t len = strlen(key);

	while (cursor_next(&c)) {
		if (c.key_bytes != len + 2 || memcmp(c.key + 1, key, len) != 0)
			continue;
		if (*c.value != '"' || c.value_bytes - 2 >= size ||
		    memchr(c.value, '\\', c.value_bytes))
			return false;
		memcpy(out, c.value + 1, c.value_bytes - 2);
		out[c.value_bytes - 2] = '\0';
		return true;
	}
	return false;
}

static void close_object(struct buf *out)
{
	if (out->len == 0)
		buf_byte(out, '{');
	buf_byte(out, '}');
}

enum rc jcs_differ(struct buf *only_a, struct buf *only_b, const char *a,
		   size_t na, const char *b, size_t nb, struct err *err)
{
	struct cursor x = { .p = a, .end = a + na },
		      y = { .p = b, .end = b + nb };
	enum rc rc;

	buf_reset(only_a);
	buf_reset(only_b);
	cursor_next(&x);
	cursor_next(&y);
	while (x.key || y.key) {
		int d = key_order(&x, &y);

		if (d < 0)
			member_put(only_a, &x);
		else if (d > 0)
			member_put(only_b, &y);
		else if (x.value_bytes != y.value_bytes ||
			 memcmp(x.value, y.value, x.value_bytes) != 0) {
			member_put(only_a, &x);
			member_put(only_b, &y);
		}
		if (d <= 0)
			cursor_next(&x);
		if (d >= 0)
			cursor_next(&y);
	}
	if (!x.p || !y.p)
		return err_set(err, RC_CORRUPT, "a record is no object");
	close_object(only_a);
	close_object(only_b);
	rc = buf_status(only_a, err);
	return rc == RC_OK ? buf_status(only_b, err) : rc;
}

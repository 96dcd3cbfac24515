#include "base/jcs.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/hex.h"
#include "base/plain.h"

/* Objects up to this size are sorted on the stack: 64 levels of 32 members of
 * 24 bytes are 48 KiB at worst. */
#define MEMBERS_ON_STACK 32

/* Depth of brackets outside strings; the parser behind it recurses. */
static bool is_shallow(const char *text, size_t n)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return true;
}

enum rc json_read(const char *text, size_t n, json_t **out, struct err *err)
{
	json_error_t why;

	*out = NULL;
	if (n > JSON_BYTES_MAX)
		return err_set(err, RC_NOMEM, "json of more than %u bytes",
			       JSON_BYTES_MAX);
	if (!utf8_is_valid(text, n))
		return err_set(err, RC_INVALID,
			       "json is not utf-8, or has a nul");
	if (!is_shallow(text, n))
		return err_set(err, RC_INVALID, "json nests deeper than %d",
			       JSON_DEPTH_MAX);
	*out = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
			  &why);
	if (*out)
		return RC_OK;
	if (json_error_code(&why) == json_error_out_of_memory)
		return err_set(err, RC_NOMEM, "no memory to parse json");
	return err_set(err, RC_INVALID, "json line %d: %s", why.line, why.text);
}

static void jcs_characters(struct buf *out, const char *s, size_t n)
{
	static const char letter[32] = { ['\b'] = 'b',
					 ['\t'] = 't',
					 ['\n'] = 'n',
					 ['\f'] = 'f',
					 ['\r'] = 'r' };
	static const char digit[] = "0123456789abcdef";
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char escape[6] = { '\\', (char)c };
		size_t escape_bytes = 2;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		if (c < 0x20 && letter[c]) {
			escape[1] = letter[c];
		} else if (c < 0x20) {
			memcpy(escape + 1, "u00", 3);
			escape[4] = digit[c >> 4];
			escape[5] = digit[c & 15];
			escape_bytes = 6;
		}
		buf_put(out, s + from, i - from);
		buf_put(out, escape, escape_bytes);
		from = i + 1;
	}
	buf_put(out, s + from, n - from);
}

void jcs_string(struct buf *out, const char *s, size_t n)
{
	buf_byte(out, '"');
	jcs_characters(out, s, n);
	buf_byte(out, '"');
}

struct member {
	const char *key;
	size_t key_bytes;
	const json_t *value;
};

/* One walk writes both forms. */
struct writer {
	struct buf *out;
	bool is_canonical;
	int depth;
	struct err *err;
};

static enum rc write_value(struct writer *w, const json_t *value);

/* jansson's iterators want a json_t that is not const, and change nothing. */
static json_t *unconst(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

static bool is_printable_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

/* Keys were checked to have no NUL. */
static int member_compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static enum rc members_load(struct writer *w, const json_t *object,
			    struct member *members)
{
	json_t *o = unconst(object);
	size_t n = 0;
	bool sorted = true;

	for (void *i = json_object_iter(o); i;
	     i = json_object_iter_next(o, i), n++) {
		struct member *m = &members[n];

		m->key = json_object_iter_key(i);
		m->key_bytes = json_object_iter_key_len(i);
		m->value = json_object_iter_value(i);
		if (w->is_canonical &&
		    !is_printable_ascii(m->key, m->key_bytes))
			return err_set(w->err, RC_INVALID,
				       "key '%s' is not printable ascii",
				       m->key);
		if (!w->is_canonical && !utf8_is_valid(m->key, m->key_bytes))
			return err_set(w->err, RC_INVALID,
				       "a key is not utf-8, or has a nul");
		if (n > 0 && member_compare(m - 1, m) > 0)
			sorted = false;
	}
	if (w->is_canonical && !sorted)
		qsort(members, n, sizeof(*members), member_compare);
	return RC_OK;
}

static enum rc write_object(struct writer *w, const json_t *object)
{
	struct member few[MEMBERS_ON_STACK], *members = few;
	size_t n = json_object_size(object);
	enum rc rc;

	if (n > MEMBERS_ON_STACK)
		members = fault_hit(FAULT_ALLOC) ? NULL
						 : calloc(n, sizeof(*members));
	if (!members)
		return err_set(w->err, RC_NOMEM, "no memory for %zu members",
			       n);
	rc = members_load(w, object, members);
	buf_byte(w->out, '{');
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (i > 0)
			buf_byte(w->out, ',');
		jcs_string(w->out, members[i].key, members[i].key_bytes);
		buf_byte(w->out, ':');
		rc = write_value(w, members[i].value);
	}
	buf_byte(w->out, '}');
	if (members != few)
		free(members);
	return rc;
}

static enum rc write_array(struct writer *w, const json_t *array)
{
	size_t n = json_array_size(array);
	enum rc rc = RC_OK;

	buf_byte(w->out, '[');
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (i > 0)
			buf_byte(w->out, ',');
		rc = write_value(w, json_array_get(array, i));
	}
	buf_byte(w->out, ']');
	return rc;
}

/* As jcs_string, and what no screen shows as what it is escaped as well: the
 * value is the same, and whoever looks at it is not deceived. */
static void string_shown(struct buf *out, const char *s, size_t n)
{
	size_t at = 0, from = 0, bytes;
	uint32_t code;

	buf_byte(out, '"');
	for (; at < n; at += bytes ? bytes : 1) {
		bytes = plain_odd(s + at, &code);
		if (!bytes || code < 0x20)
			continue;
		jcs_characters(out, s + from, at - from);
		buf_printf(out, "\\u%04x", (unsigned)code);
		from = at + bytes;
	}
	jcs_characters(out, s + from, n - from);
	buf_byte(out, '"');
}

static enum rc write_string(struct writer *w, const json_t *string)
{
	const char *s = json_string_value(string);
	size_t n = json_string_length(string);

	if (!utf8_is_valid(s, n))
		return err_set(w->err, RC_INVALID,
			       "a string is not utf-8, or has a nul");
	if (w->is_canonical)
		jcs_string(w->out, s, n);
	else
		string_shown(w->out, s, n);
	return RC_OK;
}

static enum rc write_integer(struct writer *w, const json_t *integer)
{
	json_int_t v = json_integer_value(integer);

	if (w->is_canonical && (v > JSON_INT_MAX || v < -JSON_INT_MAX))
		return err_set(w->err, RC_INVALID,
			       "integer '%" JSON_INTEGER_FORMAT
			       "' is beyond 2^53-1",
			       v);
	buf_int(w->out, v);
	return RC_OK;
}

static enum rc write_real(struct writer *w, const json_t *real)
{
	char text[64];
	size_t n;

	if (w->is_canonical)
		return err_set(w->err, RC_INVALID,
			       "a float has no canonical "
			       "form");
	n = json_dumpb(real, text, sizeof(text), JSON_ENCODE_ANY);
	if (n == 0 || n > sizeof(text))
		return err_set(w->err, RC_INVALID, "a float cannot be written");
	buf_put(w->out, text, n);
	return RC_OK;
}

static enum rc write_null(struct writer *w)
{
	if (w->is_canonical)
		return err_set(w->err, RC_INVALID,
			       "a null has no canonical "
			       "form: leave it out");
	buf_put(w->out, "null", 4);
	return RC_OK;
}

static enum rc write_nested(struct writer *w, const json_t *value)
{
	enum rc rc;

	if (w->depth == JSON_DEPTH_MAX)
		return err_set(w->err, RC_INVALID, "json nests deeper than %d",
			       JSON_DEPTH_MAX);
	/* What is over the limit already need not be walked to its end. */
	rc = buf_status(w->out, w->err);
	if (rc != RC_OK)
		return rc;
	w->depth++;
	rc = json_is_object(value) ? write_object(w, value)
				   : write_array(w, value);
	w->depth--;
	return rc;
}

static enum rc write_value(struct writer *w, const json_t *value)
{
	if (!value)
		return err_set(w->err, RC_INVALID, "no json value");
	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY: return write_nested(w, value);
	case JSON_STRING: return write_string(w, value);
	case JSON_INTEGER: return write_integer(w, value);
	case JSON_REAL: return write_real(w, value);
	case JSON_TRUE: buf_put(w->out, "true", 4); return RC_OK;
	case JSON_FALSE: buf_put(w->out, "false", 5); return RC_OK;
	case JSON_NULL: break;
	}
	return write_null(w);
}

enum rc jcs_write(struct buf *out, const json_t *value, struct err *err)
{
	struct writer w = { .out = out, .is_canonical = true, .err = err };
	enum rc rc = write_value(&w, value);

	return rc == RC_OK ? buf_status(out, err) : rc;
}

enum rc json_write(struct buf *out, const json_t *value, struct err *err)
{
	struct writer w = { .out = out, .is_canonical = false, .err = err };
	enum rc rc = write_value(&w, value);

	return rc == RC_OK ? buf_status(out, err) : rc;
}

enum rc jcs_read(const char *text, size_t n, json_t **out, struct err *err)
{
	struct err why = { 0 };
	struct buf again;
	enum rc rc;

	/* The canonical form is never longer than another form of the value,
	 * so passing this limit means running out of memory. */
	buf_init(&again, n);
	rc = json_read(text, n, out, &why);
	if (rc == RC_OK)
		rc = jcs_write(&again, *out, &why);
	if (rc == RC_INVALID)
		rc = err_set(err, RC_CORRUPT, "not canonical: %s", why.text);
	else if (rc != RC_OK)
		rc = err_set(err, rc, "%s", why.text);
	else if (again.len != n || memcmp(again.data, text, n) != 0)
		rc = err_set(err, RC_CORRUPT, "json is not in canonical form");
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	buf_release(&again);
	return rc;
}

const char *json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

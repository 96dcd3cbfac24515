/* search/fold.c - folding by ranges of Unicode, grams by characters. */
#include "search/fold.h"

#include <stdint.h>
#include <string.h>

/* Private use: in no text, since it is folded away. */
static const char *const marks_of[] = { [GRAM_ANY] = "",
					[GRAM_NAME] = "\xee\x80\x80",
					[GRAM_START] = "\xee\x80\x81" };

static size_t char_bytes(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool is_ascii(const char *s)
{
	return (unsigned char)*s < 0x80;
}

/* One character; 0 at the end, 0xfffd for a byte that begins none. */
static uint32_t char_take(const char **text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*text;
	size_t n = *p < 0x80 ? 1 : char_bytes(*text);
	uint32_t c = *p;

	if (c == 0)
		return 0;
	(*text)++;
	if (n == 1)
		return c;
	if (c < 0xc2 || c > 0xf4)
		return 0xfffd;
	c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n])
		return 0xfffd;
	*text += n - 1;
	return c;
}

static void char_put(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_byte(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_byte(out, (char)(0xe0 | c >> 12));
		buf_byte(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_byte(out, (char)(0xf0 | c >> 18));
		buf_byte(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_byte(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_byte(out, (char)(0x80 | (c & 0x3f)));
}

/* Upper to lower case where whole ranges move by one number. */
static uint32_t lower(uint32_t c)
{
	static const struct {
		uint32_t from, to, step;
	} moved[] = {
		{ 'A', 'Z', 32 },       { 0xc0, 0xd6, 32 },
		{ 0xd8, 0xde, 32 },     { 0x391, 0x3a9, 32 },
		{ 0x400, 0x40f, 80 },   { 0x410, 0x42f, 32 },
		{ 0x2160, 0x216f, 16 },
	};

	if (c >= 0xff01 && c <= 0xff5e) /* full width */
		c -= 0xfee0;
	if (c == 0x3000)
		c = ' ';
	for (size_t i = 0; i < sizeof(moved) / sizeof(*moved); i++)
		if (c >= moved[i].from && c <= moved[i].to)
			return c + moved[i].step;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c % 2 ? c + 1 : c;
	return c;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 ||
	       (c >= 0x2000 && c <= 0x200b) || c == 0x2028 || c == 0x2029;
}

/* Does it divide nothing and say nothing? */
static bool is_mark(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} marks[] = {
		{ 0, 0x2f },          { 0x3a, 0x40 },
		{ 0x5b, 0x60 },       { 0x7b, 0xa9 },
		{ 0xab, 0xb4 },       { 0xb6, 0xb9 },
		{ 0xbb, 0xbf },       { 0xd7, 0xd7 },
		{ 0xf7, 0xf7 },       { 0x300, 0x36f },
		{ 0x2000, 0x206f },   { 0x2190, 0x23ff },
		{ 0x2500, 0x27bf },   { 0x3000, 0x3004 },
		{ 0x3008, 0x3020 },   { 0x30fb, 0x30fb },
		{ 0xd800, 0xf8ff },   { 0xfe00, 0xfe6f },
		{ 0xff5f, 0xff65 },   { 0xfff0, 0xffff },
		{ 0x1f000, 0x1faff }, { 0xe0000, 0xffffffff },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (c >= marks[i].from && c <= marks[i].to)
			return true;
	return false;
}

void fold(struct buf *out, const char *text)
{
	bool after_ascii = false, is_divided = false;
	uint32_t c;

	while ((c = char_take(&text)) != 0) {
		c = lower(c);
		if (is_space(c)) {
			is_divided = true;
			continue;
		}
		if (is_mark(c))
			continue;
		if (is_divided && after_ascii && c < 0x80)
			buf_byte(out, ' ');
		char_put(out, c);
		after_ascii = c < 0x80;
		is_divided = false;
	}
}

/* Bytes of n characters, or of as many as there are before a space or the end;
 * *have says how many. */
static size_t span(const char *s, int n, int *have)
{
	size_t bytes = 0;

	for (*have = 0;
	     *have < n && s[bytes] && s[bytes] != ' ' && s[bytes] != '\n';
	     (*have)++)
		bytes += char_bytes(s + bytes);
	return bytes;
}

static int longest(const char *s)
{
	return is_ascii(s) ? 3 : 2;
}

void grams(struct buf *out, const char *s, enum gram_of of)
{
	int have;

	for (; *s; s += char_bytes(s)) {
		int most = of == GRAM_START ? 2 : longest(s);

		for (int n = 1; n <= most; n++) {
			size_t bytes = span(s, n, &have);

			if (have < n)
				break;
			buf_byte(out, ' ');
			buf_puts(out, marks_of[of]);
			buf_put(out, s, bytes);
		}
		if (of == GRAM_START)
			break;
	}
}

static void term_put(struct buf *out, enum gram_of of, const char *s,
		     size_t bytes)
{
	buf_byte(out, ' ');
	buf_puts(out, marks_of[of]);
	buf_put(out, s, bytes);
}

void grams_of_word(struct buf *out, const char *word, enum gram_of of)
{
	const char *covered = word;
	enum gram_of rest = of == GRAM_START ? GRAM_NAME : of;
	size_t bytes;
	int have;

	if (of == GRAM_START)
		term_put(out, of, word, span(word, 2, &have));
	/* The longest of each character; the last ones are in those before. */
	for (const char *s = word; *s; s += char_bytes(s)) {
		bytes = span(s, longest(s), &have);
		if (s + bytes > covered)
			term_put(out, rest, s, bytes);
		if (s + bytes > covered)
			covered = s + bytes;
	}
}

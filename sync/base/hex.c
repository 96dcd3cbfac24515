#include "base/hex.h"

#include <stdint.h>
#include <string.h>

#include "base/date.h"

void hex_encode(char *out, const void *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *in = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = digit[in[i] >> 4];
		*out++ = digit[in[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool hex_decode(void *out, size_t n, const char *text, size_t text_len)
{
	unsigned char *to = out;

	if (text_len % 2 != 0 || text_len / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void base64_encode(char *out, const void *p, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = p;

	for (; n >= 3; n -= 3, in += 3) {
		*out++ = digit[in[0] >> 2];
		*out++ = digit[(in[0] & 3) << 4 | in[1] >> 4];
		*out++ = digit[(in[1] & 15) << 2 | in[2] >> 6];
		*out++ = digit[in[2] & 63];
	}
	if (n > 0) {
		unsigned second = n == 2 ? in[1] : 0;

		*out++ = digit[in[0] >> 2];
		*out++ = digit[(in[0] & 3) << 4 | second >> 4];
		*out++ = '=';
		if (n == 2)
			out[-1] = digit[(second & 15) << 2];
		*out++ = '=';
	}
	*out = '\0';
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(void *out, size_t *len, const char *text, size_t text_len)
{
	unsigned char *to = out;
	size_t pad = 0, room = *len;
	uint32_t bits = 0;

	*len = 0;
	if (text_len % 4 != 0)
		return false;
	while (pad < 2 && pad < text_len && text[text_len - 1 - pad] == '=')
		pad++;
	if (text_len / 4 * 3 - pad > room)
		return false;
	for (size_t i = 0; i < text_len - pad; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		*to++ = (unsigned char)(bits >> 16);
		*to++ = (unsigned char)(bits >> 8);
		*to++ = (unsigned char)bits;
		bits = 0;
	}
	/* Stray bits would let two texts stand for the same bytes. */
	if (pad == 1) {
		if (bits & 3)
			return false;
		*to++ = (unsigned char)(bits >> 10);
		*to++ = (unsigned char)(bits >> 2);
	} else if (pad == 2) {
		if (bits & 15)
			return false;
		*to++ = (unsigned char)(bits >> 4);
	}
	*len = text_len / 4 * 3 - pad;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

bool name_is_id(const char *s)
{
	size_t n = 0;

	while (n <= 32 && (is_lower(s[n]) || is_digit(s[n])))
		n++;
	return n >= 1 && n <= 32 && s[n] == '\0';
}

bool name_is_field(const char *s)
{
	static const char *const reserved[] = { "hufu_", "old_", "main_" };
	size_t n = 1;

	if (!is_lower(s[0]))
		return false;
	while (n <= 31 && (is_lower(s[n]) || is_digit(s[n]) || s[n] == '_'))
		n++;
	if (n > 31 || s[n] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strncmp(s, reserved[i], strlen(reserved[i])) == 0)
			return false;
	return true;
}

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(s[i]))
			return false;
	return s[n] == '\0';
}

bool name_is_scope(const char *s)
{
	return is_digits(s, 6) || strcmp(s, "catalog") == 0;
}

bool name_is_town(const char *s)
{
	return is_digits(s, 3);
}

bool name_is_date(const char *s)
{
	int64_t days;

	return date_parse(s, &days) && memcmp(s, "1900", 4) >= 0 &&
	       memcmp(s, "2999", 4) <= 0;
}

/* Bytes of the well-formed character at p, of which n bytes are there; 0 when
 * it is none (Unicode table 3-7: the second byte excludes overlong forms,
 * surrogates and what is beyond U+10FFFF). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (length > n)
		return 0;
	switch (p[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool utf8_is_valid(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const unsigned char *p = (const unsigned char *)s;

	while (n > 0) {
		size_t length;

		/* Eight at a time while all are ASCII and none is NUL: the
		 * subtraction borrows into a high bit only at a zero byte. */
		while (n >= 8) {
			uint64_t word;

			memcpy(&word, p, 8);
			if ((word | (word - ones)) & (ones << 7))
				break;
			p += 8;
			n -= 8;
		}
		if (n == 0)
			break;
		length = utf8_length(p, n);
		if (length == 0)
			return false;
		p += length;
		n -= length;
	}
	return true;
}

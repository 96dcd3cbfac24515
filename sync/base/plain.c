#include "base/plain.h"

static size_t is_when(int odd, size_t bytes)
{
	return odd ? bytes : 0;
}

size_t plain_odd(const char *text, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c = *code = *p;

	if (c < 0x80)
		return is_when((c && c < 0x20) || c == 0x7f, 1);
	if ((p[1] & 0xc0) != 0x80)
		return 0;
	if (c == 0xc2 || c == 0xd8) {
		*code = (c & 0x1f) << 6 | (p[1] & 0x3fu);
		return is_when(*code < 0xa0 || *code == 0x61c, 2);
	}
	if ((c != 0xe2 && c != 0xef) || (p[2] & 0xc0) != 0x80)
		return 0;
	c = *code = (c & 0x0f) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	return is_when((c >= 0x200b && c <= 0x200f) ||
			       (c >= 0x2028 && c <= 0x202e) ||
			       (c >= 0x2060 && c <= 0x2069) || c == 0xfeff,
		       3);
}

size_t plain_hidden(const char *text)
{
	uint32_t c;
	size_t n = plain_odd(text, &c);
	int is_meant = c == '\t' || c == '\n' || c == '\r' ||
		       (c >= 0x200b && c <= 0x200d) || c == 0x2028 ||
		       c == 0x2029 || (c >= 0x2060 && c <= 0x2065) ||
		       c == 0xfeff;

	return is_meant ? 0 : n;
}

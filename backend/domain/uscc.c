/* uscc.c - check characters of GB 32100-2015 and GB 11714. */
#include "domain/uscc.h"

#include <string.h>

#define SHOWN_BYTES 60 /* of a text that is no code, in a sentence */

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* 3^(i-1) mod 31 */
static const int weights[USCC_CHARS - 1] = { 1,  3,  9,  27, 19, 26, 16, 17, 20,
					     29, 25, 13, 8,  24, 10, 30, 28 };

/* The value of a character, or -1. */
static int value_of(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

char uscc_check_character(const char *first17)
{
	int sum = 0;

	for (int i = 0; i < USCC_CHARS - 1; i++) {
		int v = value_of(first17[i]);

		if (v < 0)
			return 0;
		sum += v * weights[i];
	}
	/* The standard prints 31 - sum mod 31, which has no character when the
	 * remainder is 0: hence the second mod. */
	return alphabet[(31 - sum % 31) % 31];
}

static bool is_follower(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += !is_follower(*text);
	return n;
}

/* The bytes of the text that a sentence shows, whole characters. */
static int shown(const char *text)
{
	size_t n = strnlen(text, SHOWN_BYTES);

	while (n > 0 && is_follower(text[n]))
		n--;
	return (int)n;
}

/* U+FF01 to U+FF5E, as an input method writes digits and letters. */
static bool has_full_width(const char *text)
{
	for (; (text = strchr(text, '\xEF')); text++)
		if (text[1] == '\xBC' || text[1] == '\xBD')
			return true;
	return false;
}

enum rc uscc_check(const char *code, struct err *err)
{
	size_t n = characters(code);
	char want;

	if (has_full_width(code))
		return err_set(err, RC_INVALID,
			       "credit code '%.*s' has full-width characters: "
			       "type its digits and letters half-width",
			       shown(code), code);
	if (n != USCC_CHARS)
		return err_set(err, RC_INVALID,
			       "credit code '%.*s' has %zu characters, not 18",
			       shown(code), code, n);
	for (size_t i = 0; i < n; i++)
		if (value_of(code[i]) < 0)
			return err_set(err, RC_INVALID,
				       "credit code '%s': '%c' at place %zu is "
				       "not of the alphabet",
				       code,
				       code[i] > ' ' && code[i] < 127 ? code[i]
								      : '?',
				       i + 1);
	want = uscc_check_character(code);
	if (code[USCC_CHARS - 1] != want)
		return err_set(err, RC_INVALID,
			       "credit code '%s': the check character is '%c', "
			       "not '%c'",
			       code, want, code[USCC_CHARS - 1]);
	return RC_OK;
}

bool uscc_is_valid(const char *code)
{
	struct err ignored = { 0 };

	return uscc_check(code, &ignored) == RC_OK;
}

bool uscc_inner_is_valid(const char *code)
{
	static const int inner[8] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	const char *body = code + 8;
	int sum = 0, check;

	/* Here letters count A=10 ... Z=35, with no gaps. */
	for (int i = 0; i < 8; i++) {
		int v = body[i] <= '9' ? body[i] - '0' : body[i] - 'A' + 10;

		sum += v * inner[i];
	}
	check = 11 - sum % 11;
	if (check == 10)
		return body[8] == 'X';
	return body[8] == (check == 11 ? '0' : (char)('0' + check));
}

bool uscc_normalise(char out[USCC_CHARS + 1], const char *text, size_t n)
{
	while (n > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	if (n != USCC_CHARS)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= 'a' && text[i] <= 'z'
				 ? (char)(text[i] - 'a' + 'A')
				 : text[i];
	out[n] = '\0';
	return true;
}

void uscc_id(char out[USCC_CHARS + 1], const char *code)
{
	for (int i = 0; i < USCC_CHARS; i++)
		out[i] = code[i] >= 'A' && code[i] <= 'Z'
				 ? (char)(code[i] - 'A' + 'a')
				 : code[i];
	out[USCC_CHARS] = '\0';
}

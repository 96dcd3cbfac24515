/* search/words.c - what is searched of a record, and whether words are in it.
 */
#include "search/search_impl.h"

#include <string.h>

#include "base/jcs.h"
#include "search/fold.h"

/* A buffer as text, also when nothing was put into it. */
static const char *text_of(const struct buf *b)
{
	return b->data && b->len ? b->data : "";
}

void doc_make(struct doc *d, const struct kind *k, const json_t *record)
{
	buf_init(&d->name, DOC_BYTES_MAX);
	buf_init(&d->rest, DOC_BYTES_MAX);
	for (size_t i = 0; k->search && k->search[i]; i++) {
		const char *value = json_text(record, k->search[i]);

		if (!value)
			continue;
		if (i > 0)
			buf_byte(&d->rest, '\n');
		fold(i > 0 ? &d->rest : &d->name, value);
	}
	d->agency =
		kind_field(k, "agency") ? json_text(record, "agency") : NULL;
	buf_put(&d->name, "", 1);
	buf_put(&d->rest, "", 1);
}

void doc_release(struct doc *d)
{
	buf_release(&d->name);
	buf_release(&d->rest);
}

static size_t space_bytes(const char *s)
{
	if (*s == ' ' || (*s >= 9 && *s <= 13))
		return 1;
	return strncmp(s, "\xe3\x80\x80", 3) == 0 ? 3 : 0; /* ideographic */
}

enum rc words_make(struct words *w, const char *text, struct err *err)
{
	char one[400];

	memset(w, 0, sizeof(*w));
	buf_init(&w->whole, DOC_BYTES_MAX);
	fold(&w->whole, text); /* as a field is, with spaces or without */
	buf_put(&w->whole, "", 1);
	while (*text && w->n < WORDS_MAX) {
		struct buf *to = &w->text[w->n];
		size_t n = 0;

		while (space_bytes(text))
			text += space_bytes(text);
		while (text[n] && !space_bytes(text + n))
			n++;
		if (n >= sizeof(one))
			return err_set(err, RC_INVALID,
				       "a word of a search has at most %zu "
				       "bytes",
				       sizeof(one) - 1);
		memcpy(one, text, n);
		one[n] = '\0';
		text += n;
		buf_init(to, DOC_BYTES_MAX);
		fold(to, one);
		if (buf_status(to, err) != RC_OK)
			return err->code;
		if (!to->len)
			continue;
		buf_put(to, "", 1);
		if (buf_status(to, err) != RC_OK)
			return err->code;
		w->n++;
	}
	if (!w->n)
		return err_set(err, RC_INVALID,
			       "a search needs a letter or a digit");
	return buf_status(&w->whole, err);
}

void words_release(struct words *w)
{
	for (size_t i = 0; i < WORDS_MAX; i++)
		buf_release(&w->text[i]);
	buf_release(&w->whole);
}

/* Is it one of the lines? */
static bool has_line(const char *lines, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = lines; (p = strstr(p, line)); p++)
		if ((p == lines || p[-1] == '\n') && (p[n] == '\n' || !p[n]))
			return true;
	return false;
}

enum search_match words_match(const struct words *w, const char *id,
			      const char *name, const char *rest)
{
	const char *whole = text_of(&w->whole), *first = text_of(&w->text[0]);
	enum search_match match = MATCH_NAME;

	if (!strcmp(whole, id) || !strcmp(whole, name) || has_line(rest, whole))
		return MATCH_WHOLE;
	for (size_t i = 0; i < w->n; i++) {
		const char *word = text_of(&w->text[i]);

		if (strstr(name, word))
			continue;
		if (!strstr(rest, word))
			return MATCH__MAX;
		match = MATCH_OTHER;
	}
	if (match == MATCH_NAME && !strncmp(name, first, strlen(first)))
		match = MATCH_BEGINNING;
	return match;
}

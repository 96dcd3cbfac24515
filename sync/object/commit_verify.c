#include "object/commit.h"

#include <string.h>

#include "object/sshsig.h"

/* The commit without its gpgsig header, and that header's armour. Only the
 * headers are searched: a message may contain any line. */
static enum rc take_apart(const char *bytes, size_t n, struct buf *text,
			  struct buf *armour, struct err *err)
{
	const char *end = bytes + n;
	const char *line = bytes;
	bool is_inside = false;

	while (line < end && *line != '\n') {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		const char *next = lf ? lf + 1 : end;
		bool is_first = end - line > 7 && !memcmp(line, "gpgsig ", 7);

		if (is_first && armour->len)
			return err_set(err, RC_CORRUPT,
				       "commit is signed twice");
		is_inside = is_first || (is_inside && *line == ' ');
		if (is_inside) {
			line += is_first ? 7 : 1;
			buf_put(armour, line, (size_t)(next - line));
		} else {
			buf_put(text, line, (size_t)(next - line));
		}
		line = next;
	}
	buf_put(text, line, (size_t)(end - line));
	if (buf_status(text, err) != RC_OK || buf_status(armour, err) != RC_OK)
		return err->code;
	if (armour->len == 0)
		return err_set(err, RC_CORRUPT, "commit is not signed");
	return RC_OK;
}

enum rc commit_verify(const char *bytes, size_t n,
		      const unsigned char public[SIGN_PUBLIC_BYTES],
		      struct err *err)
{
	struct buf text, armour;
	enum rc rc;

	buf_init(&text, n);
	buf_init(&armour, n);
	rc = take_apart(bytes, n, &text, &armour, err);
	if (rc == RC_OK)
		rc = sshsig_verify(armour.data, armour.len, public, text.data,
				   text.len, err);
	buf_release(&armour);
	buf_release(&text);
	return rc;
}

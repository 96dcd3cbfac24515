#include "http/etag.h"

#include <string.h>

/* One element of a list of tags (RFC 9110, 8.8.3 and 5.6.1):
 *
 *   list = "*" / [ tag ] *( OWS "," OWS [ tag ] )
 *   tag  = [ "W/" ] DQUOTE *etagc DQUOTE
 */
struct tag {
	const char *text; /* between the quotes */
	size_t bytes;
	bool is_weak;
};

/* False at the end, and where the list is malformed. */
static bool next_tag(const char **at, struct tag *tag)
{
	const char *p = *at + strspn(*at, " \t,");

	tag->is_weak = p[0] == 'W' && p[1] == '/';
	if (tag->is_weak)
		p += 2;
	if (*p++ != '"')
		return false;
	tag->text = p;
	tag->bytes = strcspn(p, "\" \t");
	p += tag->bytes;
	if (*p++ != '"')
		return false;
	p += strspn(p, " \t");
	*at = p;
	return *p == ',' || *p == '\0';
}

bool etag_is_listed(const char *list, const char *etag, bool weak)
{
	size_t n = strlen(etag);
	struct tag tag;

	if (!list || n == 0)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	while (next_tag(&list, &tag))
		if (tag.bytes == n && strncmp(tag.text, etag, n) == 0 &&
		    (weak || !tag.is_weak))
			return true;
	return false;
}

bool etag_compressed(char out[ETAG_BYTES], const char *etag)
{
	size_t n = strlen(etag);

	if (n == 0 || n + sizeof(ETAG_GZIP) > ETAG_BYTES)
		return false;
	memcpy(out, etag, n);
	memcpy(out + n, ETAG_GZIP, sizeof(ETAG_GZIP));
	return true;
}

bool http_etag_matches(const char *header, const char *etag, bool weak)
{
	char compressed[ETAG_BYTES];

	return etag_is_listed(header, etag, weak) ||
	       (etag_compressed(compressed, etag) &&
		etag_is_listed(header, compressed, weak));
}

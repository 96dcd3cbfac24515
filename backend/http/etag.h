/* http/etag.h - entity tags and the lists of them in If-Match and
 * If-None-Match. See http_etag_matches in http/http.h for handlers. */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include "http/http.h"

/* What a compressed body's tag ends in: its bytes are others. */
#define ETAG_GZIP "-gzip"
#define ETAG_BYTES (HTTP_ETAG_BYTES + sizeof(ETAG_GZIP))

/* Exactly this tag, or `*`. What stands behind a malformed element is not
 * read. `weak` lets the client's W/ pass. */
bool etag_is_listed(const char *list, const char *etag, bool weak);

/* The tag of the compressed form of a body; false when there is none. */
bool etag_compressed(char out[ETAG_BYTES], const char *etag);

#endif

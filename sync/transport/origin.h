/* transport/origin.h - which servers may be spoken to, and what to say when one
 * cannot be reached. */
#ifndef TRANSPORT_ORIGIN_H
#define TRANSPORT_ORIGIN_H

#include <stdbool.h>

#include "base/err.h"

/* scheme://host[:port] of the url as libcurl will read it; heap, the caller's.
 * RC_INVALID when the url has more than that, or is plain http to another host
 * than this one and `insecure` is not set. Touches no network. */
enum rc origin_check(char **origin, bool *is_plain, const char *url,
		     bool insecure, struct err *err);

/* RC_IO "cannot reach ...", with what a person can do about it. `code` is a
 * CURLcode, os_error an errno or 0, reason libcurl's own words or "". */
enum rc origin_explain(const char *origin, int code, int os_error,
		       const char *reason, struct err *err);

#endif

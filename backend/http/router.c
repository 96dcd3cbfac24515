#include "http/router.h"

#include <assert.h>
#include <string.h>

/* Does the pattern fit the path? Arguments are written to match->text, each
 * with its NUL; a path's bytes are enough for them, because every argument but
 * the last is followed by a slash that is not copied. */
static bool fits(struct route_match *match, const char *pattern,
		 const char *path)
{
	char *to = match->text;
	size_t nargs = 0;

	while (*pattern) {
		size_t n;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		n = strcspn(path, "/");
		if (n == 0)
			return false;
		assert(nargs < HTTP_ARGS_MAX);
		memcpy(to, path, n);
		to[n] = '\0';
		match->args[nargs++] = to;
		to += n + 1;
		path += n;
		pattern += strcspn(pattern, "}");
		assert(*pattern == '}');
		pattern++;
	}
	return *path == '\0';
}

static void allow(struct route_match *match, const char *method)
{
	size_t n = strlen(match->allow);
	size_t room = sizeof(match->allow) - n;

	if (strstr(match->allow, method))
		return;
	snprintf(match->allow + n, room, "%s%s", n > 0 ? ", " : "", method);
	if (strcmp(method, "GET") == 0)
		allow(match, "HEAD");
}

void router_match(struct route_match *match, const struct http_route *routes,
		  const char *method, const char *path)
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

	match->route = NULL;
	match->allow[0] = '\0';
	for (const struct http_route *r = routes; r->method; r++) {
		memset(match->args, 0, sizeof(match->args));
		if (!fits(match, r->pattern, path))
			continue;
		if (strcmp(r->method, wanted) == 0) {
			match->route = r;
			return;
		}
		allow(match, r->method);
	}
}

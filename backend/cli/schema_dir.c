/* cli/schema_dir.c - find the folder of declarations. */
#include "cli/schema_dir.h"

#include <limits.h>
#include <unistd.h>

static char *if_schema(const char *path)
{
	char probe[PATH_MAX + 64];

	snprintf(probe, sizeof(probe), "%s/kinds/kind.json", path);
	return access(probe, R_OK) == 0 ? strdup(path) : NULL;
}

char *schema_dir(const char *given, struct err *err)
{
	static const char *const beside[] = { "../../schema", "../schema",
					      "../share/hufu/schema" };
	char self[PATH_MAX], path[PATH_MAX + 32], *out;
	ssize_t n;

	if (!given)
		given = getenv("HUFU_SCHEMA");
	if (given) {
		out = if_schema(given);
		if (!out)
			err_set(err, RC_NOT_FOUND,
				"'%s' has no kinds/kind.json", given);
		return out;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
			snprintf(path, sizeof(path), "%s/%s", self, beside[i]);
			out = if_schema(path);
			if (out)
				return out;
		}
	}
	err_set(err, RC_NOT_FOUND,
		"the kinds are not beside the program: name their folder with "
		"--schema DIR");
	return NULL;
}

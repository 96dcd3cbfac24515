/* replay.c - feeds a folder's files to a fuzz target in byte order of their
 * names, so that every test run repeats what a fuzzer once found. The file's
 * name is on stdout before the target sees it: the last one is the culprit. */
#include <dirent.h>
#include <stdint.h>

#include "fuzz.h"

#define FILE_BYTES_MAX (8u << 20)

static int is_file(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool feed(const char *folder, const char *name)
{
	unsigned char *bytes = malloc(FILE_BYTES_MAX), *exact = NULL;
	char path[512];
	size_t n = 0;
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	printf("%s\n", path);
	fflush(stdout);
	f = fopen(path, "rb");
	if (f && bytes)
		n = fread(bytes, 1, FILE_BYTES_MAX, f);
	ok = f && bytes && !ferror(f);
	if (f)
		fclose(f);
	/* as large as the content, for the sanitizer to see its end */
	if (ok && (exact = malloc(n ? n : 1)))
		memcpy(exact, bytes, n);
	free(bytes);
	if (exact)
		LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return ok && exact;
}

int main(int argc, char **argv)
{
	struct dirent **list;
	int n, fed = 0;

	if (argc != 2 ||
	    (n = scandir(argv[1], &list, is_file, alphasort)) < 1) {
		fprintf(stderr, "usage: %s FOLDER (with files)\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		fed += feed(argv[1], list[i]->d_name);
		free(list[i]);
	}
	free(list);
	printf("fed %d\n", fed);
	return fed == n ? 0 : 1;
}

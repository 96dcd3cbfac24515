/* object/repo_check.c - do packs still hold the bytes that were written? */
#include "object/repo_inner.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define PIECE_BYTES (1u << 16)

/* A pack and an index end with the SHA-1 of all that is before (gitformat-pack,
 * "TRAILER"). The last 20 bytes read so far are held back from the hash. */
static enum rc trailer_check(const char *path, struct err *err)
{
	unsigned char *piece = malloc(PIECE_BYTES + SHA1_BYTES);
	FILE *f = fopen(path, "rb");
	unsigned char hash[SHA1_BYTES];
	struct sha1 sum;
	size_t held = 0, n;
	enum rc rc = RC_OK;

	if (!piece || !f) {
		rc = piece ? err_set(err, RC_IO, "cannot read '%s': %s", path,
				     strerror(errno))
			   : err_set(err, RC_NOMEM, "out of memory");
		goto out;
	}
	sha1_begin(&sum);
	while ((n = fread(piece + held, 1, PIECE_BYTES, f)) > 0) {
		held += n;
		if (held > SHA1_BYTES) {
			sha1_add(&sum, piece, held - SHA1_BYTES);
			memmove(piece, piece + held - SHA1_BYTES, SHA1_BYTES);
			held = SHA1_BYTES;
		}
	}
	sha1_end(&sum, hash);
	if (ferror(f))
		rc = err_set(err, RC_IO, "cannot read '%s'", path);
	else if (held < SHA1_BYTES || memcmp(hash, piece, SHA1_BYTES) != 0)
		rc = err_set(err, RC_CORRUPT, "the checksum of '%s' is wrong",
			     path);
out:
	if (f)
		fclose(f);
	free(piece);
	return rc;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

enum rc repo_check_packs(struct repo *repo, struct err *err)
{
	char *folder = repo_file(repo, "objects/pack"), *path;
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	char file[64 + PACK_NAME_SIZE];
	enum rc rc = RC_OK;

	free(folder);
	if (!dir)
		return err_set(err, RC_IO, "cannot list the packs");
	while (rc == RC_OK && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "pack-", 5) != 0 ||
		    (!ends_with(entry->d_name, ".pack") &&
		     !ends_with(entry->d_name, ".idx")))
			continue;
		snprintf(file, sizeof file, "objects/pack/%.60s",
			 entry->d_name);
		path = repo_file(repo, file);
		rc = path ? trailer_check(path, err)
			  : err_set(err, RC_NOMEM, "no memory for a path");
		free(path);
	}
	closedir(dir);
	return rc;
}

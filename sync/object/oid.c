#include "object/oid.h"

#include <string.h>

#include "base/hex.h"
#include "object/git2_parts.h"

enum rc object_failed(struct err *err, enum rc code, const char *what)
{
	const git_error *e = git_error_last();

	if (e && e->klass == GIT_ERROR_NOMEMORY)
		code = RC_NOMEM;
	if (e && e->klass == GIT_ERROR_OS)
		code = RC_IO;
	return err_set(err, code, "cannot %s: %s", what,
		       e && e->message ? e->message : "no reason given");
}

enum rc object_setup(struct err *err)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_PROGRAMDATA,
				      GIT_CONFIG_LEVEL_SYSTEM,
				      GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL };

	if (git_libgit2_init() < 0)
		return object_failed(err, RC_IO, "start libgit2");
	/* What the mirror holds may not depend on the configuration of the
	 * machine or the user that the server happens to run under. */
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") <
		    0)
			return object_failed(err, RC_IO, "set up libgit2");
	/* libgit2 would hash an object each time that it touches it; here each
	 * is hashed when it comes in (oid_of) and when its pack is read back
	 * (repo_pack_write). */
	if (git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) < 0 ||
	    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0)
		return object_failed(err, RC_IO, "set up libgit2");
	return RC_OK;
}

void object_teardown(void)
{
	git_libgit2_shutdown();
}

git_object_t object_git_type(enum object_kind kind)
{
	switch (kind) {
	case OBJECT_BLOB: return GIT_OBJECT_BLOB;
	case OBJECT_TREE: return GIT_OBJECT_TREE;
	case OBJECT_COMMIT: return GIT_OBJECT_COMMIT;
	}
	return GIT_OBJECT_INVALID;
}

enum rc oid_of(struct oid *out, enum object_kind kind, const void *p, size_t n,
	       struct err *err)
{
	git_oid id;

	/* The only way in which hashing bytes in memory fails, apart from a
	 * lack of memory, is a detected collision. */
	if (git_odb_hash(&id, n ? p : "", n, object_git_type(kind)) < 0)
		return object_failed(err, RC_CORRUPT, "hash an object");
	memcpy(out->b, id.id, OID_BYTES);
	return RC_OK;
}

void oid_hex(char out[OID_HEX_SIZE], const struct oid *oid)
{
	hex_encode(out, oid->b, OID_BYTES);
}

bool oid_parse(struct oid *out, const char *hex, size_t n)
{
	return n == OID_HEX_SIZE - 1 && hex_decode(out->b, OID_BYTES, hex, n);
}

bool oid_equal(const struct oid *a, const struct oid *b)
{
	return memcmp(a->b, b->b, OID_BYTES) == 0;
}

bool oid_is_zero(const struct oid *oid)
{
	static const struct oid zero;

	return oid_equal(oid, &zero);
}

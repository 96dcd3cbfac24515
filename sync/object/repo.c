#include "object/repo.h"

#include <assert.h>
#include <string.h>

#include "object/repo_inner.h"

#define QUEUE_OBJECTS_MAX 4000000
#define HEADS "refs/heads/"

/* The default backends have the priorities 1 and 2; the highest is asked first
 * and is the one that is written to. */
#define FRESH_PRIORITY 999

static const git_oid *git_id(const struct oid *oid)
{
	return (const git_oid *)(const void *)oid;
}
_Static_assert(sizeof(git_oid) == OID_BYTES, "an id is its 20 bytes");

static void repo_shut(struct repo *repo)
{
	git_odb_free(repo->odb);
	git_repository_free(repo->git);
	repo->odb = NULL;
	repo->git = NULL;
	repo->fresh = NULL;
}

enum rc repo_reopen(struct repo *repo, struct err *err)
{
	git_odb_backend *fresh = NULL;

	assert(repo->queue.len == 0);
	repo_shut(repo);
	if (git_repository_open_bare(&repo->git, repo->path) < 0 ||
	    git_repository_odb(&repo->odb, repo->git) < 0 ||
	    git_mempack_new(&fresh) < 0)
		return object_failed(err, RC_IO, "open the mirror");
	if (git_odb_add_backend(repo->odb, fresh, FRESH_PRIORITY) < 0) {
		fresh->free(fresh);
		return object_failed(err, RC_IO, "open the mirror");
	}
	repo->fresh = fresh;
	return RC_OK;
}

static enum rc create(const char *path, const char *head, struct err *err)
{
	git_repository_init_options opts = {
		.version = GIT_REPOSITORY_INIT_OPTIONS_VERSION,
		.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH |
			 GIT_REPOSITORY_INIT_NO_REINIT,
		.initial_head = head,
		.description = "hufu mirror",
	};
	git_repository *git = NULL;

	if (git_repository_init_ext(&git, path, &opts) < 0)
		return object_failed(err, RC_IO, "create the mirror");
	git_repository_free(git);
	return RC_OK;
}

/* A branch may be named by configuration, and that may change. */
static enum rc head_set(struct repo *repo, const char *head, struct err *err)
{
	git_reference *ref = NULL;
	const char *target;
	int failed = git_reference_lookup(&ref, repo->git, "HEAD");

	target = failed ? NULL : git_reference_symbolic_target(ref);
	if (!target || strcmp(target, head) != 0) {
		git_reference_free(ref);
		ref = NULL;
		failed = git_reference_symbolic_create(&ref, repo->git, "HEAD",
						       head, 1, NULL);
	}
	git_reference_free(ref);
	return failed ? object_failed(err, RC_IO, "set HEAD") : RC_OK;
}

enum rc repo_open(struct repo **out, const char *path, const char *head,
		  struct err *err)
{
	git_repository *there = NULL;
	struct repo *repo;
	int found;
	enum rc rc = RC_OK;

	if (strncmp(head, HEADS, sizeof HEADS - 1) != 0)
		return err_set(err, RC_INVALID, "'%s' is not a branch", head);
	repo = calloc(1, sizeof *repo);
	if (!repo)
		return err_set(err, RC_NOMEM, "no memory for a mirror");
	buf_init(&repo->queue, QUEUE_OBJECTS_MAX * sizeof(git_oid));
	repo->path = strdup(path);
	if (!repo->path)
		rc = err_set(err, RC_NOMEM, "no memory for a mirror");
	found = git_repository_open_bare(&there, path);
	git_repository_free(there);
	if (rc == RC_OK && found == GIT_ENOTFOUND)
		rc = create(path, head, err);
	if (rc == RC_OK)
		rc = repo_reopen(repo, err);
	if (rc == RC_OK)
		rc = head_set(repo, head, err);
	if (rc == RC_OK)
		*out = repo;
	else
		repo_close(repo);
	return rc;
}

void repo_close(struct repo *repo)
{
	if (!repo)
		return;
	repo_shut(repo);
	buf_release(&repo->queue);
	free(repo->path);
	free(repo);
}

/* Without asking the folder again: nobody else writes into it. */
static bool has(const struct repo *repo, const git_oid *id)
{
	return git_odb_exists_ext(repo->odb, id, GIT_ODB_LOOKUP_NO_REFRESH);
}

bool repo_has(struct repo *repo, const struct oid *oid)
{
	return has(repo, git_id(oid));
}

enum rc repo_add(struct repo *repo, enum object_kind kind, const void *p,
		 size_t n, struct oid *oid, struct err *err)
{
	struct oid id;
	enum rc rc = oid_of(&id, kind, p, n, err);

	if (rc != RC_OK)
		return rc;
	if (oid)
		*oid = id;
	if (repo_has(repo, &id))
		return RC_OK;
	buf_put(&repo->queue, id.b, OID_BYTES);
	rc = buf_status(&repo->queue, err);
	if (rc != RC_OK)
		return rc;
	/* git_odb_write would list the folder of packs for every object. */
	if (repo->fresh->write(repo->fresh, git_id(&id), n ? p : "", n,
			       object_git_type(kind)) < 0) {
		repo->queue.len -= OID_BYTES;
		return object_failed(err, RC_NOMEM, "queue an object");
	}
	repo->queued_bytes += n;
	return RC_OK;
}

size_t repo_queued_bytes(const struct repo *repo)
{
	return repo->queued_bytes;
}

enum rc repo_flush(struct repo *repo, struct err *err)
{
	char name[PACK_NAME_SIZE];
	size_t n = repo->queue.len / sizeof(git_oid);
	enum rc rc;

	if (n == 0)
		return RC_OK;
	rc = repo_pack_write(repo,
			     (const git_oid *)(const void *)repo->queue.data, n,
			     name, err);
	if (rc != RC_OK)
		return rc;
	if (git_mempack_reset(repo->fresh) < 0)
		return object_failed(err, RC_NOMEM, "empty the queue");
	buf_reset(&repo->queue);
	repo->queued_bytes = 0;
	if (git_odb_refresh(repo->odb) < 0)
		return object_failed(err, RC_IO, "see the new pack");
	return RC_OK;
}

static bool is_queued(const struct repo *repo, const struct oid *oid)
{
	for (size_t i = 0; i < repo->queue.len; i += OID_BYTES)
		if (memcmp(repo->queue.data + i, oid->b, OID_BYTES) == 0)
			return true;
	return false;
}

enum rc repo_ref(struct repo *repo, const char *name, const struct oid *oid,
		 struct err *err)
{
	git_reference *ref = NULL;
	git_object_t type;
	size_t len;
	int valid = 0;
	int failed;

	if (git_reference_name_is_valid(&valid, name) < 0 || !valid ||
	    strncmp(name, "refs/", 5) != 0)
		return err_set(err, RC_INVALID, "'%s' is no name of a ref",
			       name);
	if (is_queued(repo, oid))
		return err_set(err, RC_INVALID,
			       "ref '%s' would point at an object not yet on "
			       "disk",
			       name);
	if (git_odb_read_header(&len, &type, repo->odb, git_id(oid)) < 0)
		return object_failed(err, RC_NOT_FOUND, "point a ref");
	if (type != GIT_OBJECT_COMMIT)
		return err_set(err, RC_INVALID,
			       "ref '%s' would point at no commit", name);
	failed = git_reference_create(&ref, repo->git, name, git_id(oid), 1,
				      NULL);
	git_reference_free(ref);
	return failed ? object_failed(err, RC_IO, "point a ref") : RC_OK;
}

enum rc repo_ref_get(struct repo *repo, const char *name, struct oid *oid,
		     struct err *err)
{
	git_oid id;
	int failed = git_reference_name_to_id(&id, repo->git, name);

	if (failed == GIT_ENOTFOUND)
		return err_set(err, RC_NOT_FOUND, "there is no ref '%s'", name);
	if (failed)
		return object_failed(err, RC_IO, "read a ref");
	memcpy(oid->b, id.id, OID_BYTES);
	return RC_OK;
}

#include "object/repo_inner.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

#define PACKS_MAX 10000

struct pack {
	char name[PACK_NAME_SIZE];
	int64_t bytes;
	struct timespec written;
};

struct packs {
	struct pack *list; /* oldest first; owned */
	size_t n;
};

/* An object database that sees this one pack and nothing else: what it answers
 * was read from the file. */
static enum rc one_pack(git_odb **out, struct repo *repo, const char *name,
			struct err *err)
{
	git_odb_backend *backend = NULL;
	git_odb *odb = NULL;
	char file[32 + PACK_NAME_SIZE];
	char *path;
	enum rc rc = RC_OK;

	snprintf(file, sizeof file, "objects/pack/%s.idx", name);
	path = repo_file(repo, file);
	if (!path)
		return err_set(err, RC_NOMEM, "no memory for a path");
	if (git_odb_new(&odb) < 0 ||
	    git_odb_backend_one_pack(&backend, path) < 0) {
		rc = object_failed(err, RC_CORRUPT, "open a pack");
	} else if (git_odb_add_backend(odb, backend, 1) < 0) {
		backend->free(backend);
		rc = object_failed(err, RC_IO, "open a pack");
	}
	free(path);
	if (rc == RC_OK)
		*out = odb;
	else
		git_odb_free(odb);
	return rc;
}

/* The id that an object's bytes give. That nobody made up a collision is known
 * since it came in, so the quick SHA-1 tells as much. */
static void hash_object(unsigned char out[SHA1_BYTES], git_odb_object *object)
{
	git_object_t type = git_odb_object_type(object);
	size_t n = git_odb_object_size(object);
	struct sha1 sha;
	char head[32];
	int len = snprintf(head, sizeof head, "%s %zu",
			   git_object_type2string(type), n);

	sha1_begin(&sha);
	sha1_add(&sha, head, (size_t)len + 1);
	sha1_add(&sha, git_odb_object_data(object), n);
	sha1_end(&sha, out);
}

enum rc repo_pack_verify(struct repo *repo, const char *name,
			 const git_oid *ids, size_t n, struct err *err)
{
	unsigned char hash[SHA1_BYTES];
	git_odb *odb = NULL;
	git_odb_object *object = NULL;
	enum rc rc = one_pack(&odb, repo, name, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (git_odb_read(&object, odb, &ids[i]) < 0) {
			rc = object_failed(err, RC_CORRUPT, "read back a pack");
			break;
		}
		hash_object(hash, object);
		if (memcmp(hash, ids[i].id, sizeof hash) != 0)
			rc = err_set(err, RC_CORRUPT,
				     "cannot read back a pack: an object is "
				     "not what its id says");
		git_odb_object_free(object);
	}
	git_odb_free(odb);
	return rc;
}

enum rc repo_pack_write(struct repo *repo, const git_oid *ids, size_t n,
			char name[PACK_NAME_SIZE], struct err *err)
{
	git_packbuilder *builder = NULL;
	enum rc rc = RC_OK;

	if (git_packbuilder_new(&builder, repo->git) < 0)
		return object_failed(err, RC_NOMEM, "begin a pack");
	/* One thread: the same objects give the same pack. */
	git_packbuilder_set_threads(builder, 1);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		if (git_packbuilder_insert(builder, &ids[i], NULL) < 0)
			rc = object_failed(err, RC_CORRUPT, "fill a pack");
	if (rc == RC_OK &&
	    git_packbuilder_write(builder, NULL, 0, NULL, NULL) < 0)
		rc = object_failed(err, RC_CORRUPT, "write a pack");
	if (rc == RC_OK) {
		snprintf(name, PACK_NAME_SIZE, "pack-%s",
			 git_packbuilder_name(builder));
		rc = repo_pack_verify(repo, name, ids, n, err);
	}
	git_packbuilder_free(builder);
	return rc;
}

static int pack_cmp(const void *a, const void *b)
{
	const struct pack *x = a;
	const struct pack *y = b;

	if (x->written.tv_sec != y->written.tv_sec)
		return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
	if (x->written.tv_nsec != y->written.tv_nsec)
		return x->written.tv_nsec < y->written.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_pack(const char *file)
{
	return strlen(file) == PACK_NAME_SIZE - 1 + 5 &&
	       strncmp(file, "pack-", 5) == 0 &&
	       strcmp(file + PACK_NAME_SIZE - 1, ".pack") == 0;
}

static enum rc packs_add(struct packs *packs, struct repo *repo,
			 const char *file, struct err *err)
{
	char inside[64 + PACK_NAME_SIZE];
	struct pack *pack, *more;
	struct stat st;
	char *path;
	int failed;

	if (packs->n == PACKS_MAX)
		return err_set(err, RC_NOMEM, "more than %d packs", PACKS_MAX);
	snprintf(inside, sizeof inside, "objects/pack/%.60s", file);
	path = repo_file(repo, inside);
	more = realloc(packs->list, (packs->n + 1) * sizeof *more);
	if (more)
		packs->list = more;
	if (!path || !more) {
		free(path);
		return err_set(err, RC_NOMEM, "no memory for a list of packs");
	}
	failed = stat(path, &st);
	free(path);
	if (failed)
		return err_set(err, RC_IO, "cannot look at pack '%s'", file);
	pack = &packs->list[packs->n++];
	memcpy(pack->name, file, PACK_NAME_SIZE - 1);
	pack->name[PACK_NAME_SIZE - 1] = '\0';
	pack->bytes = st.st_size;
	pack->written = st.st_mtim;
	return RC_OK;
}

static enum rc packs_read(struct packs *packs, struct repo *repo,
			  struct err *err)
{
	char *path = repo_file(repo, "objects/pack");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	enum rc rc = RC_OK;

	memset(packs, 0, sizeof *packs);
	free(path);
	if (!dir)
		return err_set(err, RC_IO, "cannot list the packs");
	while (rc == RC_OK && (entry = readdir(dir)))
		if (is_pack(entry->d_name))
			rc = packs_add(packs, repo, entry->d_name, err);
	closedir(dir);
	if (packs->n > 1)
		qsort(packs->list, packs->n, sizeof *packs->list, pack_cmp);
	return rc;
}

static int collect(const git_oid *id, void *into)
{
	struct buf *ids = into;

	buf_put(ids, id->id, GIT_OID_RAWSZ);
	return ids->rc == RC_OK ? 0 : -1;
}

static enum rc ids_of(struct buf *ids, struct repo *repo, const char *name,
		      struct err *err)
{
	git_odb *odb = NULL;
	enum rc rc = one_pack(&odb, repo, name, err);

	if (rc == RC_OK && git_odb_foreach(odb, collect, ids) < 0) {
		rc = buf_status(ids, err);
		if (rc == RC_OK)
			rc = object_failed(err, RC_CORRUPT, "list a pack");
	}
	git_odb_free(odb);
	return rc;
}

static enum rc pack_remove(struct repo *repo, const char *name, struct err *err)
{
	/* The index first: a pack without one is not looked at. */
	static const char *const ends[] = { "idx", "pack" };
	char file[32 + PACK_NAME_SIZE];
	char *path;
	int failed;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(file, sizeof file, "objects/pack/%s.%s", name,
			 ends[i]);
		path = repo_file(repo, file);
		if (!path)
			return err_set(err, RC_NOMEM, "no memory for a path");
		failed = remove(path);
		free(path);
		if (failed)
			return err_set(err, RC_IO, "cannot remove pack '%s'",
				       name);
	}
	return RC_OK;
}

/* Make one pack of n. A clone over plain HTTP asks for the packs that
 * objects/info/packs lists, so the list changes before they go. */
static enum rc packs_join(struct repo *repo, const struct pack *list, size_t n,
			  struct err *err)
{
	char(*gone)[PACK_NAME_SIZE] = calloc(n, sizeof *gone);
	char name[PACK_NAME_SIZE] = "";
	struct buf ids;
	size_t ngone = 0;
	enum rc rc = RC_OK;

	buf_init(&ids, SIZE_MAX / 2);
	if (!gone)
		rc = err_set(err, RC_NOMEM, "no memory to merge packs");
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = ids_of(&ids, repo, list[i].name, err);
	if (rc == RC_OK)
		rc = repo_pack_write(repo,
				     (const git_oid *)(const void *)ids.data,
				     ids.len / sizeof(git_oid), name, err);
	/* One of them may have held all the others' objects already. */
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		if (strcmp(list[i].name, name) != 0)
			memcpy(gone[ngone++], list[i].name, PACK_NAME_SIZE);
	if (rc == RC_OK)
		rc = repo_list_packs(repo, (const char(*)[PACK_NAME_SIZE])gone,
				     ngone, err);
	for (size_t i = 0; rc == RC_OK && i < ngone; i++)
		rc = pack_remove(repo, gone[i], err);
	buf_release(&ids);
	free(gone);
	return rc;
}

enum rc repo_merge_packs(struct repo *repo, struct err *err)
{
	struct packs packs;
	int64_t bytes;
	size_t from;
	enum rc rc = repo_flush(repo, err);

	if (rc != RC_OK)
		return rc;
	rc = packs_read(&packs, repo, err);
	if (rc != RC_OK || packs.n < 2)
		goto out;
	from = packs.n - 1;
	bytes = packs.list[from].bytes;
	while (from > 0 && bytes >= packs.list[from - 1].bytes / 2)
		bytes += packs.list[--from].bytes;
	if (from == packs.n - 1)
		goto out;
	rc = packs_join(repo, packs.list + from, packs.n - from, err);
	if (rc == RC_OK)
		rc = repo_reopen(repo, err);
out:
	free(packs.list);
	return rc;
}

enum rc repo_list_packs(struct repo *repo, const char (*gone)[PACK_NAME_SIZE],
			size_t ngone, struct err *err)
{
	struct packs packs;
	struct buf text;
	enum rc rc = packs_read(&packs, repo, err);

	buf_init(&text, (PACKS_MAX + 1) * (PACK_NAME_SIZE + 16));
	/* Newest first, as Git does it: what is asked for is mostly there. */
	for (size_t i = packs.n; rc == RC_OK && i-- > 0;) {
		bool is_gone = false;

		for (size_t k = 0; k < ngone; k++)
			is_gone |= strcmp(gone[k], packs.list[i].name) == 0;
		if (!is_gone)
			buf_printf(&text, "P %s.pack\n", packs.list[i].name);
	}
	buf_byte(&text, '\n');
	if (rc == RC_OK)
		rc = repo_replace(repo, "objects/info/packs", &text, err);
	buf_release(&text);
	free(packs.list);
	return rc;
}

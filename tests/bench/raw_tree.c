/* raw_tree.c - libgit2's own way to a new root: git_tree_create_updated on a
 * tree of as many records, in as many towns, in 256 folders a town. */
#include "bench.h"

#include <git2/common.h>
#include <git2/errors.h>
#include <git2/global.h>
#include <git2/odb.h>
#include <git2/odb_backend.h>
#include <git2/repository.h>
#include <git2/sys/mempack.h>
#include <git2/tree.h>

#define TOWNS 10
#define FOLDERS 256
#define ROUNDS 20

static void git_must(int code, const char *doing)
{
	if (code >= 0)
		return;
	fprintf(stderr, "bench: %s: %s\n", doing,
		git_error_last() ? git_error_last()->message : "libgit2");
	exit(1);
}

static size_t town_of(size_t row)
{
	return row % TOWNS;
}

static size_t folder_of(size_t row)
{
	return row / TOWNS * 2654435761u / 7 % FOLDERS;
}

static void oid_make(git_oid *out, size_t row, int round)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->id, &row, sizeof(row));
	out->id[19] = (unsigned char)(round + 1);
}

/* One folder of a town; an entry takes libgit2 a binary search, so rows come in
 * order. */
static void folder_make(git_repository *repo, size_t rows, size_t town,
			git_treebuilder **folders)
{
	char id[33];
	git_oid oid;

	for (size_t i = 0; i < FOLDERS; i++)
		git_must(git_treebuilder_new(&folders[i], repo, NULL), "tree");
	for (size_t row = town; row < rows; row += TOWNS) {
		row_id(row, id);
		oid_make(&oid, row, 0);
		git_must(git_treebuilder_insert(NULL, folders[folder_of(row)],
						id, &oid, GIT_FILEMODE_BLOB),
			 "entry");
	}
}

static void town_write(git_repository *repo, git_treebuilder **folders,
		       git_oid *out)
{
	git_treebuilder *town;
	char name[8];
	git_oid oid;

	git_must(git_treebuilder_new(&town, repo, NULL), "tree");
	for (size_t i = 0; i < FOLDERS; i++) {
		git_must(git_treebuilder_write(&oid, folders[i]), "folder");
		snprintf(name, sizeof(name), "%02zx", i);
		git_must(git_treebuilder_insert(NULL, town, name, &oid,
						GIT_FILEMODE_TREE),
			 "folder");
		git_treebuilder_free(folders[i]);
	}
	git_must(git_treebuilder_write(out, town), "town");
	git_treebuilder_free(town);
}

static void root_write(git_repository *repo, size_t rows, git_oid *out)
{
	git_treebuilder *root, *folders[FOLDERS];
	char name[8];
	git_oid oid;

	git_must(git_treebuilder_new(&root, repo, NULL), "tree");
	for (size_t town = 0; town < TOWNS; town++) {
		folder_make(repo, rows, town, folders);
		town_write(repo, folders, &oid);
		snprintf(name, sizeof(name), "%03zu", town + 1);
		git_must(git_treebuilder_insert(NULL, root, name, &oid,
						GIT_FILEMODE_TREE),
			 "town");
	}
	git_must(git_treebuilder_write(out, root), "root");
	git_treebuilder_free(root);
}

static double update_once(git_repository *repo, const git_oid *root,
			  size_t rows, int round)
{
	git_tree_update updates[20];
	char paths[20][64], id[33];
	git_tree *tree;
	git_oid out;
	double from;

	for (int i = 0; i < 20; i++) {
		size_t row = (size_t)(round * 20 + i) * 7 % rows;

		row_id(row, id);
		snprintf(paths[i], sizeof(paths[i]), "%03zu/%02zx/%s",
			 town_of(row) + 1, folder_of(row), id);
		updates[i].action = GIT_TREE_UPDATE_UPSERT;
		updates[i].filemode = GIT_FILEMODE_BLOB;
		updates[i].path = paths[i];
		oid_make(&updates[i].id, row, round + 1);
	}
	git_must(git_tree_lookup(&tree, repo, root), "root");
	from = now_s();
	git_must(git_tree_create_updated(&out, repo, tree, 20, updates),
		 "update");
	from = now_s() - from;
	git_tree_free(tree);
	return from;
}

/* Objects are kept in memory: files would measure the disk. */
static void memory_use(git_repository *repo)
{
	git_odb_backend *memory;
	git_odb *odb;

	git_must(git_repository_odb(&odb, repo), "objects");
	git_must(git_mempack_new(&memory), "memory");
	git_must(git_odb_add_backend(odb, memory, 999), "memory");
	git_odb_free(odb);
}

double raw_root(const char *folder, size_t rows)
{
	char path[256];
	git_repository *repo;
	git_oid root;
	double sum = 0;

	snprintf(path, sizeof(path), "%s/raw.git", folder);
	git_must(git_libgit2_init(), "libgit2");
	git_must(git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0),
		 "libgit2");
	git_must(git_repository_init(&repo, path, 1), "repository");
	memory_use(repo);
	root_write(repo, rows, &root);
	for (int round = 0; round < ROUNDS; round++)
		sum += update_once(repo, &root, rows, round);
	git_repository_free(repo);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	git_libgit2_shutdown();
	return sum / ROUNDS;
}

/* mirror/mirror_impl.h - what the files of this room share. */
#ifndef MIRROR_MIRROR_IMPL_H
#define MIRROR_MIRROR_IMPL_H

#include "base/arena.h"
#include "mirror/mirror.h"
#include "object/commit.h"
#include "object/repo.h"
#include "tree/tree.h"

#define MIRROR_PACK_BYTES (32u << 20)
#define MIRROR_PACK_COMMITS 200
#define MIRROR_COMMIT_BYTES (64u << 20) /* of one main commit, parsed */

struct mirror_tip {
	char journal[33];
	struct oid oid;
};

struct mirror {
	struct store *store; /* borrowed */
	struct db *db; /* mirror.db, held for as long as the mirror is open */
	struct repo *repo;
	struct arena mem; /* of one main commit */
	bool in_step; /* nothing is left to do for what the state says */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
	size_t done, total;
};

/* Where one scope is at work. */
struct mirror_walk {
	struct mirror *m;
	struct mirror_scope at; /* the newest main commit that was written */
	int64_t unsettled; /* main commits behind `at` without refs */
	bool flushed; /* a pack went out in the middle */
	struct mirror_tip *tips; /* journals that moved since; owned */
	size_t ntips, room;
	struct tree_change *changes; /* of one main commit; owned */
	size_t nchanges, room_changes;
	struct err *err;
};

/* Queue an object; writes a pack when enough are queued. */
enum rc mirror_object(struct mirror_walk *w, enum object_kind kind,
		      const void *bytes, size_t n, struct oid *oid);
/* Everything of the scope's main commit w->at.commits + 1 but the refs. */
enum rc mirror_commit(struct mirror_walk *w, bool *found);
/* One packet that a main commit merges. */
enum rc mirror_packet(struct mirror_walk *w, const struct oid *oid);
/* All main commits of a scope that are new. */
enum rc mirror_scope(struct mirror *m, const char *scope, struct err *err);
/* Write allowed_signers anew where it is another. */
enum rc mirror_signers(struct mirror *m, struct err *err);

#endif

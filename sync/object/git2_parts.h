/* object/git2_parts.h - for this room only: the parts of libgit2 that it uses,
 * and libgit2's reasons in our words.
 *
 * <git2.h> itself brings git2/index.h, whose member 'ctime' banned.h refuses;
 * this room never touches an index. */
#ifndef OBJECT_GIT2_PARTS_H
#define OBJECT_GIT2_PARTS_H

#include <git2/common.h>
#include <git2/config.h>
#include <git2/errors.h>
#include <git2/global.h>
#include <git2/object.h>
#include <git2/odb.h>
#include <git2/odb_backend.h>
#include <git2/pack.h>
#include <git2/refs.h>
#include <git2/repository.h>
#include <git2/strarray.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include "object/oid.h"

/* "cannot <what>: <libgit2's reason>". Answers `code`, or RC_NOMEM or RC_IO
 * where memory or the system was the reason. */
enum rc object_failed(struct err *err, enum rc code, const char *what);

git_object_t object_git_type(enum object_kind kind);

#endif

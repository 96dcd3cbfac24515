/* object/commit_check.h - for this room only: the rules that the parts of a
 * commit keep (docs/protocol.md 1, 6 and 7). RC_INVALID names the part. */
#ifndef OBJECT_COMMIT_CHECK_H
#define OBJECT_COMMIT_CHECK_H

#include "object/commit.h"

enum rc packet_commit_check(const struct packet_commit *c, struct err *err);
enum rc main_commit_check(const struct main_commit *c, struct err *err);

#endif

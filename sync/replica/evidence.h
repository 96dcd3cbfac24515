/* replica/evidence.h - files of evidence on the tablet: taken into a folder
 * beside the replica, FILE.evidence (blob/blob.h), and sent from there once
 * their records were synced (docs/protocol.md section 14).
 *
 * A file is in the folder until the server said that it has the whole of it:
 * what is there is what is still under way, and nothing else remembers it. A
 * quota is for the folder alone; records are never held up by it. */
#ifndef REPLICA_EVIDENCE_H
#define REPLICA_EVIDENCE_H

#include "replica/replica.h"

#define EVIDENCE_QUOTA_USUAL (INT64_C(4) << 30)
/* Warn from 80 of 100 on. */
#define EVIDENCE_WARN_PERCENT 80

/* Take a copy of `file` and make its record, an edit like any other: hash,
 * size, name, who, when and on which device, signed by the terminal's key.
 * `more` is an object with members of the record (points, caption, media,
 * latitude, longitude) or NULL. *out is a new reference: {id, sha256, size,
 * again (it was attached to this visit before), used, quota}. RC_NOT_FOUND:
 * there is no such visit here. RC_NOMEM: the quota, or the disk, is full, and
 * nothing was done. `quota` 0: usual. */
enum rc replica_attach(struct replica *r, const char *visit, const char *file,
		       const json_t *more, int64_t quota, json_t **out,
		       struct err *err);

/* What is under way, in the order in which it goes: what supports a point
 * first, small before large. {id, scope, visit, sha256, size, name, media,
 * synced (the server has the record)}. */
enum rc replica_evidence(struct replica *r, json_fn *fn, void *ctx,
			 struct err *err);
/* Bytes in the folder, and of files that no record names: taken back. */
enum rc replica_evidence_used(struct replica *r, int64_t *used,
			      int64_t *unnamed, struct err *err);

struct upload_options {
	int64_t bytes_max; /* begin no piece beyond so many; 0: all */
	int64_t bytes_per_s; /* 0: as fast as it goes */
	progress_fn *progress; /* or NULL */
	void *ctx;
};
struct upload_summary {
	int requests;
	int64_t bytes_up; /* of files */
	int files; /* whole on the server, and gone here */
	int left; /* still under way */
	int64_t left_bytes; /* of these, where the server's part is not counted
			     */
	int refused; /* of these, that the server does not take as they are */
	char why[ERR_TEXT_MAX]; /* the first of them */
};
/* Send what is under way whose record was synced, each from where the server
 * stands. RC_IO and RC_BUSY: the network, or the server, is not ready; *out is
 * what was done until then, and all is kept for the next try. A file that is
 * refused holds up no other. */
enum rc replica_upload(struct replica *r, const struct exchange *x,
		       const struct upload_options *o,
		       struct upload_summary *out, struct err *err);

#endif

/* fuzz_request.c - the body of a sync: as it came, and deflated here, so that
 * the parser behind zlib's checksum is reached too. */
#include "fuzz.h"

#include "wire/message.h"

#define ARENA_BYTES ((size_t)8 << 20)

static void request_check(const struct wire_request *r)
{
	FUZZ_HOLDS(r->enrolment && r->keys >= -1);
	for (size_t i = 0; i < r->nscopes; i++) {
		const struct wire_scope *s = &r->scopes[i];

		FUZZ_HOLDS(name_is_scope(s->scope));
		FUZZ_HOLDS(!s->after_kind == !s->after_id);
		for (size_t j = 0; j < s->npackets; j++) {
			FUZZ_HOLDS(strlen(s->packets[j].commit) ==
				   s->packets[j].commit_bytes);
			FUZZ_HOLDS(json_is_array(s->packets[j].rows));
		}
	}
}

static void request_feed(const void *body, size_t n, bool again)
{
	unsigned char digest[SHA256_BYTES];
	struct wire_request r = { 0 };
	struct err err = { 0 };
	struct arena mem;
	struct buf out;

	arena_init(&mem, ARENA_BYTES);
	buf_init(&out, ARENA_BYTES);
	if (wire_request_read(&r, body, n, &mem, &err) == RC_OK) {
		request_check(&r);
		if (again &&
		    wire_request_write(&out, digest, r.json, &err) == RC_OK)
			request_feed(out.data, out.len, false);
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
	}
	wire_request_release(&r);
	buf_release(&out);
	arena_release(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct buf body;

	request_feed(data, size, true);
	buf_init(&body, ARENA_BYTES);
	if (deflate_all(&body, data, size, 1, &err) == RC_OK)
		request_feed(body.data, body.len, true);
	buf_release(&body);
	return 0;
}

/* fuzz_main.c - a main commit from outside, as a tablet reads it. */
#include "fuzz.h"

#include "object/commit.h"

#define ARENA_BYTES ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct main_commit c;
	struct err err = { 0 };
	struct oid oid, want;
	struct arena mem;

	if (object_setup(&err) != RC_OK || seal_setup(&err) != RC_OK)
		return 0;
	arena_init(&mem, ARENA_BYTES);
	if (main_commit_read(&c, &oid, (const char *)data, size, &mem, &err) ==
	    RC_OK) {
		FUZZ_HOLDS(oid_of(&want, OBJECT_COMMIT, data, size, &err) ==
			   RC_OK);
		FUZZ_HOLDS(oid_equal(&oid, &want));
		FUZZ_HOLDS(c.position >= 0 && c.seconds >= 0);
		for (size_t i = 0; i < c.nquarantined; i++)
			FUZZ_HOLDS(strchr(c.quarantined[i].path, '/'));
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
	}
	arena_release(&mem);
	return 0;
}

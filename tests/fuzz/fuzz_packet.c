/* fuzz_packet.c - a packet's commit from outside: text, trailers, armour. */
#include "fuzz.h"

#include "object/commit.h"
#include "object/sshsig.h"

#define ARENA_BYTES ((size_t)8 << 20)

static void armour_feed(const char *text, size_t n)
{
	static const unsigned char nobody[SIGN_PUBLIC_BYTES] = { 9 };
	unsigned char key[SIGN_PUBLIC_BYTES];
	struct err err = { 0 };

	/* What no key of ours signed is never accepted under a key of nobody.
	 */
	FUZZ_HOLDS(commit_verify(text, n, nobody, &err) != RC_OK);
	err_clear(&err);
	sshsig_key(key, text, n, &err);
	err_clear(&err);
	FUZZ_HOLDS(sshsig_verify(text, n, nobody, "x", 1, &err) != RC_OK);
}

static void public_key_feed(const char *text, size_t n)
{
	char *line = malloc(n + 1), again[SSH_PUBLIC_TEXT_MAX];
	unsigned char key[SIGN_PUBLIC_BYTES];
	struct err err = { 0 };

	if (!line)
		return;
	memcpy(line, text, n);
	line[n] = '\0';
	if (ssh_public_parse(key, line, &err) == RC_OK) {
		ssh_public_text(again, key);
		FUZZ_HOLDS(!strncmp(line, again, strlen(again)));
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct packet_commit c;
	struct err err = { 0 };
	struct oid oid, want;
	struct arena mem;

	if (object_setup(&err) != RC_OK || seal_setup(&err) != RC_OK)
		return 0;
	arena_init(&mem, ARENA_BYTES);
	if (packet_commit_read(&c, &oid, text, size, &mem, &err) == RC_OK) {
		FUZZ_HOLDS(oid_of(&want, OBJECT_COMMIT, data, size, &err) ==
			   RC_OK);
		FUZZ_HOLDS(oid_equal(&oid, &want));
		FUZZ_HOLDS(c.sequence >= 1 && c.seconds >= 0);
		FUZZ_HOLDS(c.has_parent == (c.sequence > 1));
		FUZZ_HOLDS(strlen(c.message) <= COMMIT_MESSAGE_MAX);
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
	}
	armour_feed(text, size);
	public_key_feed(text, size);
	arena_release(&mem);
	return 0;
}

/* fuzz_paper.c - the published paper of a draw, which anyone may hand in to be
 * verified. */
#include "fuzz.h"

#include "base/jcs.h"
#include "domain/draw_paper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *paper = NULL, *outcome = NULL;
	struct err err = { 0 };

	if (json_read((const char *)data, size, &paper, &err) != RC_OK)
		return 0;
	if (draw_paper_check(paper, &err) == RC_OK) {
		draw_verify(paper, &err);
		err_clear(&err);
		/* what was checked can be drawn with any seed */
		if (draw_outcome(paper, "any", &outcome, &err) != RC_OK)
			FUZZ_HOLDS(err.text[0]);
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
	}
	json_decref(outcome);
	json_decref(paper);
	return 0;
}

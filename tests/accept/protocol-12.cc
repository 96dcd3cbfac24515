// hufu.h from C++: declarations only, no binding.
#include <hufu.h>
#include <stdio.h>

int main()
{
	struct hufu *h = hufu_new();
	struct hufu_list *list = nullptr;
	enum hufu_code code = hufu_status(h, &list);

	printf("libhufu %s: %s\n", hufu_version(), hufu_message(h));
	hufu_free(h);
	return code == HUFU_INVALID && !list ? 0 : 1;
}

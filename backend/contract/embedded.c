/* contract/embedded.c - the bytes of schema/api.json, by the assembler: the
 * program that answers and the document that says how are one file. */
#include "contract/embedded.h"

__asm__(".section .rodata\n"
	".global api_json_begin\n"
	".global api_json_end\n"
	"api_json_begin:\n"
	".incbin \"schema/api.json\"\n"
	"api_json_end:\n"
	".byte 0\n"
	".previous\n");

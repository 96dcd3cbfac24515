/* contract/embedded.h - schema/api.json as it is built into the program. */
#ifndef CONTRACT_EMBEDDED_H
#define CONTRACT_EMBEDDED_H

extern const char api_json_begin[];
extern const char api_json_end[];

#endif

/* api/dispatch.h - operations over HTTP: who asks, and how it is answered. */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "http/http.h"

/* The handler of every route that is not raw; its ctx is the service. */
http_handler api_dispatch;

#endif

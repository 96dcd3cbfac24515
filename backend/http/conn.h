/* http/conn.h - one connection: its socket, its head, and writing to it.
 *
 * A connection carries one request. Keep-alive would let an idle client hold
 * one of the few workers (32 browsers at rest would be an outage), and a second
 * request on a connection is what request smuggling needs; HAProxy in front
 * keeps its clients' connections alive by itself, and opening one over loopback
 * costs it some 50 us. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <stdatomic.h>

#include "http/gate.h"
#include "http/http.h"

struct conn_limits {
	int64_t head_ms; /* a whole head, and a pause within a body */
	int64_t body_ms; /* a whole body */
	int64_t body_rate_after_ms; /* then CONN_RATE_MIN */
	int64_t reply_window_ms; /* CONN_RATE_MIN within each */
};

/* A copy of what goes out. */
struct conn_tap {
	struct buf head;
	struct buf body; /* before it is compressed */
	bool is_file, is_stream;
};

#define CONN_RATE_MIN 1024 /* bytes a second */
#define CONN_STOP_GRACE_MS 5000

struct conn {
	int fd; /* borrowed from CivetWeb, -1 when it could not be found */
	const struct conn_limits *limits;
	const atomic_bool *is_stopping; /* the server's */
	atomic_int *slow; /* the server's bodies that come slowly; or NULL */
	int slow_max;
	atomic_int *waiting; /* those of who has proved nothing; or NULL */
	int waiting_max;
	int64_t began_ms; /* monotonic */
	size_t head_bytes; /* as it came */
	size_t body_bytes; /* that were read */
	int64_t stop_grace_ms; /* for a reply under way when the server stops */
	bool has_rest; /* unread bytes of the request may follow */
	const char *remote; /* borrowed */
	char id[21];
	struct gate_head head;
	struct conn_tap *tap; /* or NULL; borrowed */
};

/* The descriptor of the connection with these two ends, or -1. */
int conn_find_fd(const char *remote, int remote_port, int local_port);

/* Bytes that can be read now without waiting. */
size_t conn_available(const struct conn *conn);

/* Wait for more to read, a moment at most. */
void conn_wait(const struct conn *conn);

/* The peer sends nothing more, or is gone, and all it sent was read. */
bool conn_is_ended(const struct conn *conn);

/* Bytes that came on this connection and are no more in its socket, which is
 * what CivetWeb has read of it; -1 where the system does not tell. */
int64_t conn_taken(const struct conn *conn);

/* False when the peer left or reads too slowly; nothing can be said to it then.
 * `more` promises that more follows at once. */
bool conn_send(struct conn *conn, const void *p, size_t n, bool more);

/* End the connection after a request that was not read to its end: closing
 * with unread bytes would make the kernel take the answer back. */
void conn_linger(struct conn *conn);

#endif

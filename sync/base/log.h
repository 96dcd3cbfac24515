/* base/log.h - one line per event on stderr: time, level, event, key=value.
 *
 * 2026-11-22T02:11:36.123Z info sync terminal=t1 packets=2 rows=14 ms=3 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* fmt is the event and its key=value pairs; control characters come out as '?'.
 * Thread safe. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

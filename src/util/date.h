/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the three ways in which S3 writes a time.  Always UTC, never a
 * locale.  Any thread.  The two clocks are the only places where time comes in:
 * a test that brings its own date_now() and date_mono_ms() decides what time
 * it is.
 */
#ifndef UTIL_DATE_H
#define UTIL_DATE_H

#include "util/base.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define DATE_ISO_LEN sizeof("2025-10-14T10:30:00Z")
#define DATE_AMZ_LEN sizeof("20251014T103000Z")

/* Seconds since 1970 (wall clock), and milliseconds of a clock that never jumps. */
int64_t date_now(void);
int64_t date_mono_ms(void);

/*
 * "2025-10-14T10:30:00Z" and "20251014T103000Z" (SigV4).  A time outside of the
 * years 0 to 9999 is printed as the nearest one in them.
 */
void date_print_iso(int64_t when, char out[DATE_ISO_LEN]);
void date_print_amz(int64_t when, char out[DATE_AMZ_LEN]);

/*
 * "2025-10-14T10:30:00Z", with any fraction, "Z" or an offset of zero
 * ("+00:00"); the fraction is cut off.  False if it is anything else.
 */
bool date_parse_iso(const char *s, int64_t *when);

/* The same with any offset ("-0500", "+02:00"), or "UTC". */
bool date_parse_any_zone(const char *s, int64_t *when);

/* "Tue, 14 Oct 2025 10:30:00 GMT" (RFC 9110, the preferred form only). */
bool date_parse_http(const char *s, int64_t *when);

#endif

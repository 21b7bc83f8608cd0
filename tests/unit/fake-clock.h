/* SPDX-License-Identifier: MIT */
/*
 * A clock that stands still until a test moves it.  A program that links
 * fake-clock.c has no other: it wins over util/clock.o of the archive.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdint.h>

/* Where both clocks begin. */
#define FAKE_CLOCK_EPOCH INT64_C(1760437800) /* 2025-10-14T10:30:00Z */

void fake_clock_reset(void);
void fake_clock_advance(int64_t ms); /* both clocks */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The clocks of util/date.h as a test wants them: see fake-clock.h.
 */
#include "config.h"

#include "fake-clock.h"

#include <stdatomic.h>

#include "util/date.h"

/* The one thing that every module sees without being handed it. */
static atomic_llong elapsed_ms;

void
fake_clock_reset(void)
{
	atomic_store(&elapsed_ms, 0);
}

void
fake_clock_advance(int64_t ms)
{
	atomic_fetch_add(&elapsed_ms, ms);
}

int64_t
date_now(void)
{
	return FAKE_CLOCK_EPOCH + atomic_load(&elapsed_ms) / 1000;
}

int64_t
date_mono_ms(void)
{
	return 1000000 + atomic_load(&elapsed_ms);
}

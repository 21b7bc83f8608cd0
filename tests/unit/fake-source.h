/* SPDX-License-Identifier: MIT */
/*
 * A source of keys that says and does what a test wants, and may be held while it is
 * asked, as by a file server that hangs.  A program that links fake-source.c has it in
 * place of auth/source-files.c, with its name.  Any thread.
 */
#ifndef FAKE_SOURCE_H
#define FAKE_SOURCE_H

#include "auth/creds.h"

/* Nothing is held, and it has no keys. */
void fake_source_reset(void);

/* What it says from now on: these keys, NULL for none; or `rc`, -errno. */
void fake_source_say(const char *access_key, int rc);

/* Who asks it waits in there, until it is released. */
void fake_source_hold(void);
void fake_source_release(void);

/* Until it was asked `n` times, whether it has answered or not. */
void fake_source_wait_asked(unsigned n);
unsigned fake_source_n_asked(void);

/* Until it was freed `n` times, and the thread has gone that did it. */
void fake_source_wait_freed(unsigned n);

/* Whether the latest question was with must_look. */
bool fake_source_must_look(void);

#endif

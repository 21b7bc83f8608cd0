/* SPDX-License-Identifier: MIT */
/*
 * How far it is: one line on a terminal, which is gone at the end.  Main thread.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdio.h>

#include "cli/ask.h"

struct progress_line {
	FILE *f;
	enum mode mode;
	int64_t began_at_ms; /* by date_mono_ms() */
	bool is_shown;
};

/* What is under way for a bucket; idle where it is not known. */
struct progress progress_of(const struct answer *a, enum mode mode);

/* An ask_options.on_wait; `arg` is the line. */
void progress_show(void *arg, const struct ask *a);
void progress_end(struct progress_line *p);

#endif

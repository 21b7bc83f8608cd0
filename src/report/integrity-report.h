/* SPDX-License-Identifier: MIT */
/*
 * What is told to be wrong with the deltas of a bucket: counts as a table, and the
 * first deltaspaces of each flaw.  Pure; any thread.
 *
 * It is of the result that was found true last, whatever its mode; what only detailed
 * knows, of the last result of detailed.
 */
#ifndef REPORT_INTEGRITY_REPORT_H
#define REPORT_INTEGRITY_REPORT_H

#include "engine/published.h"
#include "report/member.h"
#include "util/buf.h"

/*
 * A key takes no more than that, as JSON has it: 20 of each flaw leave room for the
 * rest below REPORT_MAX.
 */
#define INTEGRITY_KEY_SHOWN 400

/* Each value has 8 bytes, as member.h wants it. */
struct integrity_report {
	bool is_known; /* else no value is */
	size_t key_max; /* INTEGRITY_KEY_SHOWN, unless it is set to more */
	int64_t listed_at;
	int64_t objects[N_FLAWS], bytes[N_FLAWS];
	const struct findings *of[N_FLAWS]; /* NULL: not known */
};

extern const struct members integrity_members;

/* Borrows from the results. */
void integrity_report_fill(struct integrity_report *out,
			   const struct mode_state of[N_DOCUMENTS]);

/* The members of an object, as json_add_members() adds them. */
int integrity_report_add(struct buf *out, const struct integrity_report *r,
			 unsigned depth);

#endif

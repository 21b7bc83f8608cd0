/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket in a mode: the values, and the table that names them.
 * Pure; any thread.
 */
#ifndef REPORT_MODE_REPORT_H
#define REPORT_MODE_REPORT_H

#include "engine/published.h"
#include "report/member.h"
#include "s3/meter.h"

/* Each value has 8 bytes, as member.h wants it. */
struct mode_report {
	const char *state;
	int64_t is_up, is_running;

	bool has_progress;
	struct counts counts;
	int64_t elapsed_ms, left_ms, rate; /* per second, in thousandths */

	bool has_result;
	int64_t computed_at, validated_at;
	const char *how, *why;
	struct figures figures;
	int64_t sizes[3]; /* of deltas, by where they come from */
	int64_t listed_objects, listed_bytes, list_ms, result_ms;
	int64_t newest_at, newest_bytes;
	uint64_t n_requests[4], n_bytes[4]; /* LIST, HEAD, GET, PUT */
	struct memo_use memo;
	int64_t memo_written_at;
	int64_t price;

	uint64_t n_by_how[N_RESULT_HOWS], n_by_why[N_RESULT_WHYS];
	uint64_t n_failures, n_puts_failed;

	bool has_failure;
	int64_t failed_at, code, status;
	const char *reason, *s3_code, *request_id, *message;
};

extern const struct members mode_members;

/* The bucket has these requests: if all of them wait, so does the mode. */
void mode_report_set_load(struct mode_report *r, const struct meter_load *load);

/* And its result has cost that much. */
void mode_report_set_price(struct mode_report *r, const struct mode_state *s,
			   const struct prices *p);

/* From what was published, at `now_ms` by date_mono_ms(); borrows texts of `s`. */
void mode_report_fill(struct mode_report *out, const struct mode_state *s,
		      enum mode mode, int64_t now_ms);

#endif

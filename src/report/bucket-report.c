/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket: see bucket-report.h.  Any thread.
 */
#include "config.h"

#include "report/bucket-report.h"

#include "report/json.h"
#include "report/mode-report.h"
#include "util/date.h"

static int
add_mode(struct bucket *bucket, enum mode mode, struct buf *out)
{
	struct mode_state state;
	struct mode_report report;
	int rc = buf_printf(out, ",\n  \"%s\": {\n", mode_names[mode]);

	published_get(&bucket->published, mode, &state);
	mode_report_fill(&report, &state, mode, date_mono_ms());
	if (rc == 0)
		rc = json_add_members(out, &mode_members, &report, 2);
	result_unref(state.result);
	return rc ? rc : buf_add_str(out, "\n  }");
}

int
bucket_status(struct bucket *bucket, struct buf *out)
{
	int rc = buf_add_str(out, "{\n  \"bucket\": ");

	if (rc == 0)
		rc = json_add_string(out, bucket->name);
	for (int mode = 0; mode < N_MODES && rc == 0; mode++)
		rc = add_mode(bucket, (enum mode)mode, out);
	return rc ? rc : buf_add_str(out, "\n}\n");
}

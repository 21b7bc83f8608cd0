/* SPDX-License-Identifier: MIT */
/*
 * What is told of a bucket in a mode: see mode-report.h.  Pure; any thread.
 */
#include "config.h"

#include "report/mode-report.h"

/* --- the table --- */

#define AT(field) offsetof(struct mode_report, field)

static const char *const operations[] = { "list", "head", "get", "put" };
static const char *const origins[] = { "exact", "sampled", "estimated" };

static const struct axis by_operation = { .label = "operation",
					  .names = operations,
					  .n = 4 };
static const struct axis by_origin = { .label = "origin",
				       .names = origins,
				       .n = 3 };
static const struct axis by_how = { .label = "how",
				    .names = result_how_names,
				    .n = N_RESULT_HOWS };
static const struct axis by_why = { .label = "why",
				    .names = result_why_names,
				    .first = WHY_NONE + 1,
				    .n = N_RESULT_WHYS };

static const struct member rows[] = {
	{ .path = "state",
	  .kind = MEMBER_TEXT,
	  .at = AT(state),
	  .meaning =
		  "What is done for readers of the mode: idle, listing, heading "
		  "(the LIST is over, HEADs go on) or storing; retrying if all "
		  "requests about the bucket have failed and wait for their "
		  "next try" },
	{ .path = "up",
	  .metric = "dgstatfs_up",
	  .kind = MEMBER_FLAG,
	  .at = AT(is_up),
	  .meaning =
		  "Whether what was asked for last came to a result, and not "
		  "to an error" },
	{ .metric = "dgstatfs_running",
	  .kind = MEMBER_FLAG,
	  .at = AT(is_running),
	  .meaning = "Whether anything is done for readers of the mode" },

	{ .path = "progress.pages",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.n_pages),
	  .meaning = "Pages listed, since the last LIST began" },
	{ .path = "progress.objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.n_objects),
	  .meaning = "Objects on them" },
	{ .path = "progress.heads",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.n_heads),
	  .meaning = "HEADs that were answered" },
	{ .path = "progress.heads_wanted",
	  .kind = MEMBER_COUNT,
	  .at = AT(counts.n_heads_wanted),
	  .meaning = "HEADs that are known to be needed" },
	{ .path = "progress.seconds",
	  .kind = MEMBER_SECONDS,
	  .at = AT(elapsed_ms),
	  .meaning = "How long it has been at work" },
	{ .path = "progress.per_second",
	  .kind = MEMBER_PER_SECOND,
	  .at = AT(rate),
	  .meaning =
		  "Objects listed in a second since that LIST began, or HEADs "
		  "answered if it is over" },
	{ .path = "progress.seconds_left",
	  .kind = MEMBER_SECONDS,
	  .at = AT(left_ms),
	  .meaning =
		  "How long it will take at this rate; null where that can't "
		  "be told" },

	{ .path = "result.computed_at",
	  .metric = "dgstatfs_computed_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(computed_at),
	  .meaning = "When the last figures were computed" },
	{ .path = "result.validated_at",
	  .metric = "dgstatfs_validated_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(validated_at),
	  .meaning = "When the last LIST began that they are true for" },
	{ .path = "result.how",
	  .kind = MEMBER_TEXT,
	  .at = AT(how),
	  .meaning = "Where they come from: hit (the document in the bucket), "
		     "memory (the last one of this mount) or computed" },
	{ .path = "result.why",
	  .kind = MEMBER_TEXT,
	  .at = AT(why),
	  .meaning = "Why not from the bucket, as in not_cached; null after a "
		     "hit" },
	{ .path = "result.objects",
	  .metric = "dgstatfs_objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(figures.object_count),
	  .meaning = "Deltas and direct objects" },
	{ .path = "result.deltas",
	  .metric = "dgstatfs_delta_objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(figures.delta_objects),
	  .meaning = "Deltas" },
	{ .path = "result.directs",
	  .metric = "dgstatfs_direct_objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(figures.direct_objects),
	  .meaning = "Direct objects" },
	{ .path = "result.original_bytes",
	  .metric = "dgstatfs_original_size_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(figures.total_size),
	  .meaning = "Original size of deltas and direct objects" },
	{ .path = "result.stored_bytes",
	  .metric = "dgstatfs_stored_size_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(figures.compressed_size),
	  .meaning = "Size of deltas and direct objects as stored, and of "
		     "references if there is a delta" },
	{ .path = "result.saved_bytes",
	  .metric = "dgstatfs_saved_size_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(figures.space_saved),
	  .meaning = "Original size less the stored one, or 0" },
	{ .path = "result.saved_ratio",
	  .metric = "dgstatfs_saved_ratio",
	  .kind = MEMBER_RATIO,
	  .at = AT(figures.average_compression_ratio),
	  .meaning = "Saved bytes by original bytes, from 0 to 1" },
	{ .path = "result.sizes",
	  .metric = "dgstatfs_delta_sizes",
	  .kind = MEMBER_COUNT,
	  .at = AT(sizes),
	  .axis = &by_origin,
	  .meaning = "Deltas by where their original size comes from: own "
		     "metadata, those of a sibling, an estimate" },
	{ .path = "result.listed_objects",
	  .metric = "dgstatfs_listed_objects",
	  .kind = MEMBER_COUNT,
	  .at = AT(listed_objects),
	  .meaning = "All objects that are listed, references too" },
	{ .path = "result.listed_bytes",
	  .metric = "dgstatfs_listed_objects_size_sum_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(listed_bytes),
	  .meaning = "Size of all objects that are listed" },
	{ .path = "result.newest_at",
	  .metric = "dgstatfs_last_modified_object_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(newest_at),
	  .meaning = "When the object was modified that was so last, of those "
		     "that are listed" },
	{ .path = "result.newest_bytes",
	  .metric = "dgstatfs_last_modified_object_size_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(newest_bytes),
	  .meaning = "Size of that object; of the largest one, if there are "
		     "several" },
	{ .path = "result.list_seconds",
	  .metric = "dgstatfs_list_duration_seconds",
	  .kind = MEMBER_SECONDS,
	  .at = AT(list_ms),
	  .meaning = "How long that LIST took" },
	{ .path = "result.seconds",
	  .metric = "dgstatfs_result_duration_seconds",
	  .kind = MEMBER_SECONDS,
	  .at = AT(result_ms),
	  .meaning = "Time from the first request to the result" },
	{ .path = "result.requests",
	  .metric = "dgstatfs_result_requests",
	  .kind = MEMBER_COUNT,
	  .at = AT(n_requests),
	  .axis = &by_operation,
	  .meaning = "Requests that the result has cost, retries too but of "
		     "PUTs of the memo; those that others shared count in "
		     "full" },
	{ .path = "result.bytes",
	  .metric = "dgstatfs_result_traffic_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(n_bytes),
	  .axis = &by_operation,
	  .meaning = "Bytes of these requests and of their answers" },
	{ .path = "result.memo.spared",
	  .metric = "dgstatfs_result_memo_spared_heads",
	  .kind = MEMBER_COUNT,
	  .at = AT(memo.n_spared),
	  .meaning = "HEADs that the memo of original sizes has spared it" },
	{ .path = "result.memo.blocks",
	  .metric = "dgstatfs_result_memo_blocks",
	  .kind = MEMBER_COUNT,
	  .at = AT(memo.n_blocks),
	  .meaning = "Blocks that the bucket has, where its index was asked" },
	{ .path = "result.memo.blocks_changed",
	  .metric = "dgstatfs_result_memo_changed_blocks",
	  .kind = MEMBER_COUNT,
	  .at = AT(memo.n_changed),
	  .meaning = "Those that were not in the index" },
	{ .path = "result.memo.records",
	  .metric = "dgstatfs_result_memo_records",
	  .kind = MEMBER_COUNT,
	  .at = AT(memo.n_records),
	  .meaning = "Records of the memo that were read" },
	{ .path = "result.memo.bytes_read",
	  .metric = "dgstatfs_result_memo_read_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(memo.n_read),
	  .meaning = "Bytes of all answers to GETs of the memo, with their "
		     "heads" },
	{ .path = "result.memo.bytes_written",
	  .metric = "dgstatfs_result_memo_written_bytes",
	  .kind = MEMBER_BYTES,
	  .at = AT(memo.written.n_bytes),
	  .meaning = "Bytes of the memo that were to be put into the bucket" },
	{ .path = "result.memo.written_at",
	  .metric = "dgstatfs_result_memo_written_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(memo_written_at),
	  .meaning = "When the memo was written that was read; null: there was "
		     "none, or nobody asked" },
	{ .path = "result.cost",
	  .metric = "dgstatfs_result_cost",
	  .kind = MEMBER_MONEY,
	  .at = AT(price),
	  .meaning = "What these requests cost, by price_list and price_head" },

	{ .path = "results",
	  .metric = "dgstatfs_results_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(n_by_how),
	  .axis = &by_how,
	  .meaning = "Results by where they came from: hit, memory, computed" },
	{ .path = "not_cached",
	  .metric = "dgstatfs_not_cached_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(n_by_why),
	  .axis = &by_why,
	  .meaning = "Results that were no hit, by the reason" },
	{ .path = "failures",
	  .metric = "dgstatfs_failures_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(n_failures),
	  .meaning = "Errors that were given to readers instead of a result; "
		     "those who wait together have one" },
	{ .path = "puts_failed",
	  .metric = "dgstatfs_cache_put_failures_total",
	  .kind = MEMBER_COUNT,
	  .is_counter = true,
	  .at = AT(n_puts_failed),
	  .meaning = "Documents that could not be put into the bucket" },

	{ .path = "error.at",
	  .metric = "dgstatfs_last_failure_timestamp_seconds",
	  .kind = MEMBER_TIME,
	  .at = AT(failed_at),
	  .meaning = "When readers were given an error last" },
	{ .path = "error.errno",
	  .kind = MEMBER_COUNT,
	  .at = AT(code),
	  .meaning = "Its number, as open(2) failed with it" },
	{ .path = "error.reason",
	  .kind = MEMBER_TEXT,
	  .at = AT(reason),
	  .meaning = "That in words" },
	{ .path = "error.status",
	  .kind = MEMBER_COUNT,
	  .at = AT(status),
	  .meaning = "The status of HTTP, if the store refused" },
	{ .path = "error.code",
	  .kind = MEMBER_TEXT,
	  .at = AT(s3_code),
	  .meaning = "The store's word for it" },
	{ .path = "error.request_id",
	  .kind = MEMBER_TEXT,
	  .at = AT(request_id),
	  .meaning = "The store's number of the request" },
	{ .path = "error.message",
	  .kind = MEMBER_TEXT,
	  .at = AT(message),
	  .meaning = "What the log says of it" },
};

static const struct member_part parts[] = {
	{ "progress", AT(has_progress) },
	{ "result", AT(has_result) },
	{ "error", AT(has_failure) },
};

const struct members mode_members = { rows, ARRAY_SIZE(rows), parts,
				      ARRAY_SIZE(parts) };

/* --- the values --- */

/* What remains of `wanted` when `done` of it took so long. */
static int64_t
left_ms(int64_t elapsed_ms, uint64_t done, uint64_t wanted)
{
	if (done == 0 || wanted < done)
		return MEMBER_UNKNOWN;
	return (int64_t)((double)elapsed_ms * (double)(wanted - done) /
			 (double)done);
}

/* Without HEADs it is done when all is listed: as much as the last time, at a guess. */
static uint64_t
expected_objects(const struct mode_state *s, enum mode mode)
{
	bool is_all = !mode_has_heads(mode) ||
		      s->progress.activity == ACTIVITY_COMPARING;

	return is_all && s->result
		       ? (uint64_t)s->result->listed.validation.object_count
		       : 0;
}

static void
fill_progress(struct mode_report *out, const struct mode_state *s,
	      enum mode mode, int64_t now_ms)
{
	const struct counts *c = progress_counts(&s->progress);
	enum activity a = s->progress.activity;
	bool is_probe = a == ACTIVITY_COMPARING;
	bool is_listing = a == ACTIVITY_LISTING || is_probe;
	uint64_t done = is_listing ? c->n_objects : c->n_heads;
	int64_t list_ms = c->began_at_ms ? now_ms - c->began_at_ms : 0;

	out->has_progress = a != ACTIVITY_IDLE;
	out->counts = *c;
	out->elapsed_ms = is_probe ? list_ms : now_ms - s->progress.began_at_ms;
	out->rate = list_ms > 0 ? (int64_t)(done * 1000000 / (uint64_t)list_ms)
				: MEMBER_UNKNOWN;
	out->left_ms = left_ms(list_ms, done,
			       is_listing ? expected_objects(s, mode)
					  : c->n_heads_wanted);
}

static void
fill_cost(struct mode_report *out, const struct cost *cost)
{
	const struct traffic *of[] = { &cost->list, &cost->head, &cost->get,
				       &cost->put };

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		out->n_requests[i] = of[i]->n_requests;
		out->n_bytes[i] = of[i]->n_bytes;
	}
	out->memo = cost->memo;
	out->memo_written_at =
		cost->memo.written_at ? cost->memo.written_at : MEMBER_UNKNOWN;
	out->result_ms = cost->ms;
	out->price = MEMBER_UNKNOWN;
}

static void
fill_result(struct mode_report *out, const struct result *r)
{
	bool is_validated = r->listed.began_at != 0;

	out->has_result = true;
	out->computed_at = r->computed_at;
	/* what lay in the bucket, with detailed=on_refresh, never was */
	out->validated_at = is_validated ? r->listed.began_at : MEMBER_UNKNOWN;
	out->how = result_how_names[r->how];
	out->why = r->why == WHY_NONE ? NULL : result_why_names[r->why];
	out->figures = r->figures;
	out->sizes[0] = r->figures.exact_deltas;
	out->sizes[1] = r->figures.sampled_deltas;
	out->sizes[2] = r->figures.estimated_deltas;
	out->listed_objects = r->listed.validation.object_count;
	out->listed_bytes = r->listed.validation.compressed_size;
	out->newest_at = r->listed.newest.is_known
				 ? r->listed.newest.modified_at
				 : MEMBER_UNKNOWN;
	out->newest_bytes = r->listed.newest.is_known ? r->listed.newest.size
						      : MEMBER_UNKNOWN;
	out->list_ms = is_validated ? r->listed.took_ms : MEMBER_UNKNOWN;
	fill_cost(out, &r->cost);
}

static const char *
text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static void
fill_failure(struct mode_report *out, const struct failure *f)
{
	out->has_failure = true;
	out->failed_at = f->at;
	out->code = f->err.code;
	out->reason = strerror(f->err.code);
	out->status = f->err.status ? f->err.status : MEMBER_UNKNOWN;
	out->s3_code = text_or_null(f->err.word);
	out->request_id = text_or_null(f->err.request_id);
	out->message = f->err.msg;
}

void
mode_report_fill(struct mode_report *out, const struct mode_state *s,
		 enum mode mode, int64_t now_ms)
{
	*out = (struct mode_report){
		.state = activity_names[s->progress.activity],
		.is_up = MEMBER_UNKNOWN,
		.is_running = s->progress.activity != ACTIVITY_IDLE,
		.n_failures = s->n_failures,
		.n_puts_failed = s->n_puts_failed,
	};
	if (s->is_failing || s->result)
		out->is_up = !s->is_failing;
	memcpy(out->n_by_how, s->n_by_how, sizeof(out->n_by_how));
	memcpy(out->n_by_why, s->n_by_why, sizeof(out->n_by_why));
	fill_progress(out, s, mode, now_ms);
	if (s->result)
		fill_result(out, s->result);
	if (s->n_failures > 0)
		fill_failure(out, &s->failure);
}

void
mode_report_set_load(struct mode_report *r, const struct meter_load *load)
{
	if (r->is_running && load->n_waiting > 0 && load->n_running == 0)
		r->state = "retrying";
}

void
mode_report_set_price(struct mode_report *r, const struct mode_state *s,
		      const struct prices *p)
{
	if (s->result && prices_are_known(p))
		r->price = cost_price(&s->result->cost, p);
}

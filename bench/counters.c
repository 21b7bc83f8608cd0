/* SPDX-License-Identifier: MIT */
/*
 * What the store counts, and its rate limit: see counters.h.
 */
#include "config.h"

#include "counters.h"

#include <inttypes.h>

static const char *const class_names[N_CLASSES] = {
	[LIST] = "LIST",     [LIST_V1] = "LIST_V1", [HEAD] = "HEAD",
	[GET] = "GET",	     [PUT] = "PUT",	    [DELETE] = "DELETE",
	[BUCKET] = "BUCKET", [BUCKETS] = "BUCKETS", [OTHER] = "OTHER",
};

void
counters_reset(struct counters *c)
{
	unsigned in_flight = c->in_flight;

	*c = (struct counters){ .in_flight = in_flight,
				.max_in_flight = in_flight };
}

void
counters_begin(struct counters *c, enum request_class k, bool is_refused,
	       uint64_t now_us)
{
	uint64_t second;

	if (!c->since_us)
		c->since_us = now_us;
	c->last_us = now_us;
	c->requests[k]++;
	c->refused += is_refused;
	if (++c->in_flight > c->max_in_flight)
		c->max_in_flight = c->in_flight;
	second = (now_us - c->since_us) / 1000000;
	if (second < N_SECONDS)
		(is_refused ? c->refused_in : c->served_in)[second]++;
}

static void
print_seconds(const unsigned *seconds, unsigned n, struct text *out)
{
	text_str(out, "[");
	for (unsigned i = 0; i < n; i++)
		text_printf(out, "%s%u", i ? ", " : "", seconds[i]);
	text_str(out, "]");
}

void
counters_print(const struct counters *c, struct text *out)
{
	uint64_t seconds = (c->last_us - c->since_us) / 1000000 + 1;
	unsigned n = seconds < N_SECONDS ? (unsigned)seconds : N_SECONDS;

	text_str(out, "{\"requests\": {");
	for (int k = 0; k < N_CLASSES; k++)
		text_printf(out, "%s\"%s\": %" PRIu64, k ? ", " : "",
			    class_names[k], c->requests[k]);
	text_printf(out,
		    "}, \"refused\": %" PRIu64 ", \"listed\": %" PRIu64
		    ", \"bytes\": %" PRIu64 ", \"written\": %" PRIu64 ", "
		    "\"in_flight\": %u, \"max_in_flight\": %u, "
		    "\"seconds\": %.6f, \"served_in\": ",
		    c->refused, c->listed, c->bytes, c->written, c->in_flight,
		    c->max_in_flight, (double)(c->last_us - c->since_us) / 1e6);
	print_seconds(c->served_in, n, out);
	text_str(out, ", \"refused_in\": ");
	print_seconds(c->refused_in, n, out);
	text_str(out, "}\n");
}

void
limit_set(struct limit *l, unsigned rate, uint64_t now_us)
{
	*l = (struct limit){ .rate = rate,
			     .tokens = rate / 10.0,
			     .filled_us = now_us };
}

bool
limit_refuses(struct limit *l, uint64_t now_us)
{
	double most = l->rate / 10.0 > 1 ? l->rate / 10.0 : 1;

	if (!l->rate)
		return false;
	l->tokens += (double)(now_us - l->filled_us) / 1e6 * l->rate;
	l->filled_us = now_us;
	if (l->tokens > most)
		l->tokens = most;
	if (l->tokens < 1)
		return true;
	l->tokens -= 1;
	return false;
}

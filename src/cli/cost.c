/* SPDX-License-Identifier: MIT */
/*
 * What an answer has cost: see cost.h.  Any thread.
 */
#include "config.h"

#include "cli/cost.h"

static void
print_price(FILE *f, const struct cost *cost, const struct prices *prices)
{
	if (prices_are_known(prices))
		fprintf(f, ", costs %.9g",
			(double)cost_price(cost, prices) / 1e9);
}

void
cost_print(FILE *f, const char *bucket, const struct result *r,
	   const struct prices *prices)
{
	const struct cost *cost = &r->cost;

	fprintf(f, "%s: %s", bucket, result_how_names[r->how]);
	if (r->why != WHY_NONE)
		fprintf(f, " (%s)", result_why_names[r->why]);
	fprintf(f,
		": %llu LIST, %llu HEAD, %llu GET, %llu PUT, %llu bytes, "
		"%.2f s",
		(unsigned long long)cost->list.n_requests,
		(unsigned long long)cost->head.n_requests,
		(unsigned long long)cost->get.n_requests,
		(unsigned long long)cost->put.n_requests,
		(unsigned long long)(cost->list.n_bytes + cost->head.n_bytes +
				     cost->get.n_bytes + cost->put.n_bytes),
		(double)cost->ms / 1000);
	if (cost->memo.n_spared > 0)
		fprintf(f, ", %lld HEADs spared by the memo",
			(long long)cost->memo.n_spared);
	print_price(f, cost, prices);
	fputc('\n', f);
}

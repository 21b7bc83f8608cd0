/* SPDX-License-Identifier: MIT */
/*
 * The limit of requests under way: see pace.h.  Net thread only; knows nothing
 * of requests but how they end.
 *
 * Start: four, and one more with each clean answer, which doubles the limit in
 * the time of one request.  That ends with the first window that shows too much.
 * Then the limit grows by one a second, large limits by a thirtieth, and the
 * faster the longer no answer pushes back.  Nothing grows while not even half of
 * the limit is used: nothing would be learnt of the store.
 *
 * Who has used the store before tells how many it took, with the memo that it has left in
 * a bucket: half of that is a better guess than four, and is judged like any limit.
 *
 * Judgement: by the share of the answers that pushed back, over a window.  A
 * small share is no reason to slow down: some stores answer one in a hundred with
 * 500 at any load, and one that limits the rate is used in full only if a few
 * requests are above its limit.  So there is a share below which the limit grows,
 * and one above which it is cut.  A large share is acted on as soon as a round of
 * requests has shown it, and sooner at the start, which goes too far by nature.
 *
 * Cut: to the square of the share that was clean.  In proportion to it would be
 * right if all calls were in the store; but those that were pushed back wait for
 * their next try, so that the share is smaller than the excess, the more so the
 * faster the store.  Answers to what was sent before a cut are not counted: they
 * say nothing of the new limit, and would cut twice for one reason.
 *
 * The share is not all.  A store that limits how many requests it works on at a
 * time refuses the same few calls again and again: whoever comes back from
 * waiting finds the places taken by others of ours, and would be given up in the
 * end, while the share stays small.  So a call that is pushed back twice takes
 * one off the limit, after which a place stays free for it, and each further time
 * takes a tenth.  And when a call that was pushed back three times is to be tried
 * again, none begins for a moment before: whatever it is that is short, some of
 * it is there then.
 *
 * Not below four for a second time: a store that limits the rate and answers at
 * once is left idle when less than four take turns in waiting.  But for the rest
 * down to one, which is what a store with one place needs.
 */
#include "config.h"

#include "s3/pace.h"

#include <utlist.h>

#include "util/date.h"
#include "util/log.h"

#define START 4
#define WINDOW_ANSWERS 100 /* and WINDOW_MS: the longest wait before try two */
#define WINDOW_MS 250
#define HOLD_AFTER 3 /* times that a call was pushed back */
#define HOLD_MS 50
#define STUCK_MS 1000
#define ROUND_ANSWERS 16 /* and as many as the limit */

/* Parts of the answers that pushed back. */
#define GROW_UP_TO 0.02
#define CUT_ABOVE 0.06
#define CUT_AT_ONCE_ABOVE 0.4
#define END_START_ABOVE 0.2

struct pace {
	double limit, most;
	bool is_starting;
	bool was_cut; /* ever: the log has said so */
	bool was_pushed_back; /* ever */
	unsigned round; /* of cuts */
	unsigned n_sent; /* tries under way: `sent`, the oldest first */
	struct pace_call *sent;
	unsigned n_holds; /* calls that others wait for */
	int64_t clean_ms; /* so long no answer has pushed back, in whole windows */
	/* the window: answers to what was sent since the last cut */
	int64_t since_ms;
	unsigned n_clean, n_pushed_back;
	unsigned most_sent;
};

static void
begin_window(struct pace *p)
{
	p->since_ms = date_mono_ms();
	p->n_clean = p->n_pushed_back = 0;
	p->most_sent = p->n_sent;
}

struct pace *
pace_new(unsigned most)
{
	struct pace *p = xnew(struct pace);

	p->most = most;
	p->limit = most < START ? most : START;
	p->is_starting = true;
	begin_window(p);
	return p;
}

void
pace_free(struct pace *p)
{
	free(p);
}

unsigned
pace_limit(const struct pace *p)
{
	return (unsigned)p->limit;
}

void
pace_believe(struct pace *p, unsigned claimed)
{
	double to = claimed / 2 < p->most ? claimed / 2 : p->most;

	if (p->is_starting && !p->was_pushed_back && p->limit < to)
		p->limit = to;
}

unsigned
pace_claim(const struct pace *p, unsigned claimed)
{
	bool is_denied = p->was_cut || claimed < pace_limit(p);

	return is_denied ? pace_limit(p) : claimed;
}

unsigned
pace_n_stuck(const struct pace *p)
{
	int64_t now = date_mono_ms();
	const struct pace_call *c;
	unsigned n = 0;

	DL_FOREACH (p->sent, c) {
		if (now - c->sent_ms < STUCK_MS)
			break;
		n++;
	}
	return n;
}

bool
pace_is_held(const struct pace *p)
{
	return p->n_holds > 0;
}

int64_t
pace_hold_ms(struct pace *p, struct pace_call *c)
{
	if (c->n_pushed_back < HOLD_AFTER || c->is_held_for)
		return 0;
	c->is_held_for = true;
	p->n_holds++;
	return HOLD_MS;
}

void
pace_left(struct pace *p, struct pace_call *c)
{
	p->n_holds -= c->is_held_for;
	c->is_held_for = false;
}

static void
grow(struct pace *p, double by)
{
	if (p->most_sent * 2 < p->limit)
		return;
	p->limit = p->limit + by > p->most ? p->most : p->limit + by;
}

/* At the end of a window of `ms`. */
static void
grow_in_window(struct pace *p, int64_t ms)
{
	double seconds = (double)ms / 1000;
	double a_second = p->limit > 30 ? p->limit / 30 : 1;
	double most = p->limit > 8 ? p->limit / 8 : 1;
	double by = a_second * seconds * (1 + (double)p->clean_ms / WINDOW_MS);

	grow(p, by < most ? by : most);
}

/* Answers to what is under way do not count any more. */
static void
cut(struct pace *p, double to)
{
	unsigned before = pace_limit(p), n = p->n_clean + p->n_pushed_back;

	p->limit = to < 1 ? 1 : to;
	p->round++;
	p->clean_ms = 0;
	if (!p->was_cut)
		log_info(
			"the store pushes back (%u of %u answers): %u requests "
			"at a time, not %u",
			p->n_pushed_back, n, pace_limit(p), before);
	else if (pace_limit(p) != before)
		log_debug("pace: %u of %u answers push back: limit %u, was %u",
			  p->n_pushed_back, n, pace_limit(p), before);
	p->was_cut = true;
}

static void
cut_for_call(struct pace *p, const struct pace_call *c)
{
	if (c->n_pushed_back > 2)
		cut(p, p->limit > 10 ? p->limit * .9 : p->limit - 1);
	else if (c->n_pushed_back == 2 && p->limit > START)
		cut(p, p->limit - 1);
}

static void
adjust(struct pace *p)
{
	unsigned n = p->n_clean + p->n_pushed_back;
	double share = (double)p->n_pushed_back / n;
	double at_once = p->is_starting ? END_START_ABOVE : CUT_AT_ONCE_ABOVE;
	int64_t ms = date_mono_ms() - p->since_ms;
	bool is_round = n >= ROUND_ANSWERS && n >= p->limit;
	bool is_window = n >= WINDOW_ANSWERS && ms >= WINDOW_MS;

	if ((is_round && share > at_once) || (is_window && share > CUT_ABOVE)) {
		p->is_starting = false;
		cut(p, p->limit * (1 - share) * (1 - share));
		begin_window(p);
	} else if (is_window) {
		p->clean_ms = p->n_pushed_back ? 0 : p->clean_ms + ms;
		if (!p->is_starting && share <= GROW_UP_TO)
			grow_in_window(p, ms);
		begin_window(p);
	}
}

void
pace_began(struct pace *p, struct pace_call *c)
{
	if (++p->n_sent > p->most_sent)
		p->most_sent = p->n_sent;
	pace_left(p, c);
	c->round = p->round;
	c->sent_ms = date_mono_ms();
	DL_APPEND(p->sent, c);
}

void
pace_ended(struct pace *p, struct pace_call *c, enum pace_answer answer)
{
	p->n_sent--;
	DL_DELETE(p->sent, c);
	c->n_pushed_back += answer == PACE_PUSHED_BACK;
	if (answer == PACE_NONE || c->round != p->round)
		return;
	if (answer == PACE_CLEAN) {
		p->n_clean++;
		if (p->is_starting)
			grow(p, 1);
	} else {
		p->n_pushed_back++;
		p->was_pushed_back = true;
		cut_for_call(p, c);
	}
	adjust(p);
}

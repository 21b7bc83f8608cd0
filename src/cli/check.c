/* SPDX-License-Identifier: MIT */
/*
 * Statistics judged by ranges: see check.h.  A new metric is a new row.  Any thread.
 */
#include "config.h"

#include "cli/check.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#include "cli/show.h"
#include "util/escape.h"

#define SERVICE "DGSTAT"

const char *const check_state_names[] = {
	[CHECK_OK] = "OK",
	[CHECK_WARNING] = "WARNING",
	[CHECK_CRITICAL] = "CRITICAL",
	[CHECK_UNKNOWN] = "UNKNOWN",
};

bool
check_state_parse(const char *text, enum check_state *out)
{
	for (size_t i = 0; i < N_CHECK_STATES; i++) {
		char number[2] = { (char)('0' + i), '\0' };

		*out = (enum check_state)i;
		if (strcasecmp(text, check_state_names[i]) == 0 ||
		    strcmp(text, number) == 0)
			return true;
	}
	return false;
}

/* --- what is measured --- */

/* A figure; of a ratio the fraction. */
struct measure {
	bool is_known;
	int64_t n; /* exactly, unless it is a ratio */
	double value;
};

static int64_t
number_of(int metric, const struct result *r, int64_t now)
{
	switch (metric) {
	case METRIC_AGE:
		return now > r->computed_at ? now - r->computed_at : 0;
	case METRIC_STORED:
		return r->figures.compressed_size;
	case METRIC_UNRESTORABLE:
		return r->integrity ? r->integrity->of[FLAW_NO_REFERENCE].n : 0;
	case METRIC_ORIGINAL:
		return r->figures.total_size;
	case METRIC_SAVED:
		return r->figures.space_saved;
	case METRIC_OBJECTS:
		return r->figures.object_count;
	default:
		return r->figures.delta_objects;
	}
}

static struct measure
measure(int metric, const struct result *r, int64_t now)
{
	struct measure m = { .is_known = metric != METRIC_UNRESTORABLE ||
					 r->integrity };

	if (metric == METRIC_RATIO) {
		m.value = r->figures.average_compression_ratio;
	} else {
		m.n = number_of(metric, r, now);
		m.value = (double)m.n;
	}
	return m;
}

static const struct metric {
	const char *name;
	enum unit unit;
} metrics[N_METRICS] = {
	[METRIC_RATIO] = { "ratio", UNIT_RATIO },
	[METRIC_AGE] = { "age", UNIT_SECONDS },
	[METRIC_STORED] = { "stored", UNIT_BYTES },
	[METRIC_UNRESTORABLE] = { "unrestorable", UNIT_COUNT },
	[METRIC_ORIGINAL] = { "original", UNIT_BYTES },
	[METRIC_SAVED] = { "saved", UNIT_BYTES },
	[METRIC_OBJECTS] = { "objects", UNIT_COUNT },
	[METRIC_DELTAS] = { "deltas", UNIT_COUNT },
};

static const struct unit_words {
	const char *perfdata;
	const char *maximum;
	const char *example; /* of a range */
} unit_words[N_UNITS] = {
	[UNIT_COUNT] = { "", "", "10, 10:, ~:10, 10:20 or @10:20" },
	[UNIT_BYTES] = { "B", "", "10G, 10G:, ~:10G, 10G:20G or @10G:20G" },
	[UNIT_SECONDS] = { "s", "", "2h, 2h:, ~:2h, 1h:2d or @1h:2d" },
	[UNIT_RATIO] = { "%", "100", "0.9:, 90%:, ~:0.5, 0.5:0.9 or @0:0.5" },
};

static int
metric_find(const char *name, size_t len, struct err *err)
{
	CLEANUP_FREE char *copy = xstrndup(name, len);

	for (int i = 0; i < N_METRICS; i++)
		if (strcmp(copy, metrics[i].name) == 0)
			return i;
	return err_set(err, EINVAL,
		       "there is no metric \"%s\": ratio, age, stored, "
		       "unrestorable, original, saved, objects or deltas",
		       copy);
}

/* --- the rules --- */

/* What ranges without a name are for. */
struct order {
	int metrics[N_METRICS];
	size_t n;
};

static int
order_parse(struct order *out, const char *list, struct err *err)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		int metric = metric_find(list, len, err);

		if (metric < 0)
			return metric;
		if (out->n == N_METRICS)
			return err_set(err, EINVAL, "too many metrics");
		out->metrics[out->n++] = metric;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

/* One METRIC=RANGE or RANGE; *n counts those without a name. */
static int
rule_parse(struct check_rule rules[N_METRICS], const struct order *order,
	   const char *text, size_t *n, struct err *err)
{
	const char *equals = strchr(text, '='),
		   *range = equals ? equals + 1 : text;
	int metric;

	if (equals)
		metric = metric_find(text, (size_t)(equals - text), err);
	else if (*n < order->n)
		metric = order->metrics[(*n)++];
	else
		return err_set(err, EINVAL,
			       "range \"%s\" is for no metric: say METRIC=%s",
			       text, text);
	if (metric < 0)
		return metric;
	rules[metric].is_set =
		range_parse(&rules[metric].range, range, metrics[metric].unit);
	if (rules[metric].is_set)
		return 0;
	return err_set(err, EINVAL, "\"%s\" is not a range of %s like %s",
		       range, metrics[metric].name,
		       unit_words[metrics[metric].unit].example);
}

static int
rules_parse(struct check_rule rules[N_METRICS], const struct order *order,
	    const char *list, struct err *err)
{
	size_t n = 0;

	while (list) {
		size_t len = strcspn(list, ",");
		CLEANUP_FREE char *text = xstrndup(list, len);
		int rc = rule_parse(rules, order, text, &n, err);

		if (rc)
			return rc;
		list = list[len] ? list + len + 1 : NULL;
	}
	return 0;
}

int
check_rules_parse(struct check_rules *out, const char *names,
		  const char *warning, const char *critical, struct err *err)
{
	struct order order = { .n = 0 };
	int rc = order_parse(&order, names ? names : "ratio", err);

	*out = (struct check_rules){ 0 };
	if (rc)
		return err_wrap(err, "-m");
	rc = rules_parse(out->warning, &order, warning, err);
	if (rc)
		return err_wrap(err, "-w");
	rc = rules_parse(out->critical, &order, critical, err);
	return rc ? err_wrap(err, "-c") : 0;
}

/* --- the line --- */

static bool
is_alert(const struct check_rule *rule, const struct measure *m)
{
	return rule->is_set && range_is_alert(&rule->range, m->value);
}

static enum check_state
judge(const struct check_rules *rules, int metric, const struct measure *m)
{
	if (!m->is_known)
		return rules->warning[metric].is_set ||
				       rules->critical[metric].is_set
			       ? CHECK_UNKNOWN
			       : CHECK_OK;
	if (is_alert(&rules->critical[metric], m))
		return CHECK_CRITICAL;
	return is_alert(&rules->warning[metric], m) ? CHECK_WARNING : CHECK_OK;
}

/* In order of what an operator wants to hear first. */
static enum check_state
worse(enum check_state a, enum check_state b)
{
	static const int rank[] = {
		[CHECK_OK] = 0,
		[CHECK_UNKNOWN] = 1,
		[CHECK_WARNING] = 2,
		[CHECK_CRITICAL] = 3,
	};

	return rank[a] >= rank[b] ? a : b;
}

/* As people read it. */
static void
print_age(int64_t s, char out[32])
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (s >= 2 * units[i].s) {
			snprintf(out, 32, "%.1f %s",
				 (double)s / (double)units[i].s, units[i].name);
			return;
		}
	}
	snprintf(out, 32, "%" PRId64 " s", s);
}

static void
print_value(enum unit unit, const struct measure *m, char out[32])
{
	if (!m->is_known)
		strcpy(out, "not known");
	else if (unit == UNIT_RATIO)
		snprintf(out, 32, "%.1f%%", m->value * 100);
	else if (unit == UNIT_BYTES)
		show_size(m->n, out);
	else if (unit == UNIT_SECONDS)
		print_age(m->n, out);
	else
		snprintf(out, 32, "%" PRId64, m->n);
}

static void
print_rule(FILE *f, const struct check_rule *rule, enum unit unit)
{
	char text[RANGE_TEXT_LEN] = "";

	if (rule->is_set)
		range_print(&rule->range, unit, text);
	fprintf(f, ";%s", text);
}

/* label=value[unit];warn;crit;min;max */
static void
print_perfdata(FILE *f, const struct check_rules *rules, int metric,
	       const struct measure *m)
{
	const struct metric *row = &metrics[metric];
	const struct unit_words *words = &unit_words[row->unit];

	if (!m->is_known)
		return;
	if (row->unit == UNIT_RATIO)
		fprintf(f, " %s=%.10g%s", row->name, m->value * 100,
			words->perfdata);
	else
		fprintf(f, " %s=%" PRId64 "%s", row->name, m->n,
			words->perfdata);
	print_rule(f, &rules->warning[metric], row->unit);
	print_rule(f, &rules->critical[metric], row->unit);
	fprintf(f, ";0;%s", words->maximum);
}

/* The worst come first. */
static void
print_values(FILE *f, const struct measure m[N_METRICS],
	     const enum check_state states[N_METRICS])
{
	static const enum check_state order[] = { CHECK_CRITICAL, CHECK_WARNING,
						  CHECK_UNKNOWN, CHECK_OK };
	const char *separator = "";
	char value[32];

	for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
		for (int i = 0; i < N_METRICS; i++) {
			if (states[i] != order[k])
				continue;
			print_value(metrics[i].unit, &m[i], value);
			fprintf(f, "%s%s %s", separator, metrics[i].name,
				value);
			if (states[i] != CHECK_OK)
				fprintf(f, " (%s)",
					check_state_names[states[i]]);
			separator = ", ";
		}
	}
}

enum check_state
check_print(FILE *f, const struct check_rules *rules, const char *bucket,
	    const struct result *r, int64_t now)
{
	struct measure m[N_METRICS];
	enum check_state states[N_METRICS], state = CHECK_OK;

	for (int i = 0; i < N_METRICS; i++) {
		m[i] = measure(i, r, now);
		states[i] = judge(rules, i, &m[i]);
		state = worse(state, states[i]);
	}
	fprintf(f, SERVICE " %s - %s: ", check_state_names[state], bucket);
	print_values(f, m, states);
	fputs(" |", f);
	for (int i = 0; i < N_METRICS; i++)
		print_perfdata(f, rules, i, &m[i]);
	fputc('\n', f);
	return state;
}

void
check_print_failure(FILE *f, enum check_state state, const char *why)
{
	char text[1024];

	escape_text(text, sizeof(text), why, strlen(why));
	for (char *s = text; *s; s++)
		if (*s == '|') /* perfdata would begin */
			*s = '/';
	fprintf(f, SERVICE " %s - %s\n", check_state_names[state], text);
}

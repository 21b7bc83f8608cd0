/* SPDX-License-Identifier: MIT */
/*
 * What --explain has found out, row by row, to be printed for people or, as JSON, for
 * programs.  Foreign bytes are escaped here.  Any thread, one at a time.
 */
#ifndef EXPLAIN_REPORT_H
#define EXPLAIN_REPORT_H

#include "util/base.h"

struct report_row {
	const char
		*section; /* rows of one are added together; lives for ever */
	const char *name;
	const char *value; /* NULL: there is none */
	const char *at; /* who was asked; NULL: nobody in particular */
	const char *label; /* of `detail`, in JSON; lives for ever */
	const char *detail; /* NULL: nothing more is to be said */
	int64_t ms; /* how long it took; -1: no matter */
};

/* {0} at the start. */
struct report {
	struct report_row *rows;
	size_t n_rows;
	char **advice; /* what to do, sentence by sentence */
	size_t n_advice;
	bool has_failed;
};

/* Copies the texts. */
void report_add(struct report *r, const struct report_row *row);
void report_advise(struct report *r, const char *sentence);

void report_print(const struct report *r, FILE *f);
void report_print_json(const struct report *r, FILE *f);

void report_clear(struct report *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Growable text and the encodings of S3.  The store judges dgstatfs, so it
 * shares no code with it.  Running out of memory ends the program.
 */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed is empty.  Not NUL-terminated. */
struct text {
	char *data;
	size_t len;
	size_t size;
};

void text_clear(struct text *t);

/* Room for n more bytes; add to `len` what was used of it. */
char *text_room(struct text *t, size_t n);

void text_add(struct text *t, const char *s, size_t len);
void text_str(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* As encoding-type=url of S3: "/" stays, a space becomes "+". */
void text_uri(struct text *t, const char *s, size_t len);
void text_xml(struct text *t, const char *s, size_t len);
void text_hex(struct text *t, const char *s, size_t len);

/* Decode in place, return the new length; malformed escapes stay. */
size_t uri_undo(char *s, size_t len);
size_t hex_undo(char *s, size_t len);

/* The 16 digits of n, lower case, no NUL. */
void print_hex64(char out[16], uint64_t n);

/* realloc() that does not return NULL. */
void *must_realloc(void *p, size_t n);

#endif

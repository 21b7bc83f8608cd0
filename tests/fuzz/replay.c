/* SPDX-License-Identifier: MIT */
/*
 * Feeds every file of $CORPUS/<target>/ to a fuzz target, where <target> is
 * what follows "replay-" in the name of the program: each crash that was ever
 * found stays fixed, with any compiler.
 */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may have it: what the inputs did not reach; NULL: nothing. */
__attribute__((weak)) const char *replay_complaint(void);

/* The file in a block of exactly its size, so that a sanitizer sees overreads. */
static void
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(f);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		exit(1);
	}
	fclose(f);
	data = realloc(data, size ? (size_t)size : 1);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int
main(int argc, char *argv[])
{
	const char *corpus = getenv("CORPUS");
	const char *name = argc > 0 ? strstr(argv[0], "replay-") : NULL;
	char path[4096];
	const char *complaint;
	struct dirent *e;
	int n = 0;
	DIR *d;

	if (!corpus || !name) {
		fprintf(stderr, "CORPUS is not set\n");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/%s", corpus, name + 7);
	d = opendir(path);
	if (!d) {
		perror(path);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", corpus, name + 7,
			 e->d_name);
		replay(path);
		n++;
	}
	closedir(d);
	printf("%s: %d inputs\n", name + 7, n);
	complaint = replay_complaint ? replay_complaint() : NULL;
	if (complaint) {
		fprintf(stderr, "%s: %s\n", name + 7, complaint);
		return 1;
	}
	return n > 0 ? 0 : 1; /* an empty corpus tests nothing */
}

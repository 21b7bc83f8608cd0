/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an answer of STS: keys that can be sent, or one error.
 */
#include "config.h"

#include <stdint.h>

#include "auth/sts-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct keys *k = NULL;
	int rc;

	if (!data) /* libFuzzer's empty input */
		return 0;
	rc = sts_answer_parse(&k, (const char *)data, size, "fuzz", &err);
	if (rc != -err.code || (rc == 0) != (k != NULL))
		abort();
	if (k && (!*k->access_key || !*k->secret_key))
		abort();
	keys_unref(k);
	return 0;
}

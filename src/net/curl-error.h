/* SPDX-License-Identifier: MIT */
/*
 * Errors of curl as an errno and a sentence, and which of them may pass.
 */
#ifndef NET_CURL_ERROR_H
#define NET_CURL_ERROR_H

#include "net/http-answer.h"

/*
 * Set err and is_retryable of the answer for a transfer that ended with the
 * CURLcode `code`; `os_errno` is its CURLINFO_OS_ERRNO (of the address that was
 * tried last) and `msg` what it wrote to its CURLOPT_ERRORBUFFER, maybe nothing.
 */
void curl_error(struct http_answer *a, int code, int os_errno, const char *msg);

#endif

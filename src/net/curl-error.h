/* SPDX-License-Identifier: MIT */
/*
 * What a failure of curl is to the user, and whether it is worth another try.
 */
#ifndef NET_CURL_ERROR_H
#define NET_CURL_ERROR_H

#include "net/http.h"

/*
 * Set err and is_retryable of the answer for a transfer that ended with the
 * CURLcode `code`; `msg` is what curl wrote to its CURLOPT_ERRORBUFFER, maybe
 * nothing.
 */
void curl_error(struct http_answer *a, int code, const char *msg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a failure of curl is to the user, and whether it is worth another try.
 */
#ifndef DGSTATFS_NET_CURL_ERROR_H
#define DGSTATFS_NET_CURL_ERROR_H

#include <curl/curl.h>

#include "net/http.h"

/*
 * Set err and is_retryable of the answer for a transfer of `easy` that ended with
 * `code`; `msg` is what curl wrote to its CURLOPT_ERRORBUFFER, maybe nothing.
 */
void curl_error(struct http_answer *a, CURL *easy, CURLcode code,
		const char *msg);

#endif

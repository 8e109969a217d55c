// libcurl for Swift: `curl_easy_setopt` and `curl_easy_getinfo` are variadic, which Swift cannot call, so the
// few uses this project has of them are one typed function each.
#ifndef PARLEY_CURL_H
#define PARLEY_CURL_H

#include <curl/curl.h>

typedef size_t (*parley_curl_sink)(char *bytes, size_t size, size_t count, void *context);

CURLcode parley_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode parley_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode parley_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode parley_curl_set_pointer(CURL *handle, CURLoption option, void *value);
// Copies the bytes.
CURLcode parley_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count);
CURLcode parley_curl_set_sink(CURL *handle, CURLoption option, parley_curl_sink sink);
CURLcode parley_curl_get_status(CURL *handle, long *status);
CURLcode parley_curl_get_pointer(CURL *handle, CURLINFO info, void **value);
CURLMcode parley_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);

#endif

/**
 * @file utf8.h
 * Which bytes are text.
 */
#ifndef TSR_UTF8_H
#define TSR_UTF8_H

#include <stdint.h>

/** Local. Bytes of @p text before the first that is no well-formed UTF-8 (no surrogates, no overlong forms); @p n: all
 * of it is. */
int64_t tsr_utf8_bytes(const char *text, int64_t n);

#endif

/**
 * @file fuzz.h
 * What libFuzzer calls, again and again: returns 0, or ends the program.
 */
#ifndef TSR_FUZZ_H
#define TSR_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif

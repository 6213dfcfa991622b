/**
 * @file value/reals.h
 * A struct of nothing but doubles, to and from a bundle.
 */
#ifndef TSR_VALUE_REALS_H
#define TSR_VALUE_REALS_H

#include "tessera/bundle.h"

/** Local. @param bytes  of the struct. @return TSR_OK; TSR_ENOMEM */
tsr_status tsr_reals_save(const void *reals, size_t bytes, const char *description, const char *path,
                          tsr_bundle *bundle) TSR_NODISCARD;

/** Local. @param[out] reals  the caller's. @return TSR_OK; TSR_EDATA: there is none, or of another size */
tsr_status tsr_reals_load(const tsr_bundle *bundle, const char *path, void *reals, size_t bytes) TSR_NODISCARD;

#endif

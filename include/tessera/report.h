/**
 * @file report.h
 * report.html: one self-contained page for people, from segments.json and run.json.
 */
#ifndef TSR_REPORT_H
#define TSR_REPORT_H

#include "tessera/status.h"

/** Local. @return TSR_OK; TSR_ECONF (a language without texts: names those that are there) */
tsr_status tsr_report_language_check(const char *name) TSR_NODISCARD;

/** Local. @param segments, run  JSON texts. @param[out] html  new; tsr_free(). @return TSR_OK; TSR_EDATA; TSR_ENOMEM */
tsr_status tsr_report_html(const char *segments, const char *run, char **html) TSR_NODISCARD;

/** Local. The short summary that ends a run on the terminal, as plain text (UTF-8, at most 100 columns). New. */
tsr_status tsr_report_summary(const char *segments, const char *run, const char *folder, char **text) TSR_NODISCARD;

#endif

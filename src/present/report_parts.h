/**
 * @file report_parts.h
 * The sections of report.html, one function each. A section whose figures are not there writes nothing.
 */
#ifndef TSR_REPORT_PARTS_H
#define TSR_REPORT_PARTS_H

#include "present/page.h"

/** Local. From segments.json and run.json: the head of the page, and what the run has to say. */
void tsr_report_header(tsr_page *page, const json_t *segments, const json_t *run);
void tsr_report_warnings(tsr_page *page, const json_t *run);
void tsr_report_sources(tsr_page *page, const json_t *run);
void tsr_report_stages(tsr_page *page, const json_t *run);

/** Local. From segments.json: the segments and how well they are made. */
void tsr_report_segments(tsr_page *page, const json_t *segments);
void tsr_report_profile(tsr_page *page, const json_t *segments);
void tsr_report_quality(tsr_page *page, const json_t *segments);
void tsr_report_choice(tsr_page *page, const json_t *segments);
void tsr_report_rfm(tsr_page *page, const json_t *segments);
void tsr_report_value(tsr_page *page, const json_t *segments);

#endif

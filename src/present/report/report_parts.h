/**
 * @file report_parts.h
 * The sections of report.html, one function each. A section whose figures are not there writes nothing.
 */
#ifndef TSR_REPORT_PARTS_H
#define TSR_REPORT_PARTS_H

#include "present/view.h"

/** Local. The head of the page, and what the run has to say. */
void tsr_report_header(tsr_view *view);
void tsr_report_warnings(tsr_view *view);
void tsr_report_run(tsr_view *view);

/** Local. Who the segments are: sizes and value, profile, rules, what to do. */
void tsr_report_segments(tsr_view *view);
void tsr_report_profile(tsr_view *view);
void tsr_report_rules(tsr_view *view);
void tsr_report_actions(tsr_view *view);

/** Local. The customers from other sides: recency, frequency and money; value; where they lie. */
void tsr_report_rfm(tsr_view *view);
void tsr_report_value(tsr_view *view);
void tsr_report_validation(tsr_view *view);
void tsr_report_baselines(tsr_view *view);
void tsr_report_tracking(tsr_view *view);
void tsr_report_map(tsr_view *view);

/** Local. How well the segments are made. */
void tsr_report_quality(tsr_view *view);

/** Local. What is to be said against a segment, beside its name. */
void tsr_report_flags(tsr_view *view, const json_t *segment);

/** Local. Which bars are what came, and which what was expected: 16 units high. */
void tsr_report_key(tsr_view *view);

/** Local. Name of a segment by its place in the list. Borrowed. */
const char *tsr_segment_name(const tsr_view *view, size_t segment);

/** Local. Place of the segment with the largest number at @p path; -1: none has one. */
int tsr_segment_with_most(const tsr_view *view, const char *path);

#endif

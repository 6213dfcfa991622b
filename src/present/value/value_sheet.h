/**
 * @file present/value/value_sheet.h
 * Parts of what `tessera value` prints.
 */
#ifndef TSR_VALUE_SHEET_H
#define TSR_VALUE_SHEET_H

#include "present/text_sheet.h"

/** Local. How a fit of the calibration period did afterwards: `validation` of the value models. @param currency  of
 * money; empty: not said */
void tsr_sheet_validation(tsr_sheet *sheet, const json_t *validation, const char *currency);

#endif

#include "present/report_parts.h"

/* What to do with each segment: the row of the playbook that most of its customers match. */
void tsr_report_actions(tsr_view *view)
{
    (void)view;
}

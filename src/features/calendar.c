#include "tessera/calendar.h"

#include "features/history.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"

#define DAY_SECONDS  86400
#define READ_RECORDS ((int64_t)1 << 20) /* about so many at a time */

static void count_customer(const tsr_window *window, const int32_t *day, int64_t n, tsr_calendar *calendar)
{
    if (n == 0 || (window->calibrated && day[0] > window->calibration_day)) return;
    calendar->births[day[0] - calendar->first_day]++;
    for (int64_t i = 1; i < n; i++) calendar->repeats[day[i] - calendar->first_day]++;
}

static tsr_status count_block(const tsr_window *window, const tsr_block *block, int32_t **day, tsr_calendar *calendar)
{
    tsr_status st = tsr_resize(day, block->offset[block->customers] + 1, sizeof **day);

    for (int64_t i = 0; st == TSR_OK && i < block->customers; i++)
        count_customer(window, *day, tsr_history_days(window, block, i, *day), calendar);
    return st;
}

static tsr_status count_rows(const tsr_window *window, const tsr_dataset *dataset, const tsr_span *dealt,
                             tsr_calendar *calendar)
{
    const tsr_dataset_info *about = tsr_dataset_about(dataset);
    int64_t step = READ_RECORDS / (1 + about->transactions / (about->customers > 0 ? about->customers : 1));
    tsr_block block = {0};
    int32_t *day = NULL;
    tsr_status st = TSR_OK;

    step = step < 1 ? 1 : step > TSR_BLOCK_ROWS ? TSR_BLOCK_ROWS : step;
    for (int64_t at = 0; at < dealt->rows; at += step) {
        int64_t rows = dealt->rows - at < step ? dealt->rows - at : step;
        TSR_TRY(tsr_dataset_read(dataset, dealt->first + at, rows, TSR_READ_TIME | TSR_READ_AMOUNT, &block));
        TSR_TRY(count_block(window, &block, &day, calendar));
    }
done:
    tsr_free(&day);
    tsr_block_clear(&block);
    return st;
}

tsr_status tsr_calendar_run(const tsr_comm *comm, const tsr_observation *observation, const tsr_dataset *dataset,
                            tsr_calendar *calendar)
{
    const tsr_dataset_info *about = tsr_dataset_about(dataset);
    const tsr_window window = tsr_window_of(observation, about);
    tsr_span dealt;
    tsr_status st;

    *calendar = (tsr_calendar){.first_day = about->time_first / DAY_SECONDS};
    calendar->days = window.end_day >= calendar->first_day ? window.end_day - calendar->first_day + 1 : 0;
    TSR_TRY(tsr_dataset_deal(comm, dataset, &dealt));
    TSR_AGREE(comm, tsr_alloc(&calendar->births, calendar->days, sizeof *calendar->births));
    TSR_AGREE(comm, tsr_alloc(&calendar->repeats, calendar->days, sizeof *calendar->repeats));
    TSR_AGREE(comm, count_rows(&window, dataset, &dealt, calendar));
    tsr_sum_int64(comm, calendar->births, calendar->days);
    tsr_sum_int64(comm, calendar->repeats, calendar->days);
done:
    return st;
}

void tsr_calendar_clear(tsr_calendar *calendar)
{
    tsr_free(&calendar->repeats);
    tsr_free(&calendar->births);
}

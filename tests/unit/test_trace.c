#include "unit_test.h"

#include <string.h>

#include "tessera/interrupt.h"
#include "tessera/trace.h"

static void nothing_is_recorded_unless_asked(void **state)
{
    int64_t n = -1;

    (void)state;
    tsr_trace_add(TSR_SPAN_STAGE, "stage", tsr_seconds());
    tsr_trace_spans(&n);
    assert_int_equal(n, 0);
}

static void spans_stand_in_the_order_of_their_ends(void **state)
{
    int64_t n = -1;

    (void)state;
    assert_int_equal(tsr_trace_record(16), TSR_OK);
    const double began = tsr_seconds();
    tsr_trace_add(TSR_SPAN_STEP, "inner", began + 1e-9);
    tsr_trace_add(TSR_SPAN_STAGE, "outer", began);
    const tsr_trace_span *span = tsr_trace_spans(&n);
    assert_int_equal(n, 2);
    assert_string_equal(span[0].name, "inner");
    assert_string_equal(span[1].name, "outer");
    assert_true(span[1].began == began && span[1].ended >= span[0].ended);
    tsr_trace_stop();
    tsr_trace_add(TSR_SPAN_STAGE, "late", began);
    tsr_trace_spans(&n);
    assert_int_equal(n, 2);
    assert_int_equal(tsr_trace_record(0), TSR_OK);
}

/* A thousand short waits and ten long ones in a room for 64: the long ones and the stages are what is left. */
static void short_spans_give_way_when_room_runs_out(void **state)
{
    int64_t n, stages = 0, longs = 0;

    (void)state;
    assert_int_equal(tsr_trace_record(64), TSR_OK);
    for (int i = 0; i < 1000; i++) {
        tsr_trace_add(TSR_SPAN_WAIT, "short", tsr_seconds() - 1e-5);
        if (i % 100 == 0) tsr_trace_add(TSR_SPAN_WAIT, "long", tsr_seconds() - 1000);
        if (i % 200 == 0) tsr_trace_add(TSR_SPAN_STAGE, "stage", tsr_seconds());
    }
    const tsr_trace_span *span = tsr_trace_spans(&n);
    assert_true(n <= 64);
    for (int64_t i = 0; i < n; i++) {
        longs += strcmp(span[i].name, "long") == 0;
        stages += strcmp(span[i].name, "stage") == 0;
    }
    assert_int_equal(longs, 10);
    assert_int_equal(stages, 5);
    assert_int_equal(n + tsr_trace_forgotten(), 1015);
    assert_int_equal(tsr_trace_record(0), TSR_OK);
}

static void room_is_never_exceeded_by_stages_alone(void **state)
{
    int64_t n;

    (void)state;
    assert_int_equal(tsr_trace_record(16), TSR_OK);
    for (int i = 0; i < 100; i++) tsr_trace_add(TSR_SPAN_STAGE, i == 99 ? "last" : "stage", tsr_seconds());
    const tsr_trace_span *span = tsr_trace_spans(&n);
    assert_true(n <= 16);
    assert_string_equal(span[n - 1].name, "last");
    assert_int_equal(tsr_trace_record(0), TSR_OK);
}

static void bytes_beyond_32_bits_are_counted(void **state)
{
    (void)state;
    int64_t before = tsr_bytes_moved(TSR_BYTES_SENT);
    for (int i = 0; i < 3; i++) tsr_bytes_add(TSR_BYTES_SENT, INT32_MAX);
    assert_true(tsr_bytes_moved(TSR_BYTES_SENT) - before == 3 * (int64_t)INT32_MAX);
    assert_true(tsr_bytes_moved(TSR_BYTES_READ) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_recorded_unless_asked),
        cmocka_unit_test(spans_stand_in_the_order_of_their_ends),
        cmocka_unit_test(short_spans_give_way_when_room_runs_out),
        cmocka_unit_test(room_is_never_exceeded_by_stages_alone),
        cmocka_unit_test(bytes_beyond_32_bits_are_counted),
    };
    return RUN_UNIT_TESTS(tests);
}

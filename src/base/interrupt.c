#include "tessera/interrupt.h"

#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t asked;
static double deadline = INFINITY;

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

double tsr_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void tsr_interrupt_install(double seconds_limit)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    deadline = seconds_limit > 0 ? tsr_seconds() + seconds_limit : INFINITY;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool tsr_interrupt_wanted(void)
{
    return asked || tsr_seconds() >= deadline;
}

void tsr_interrupt_clear(void)
{
    asked = 0;
    deadline = INFINITY;
}

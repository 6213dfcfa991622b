/*
 * The reader of job files against any bytes: no crash, no memory left over, and a failure says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/job/job_parts.h"
#include "fuzz.h"
#include "tessera/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);
    tsr_yaml yaml = {0};

    if (text == NULL) return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    tsr_status st = tsr_yaml_read(&yaml, "job.yaml", text);
    bool told = st == TSR_OK || tsr_error_last()->text[0] != '\0';
    tsr_yaml_clear(&yaml);
    tsr_error_clear();
    free(text);
    if (told && tsr_memory_blocks() == 0) return 0;
    fprintf(stderr, "fuzz_job: a failure without a text, or memory left over\n");
    abort();
}

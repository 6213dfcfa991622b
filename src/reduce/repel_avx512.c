#define NAME tsr_repel_avx512
#define ROWS 4
#include "reduce/repel_kernel.h"

#define NAME tsr_repel_avx2
#define ROWS 1
#include "reduce/repel_kernel.h"

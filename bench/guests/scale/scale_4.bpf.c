// SPDX-License-Identifier: MIT
/* 4 programs, 16 maps and 2 buffers. */
#define EACH_PROGRAM EACH_1
#define EACH_MAP EACH_2
#define EACH_BUFFER(M) M(b0) M(b1)
#include "scale.bpf.h"

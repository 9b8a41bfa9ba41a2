// SPDX-License-Identifier: MIT
/* 16 programs, 64 maps and 5 buffers. */
#define EACH_PROGRAM EACH_2
#define EACH_MAP EACH_3
#define EACH_BUFFER(M) M(b0) M(b1) M(b2) M(b3) M(b4)
#include "scale.bpf.h"

// SPDX-License-Identifier: MIT
/* 64 programs, 256 maps and 10 buffers. */
#define EACH_PROGRAM EACH_3
#define EACH_MAP EACH_4
#define EACH_BUFFER(M) M(b0) M(b1) M(b2) M(b3) M(b4) M(b5) M(b6) M(b7) M(b8) M(b9)
#include "scale.bpf.h"

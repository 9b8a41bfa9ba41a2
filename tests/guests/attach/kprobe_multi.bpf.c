// SPDX-License-Identifier: MIT
#include "count.h"

COUNTER("kprobe.multi/do_nanosle*", kprobe_multi, 0)

// SPDX-License-Identifier: MIT
#include "count.h"

COUNTER("fexit/do_nanosleep", fexit, 0)

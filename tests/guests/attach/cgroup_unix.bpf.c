// SPDX-License-Identifier: MIT
/* Must be loaded alone: kernels before 6.7, without this attach type, refuse the whole object. */
#include "count.h"

COUNTER("cgroup/connect_unix", connect_unix, 1)

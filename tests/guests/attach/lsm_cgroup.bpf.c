// SPDX-License-Identifier: MIT
/* Has to be loaded by itself: kernels without this kind refuse the whole object. */
#include "count.h"

COUNTER("lsm_cgroup/socket_bind", lsm_cgroup, 1)

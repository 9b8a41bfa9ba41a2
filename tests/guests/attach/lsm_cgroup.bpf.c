// SPDX-License-Identifier: MIT
/* Must be loaded alone: kernels without this program type refuse the whole object. */
#include "count.h"

COUNTER("lsm_cgroup/socket_bind", lsm_cgroup, 1)

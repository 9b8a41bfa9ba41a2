// SPDX-License-Identifier: MIT
/* Must be loaded alone: kernels without this program type refuse the whole object. */
#include "count.h"

COUNTER("fsession/do_nanosleep", fsession, 0)

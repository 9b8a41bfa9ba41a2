// SPDX-License-Identifier: MIT
/* Has to be loaded by itself: kernels without this kind refuse the whole object. */
#include "count.h"

COUNTER("fsession/do_nanosleep", fsession, 0)

// SPDX-License-Identifier: MIT
#include "count.h"

COUNTER("fentry/do_nanosleep", fentry, 0)

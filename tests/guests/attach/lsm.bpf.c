// SPDX-License-Identifier: MIT
#include "count.h"

COUNTER("lsm/file_open", lsm, 0)

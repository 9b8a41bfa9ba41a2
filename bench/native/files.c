// SPDX-License-Identifier: MIT
/* The measured guest as a native program. */
#include "../guests/files/files.c"

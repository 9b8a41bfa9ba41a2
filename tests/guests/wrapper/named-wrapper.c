// SPDX-License-Identifier: MIT
/* The same under other names. */
#define WRAPPER "my-host"
#define CALLBACK "my-callback"
#include "wrapper.c"

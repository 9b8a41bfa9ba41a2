// SPDX-License-Identifier: MIT
/* Variant of wrapper.c with other names. */
#define WRAPPER "my-host"
#define CALLBACK "my-callback"
#include "wrapper.c"

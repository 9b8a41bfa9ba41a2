// SPDX-License-Identifier: MIT
/* Kprobes: every kernel loads them, and kernels with kprobes attach them. */
#include "count.h"

COUNTER("kprobe/do_nanosleep", kprobe, 0)
COUNTER("kretprobe/do_nanosleep", kretprobe, 0)
COUNTER("ksyscall/clock_nanosleep", ksyscall, 0)
COUNTER("kprobe/no_such_function", no_such_kprobe, 0)

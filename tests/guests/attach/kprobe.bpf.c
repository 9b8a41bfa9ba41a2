// SPDX-License-Identifier: MIT
/* Kprobes: loaded by every kernel, attached by those that have them. */
#include "count.h"

COUNTER("kprobe/do_nanosleep", kprobe, 0)
COUNTER("kretprobe/do_nanosleep", kretprobe, 0)
COUNTER("ksyscall/clock_nanosleep", ksyscall, 0)
COUNTER("kprobe/no_such_function", no_such_kprobe, 0)

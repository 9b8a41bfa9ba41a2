// SPDX-License-Identifier: MIT
/* Apart from trace.bpf.c, which has programs that Linux 5.10 refuses. */
#include "count.h"

COUNTER("tp_btf/sched_process_exec", tp_btf, 0)

// SPDX-License-Identifier: MIT
/* Sections with paths to other places instead of tracepoint names. */
#include "count.h"

COUNTER("tp/sched/../../../../../dev/wasm-bpf-trap", out, 0)
COUNTER("tracepoint/../../../../dev/wasm-bpf-trap", out_at_once, 0)
COUNTER("tp//dev/wasm-bpf-trap", absolute, 0)
COUNTER("tp/sched/./wasm-bpf-trap", three_parts, 0)
COUNTER("tp/wasm-bpf-trap", one_part, 0)
COUNTER("tp/sched/", no_name, 0)

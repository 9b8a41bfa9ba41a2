/* SPDX-License-Identifier: MIT */
/* nanosleep() that gives global variables to the programs before and reads them afterwards. */
#include_next <time.h>

#ifndef WASM_BPF_COMPAT_TIME_H
#define WASM_BPF_COMPAT_TIME_H

#include <bpf/libbpf_exchange.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Sleeps. @return 0; -1 with EINTR, after SIGINT's handler, when Ctrl-C ended it */
static inline int libbpf_wasm_nanosleep(const struct timespec *span, struct timespec *left)
{
	const long long wanted = span->tv_sec * 1000000000LL + span->tv_nsec;
	struct timespec start, end;
	long long slept;

	libbpf_wasm_give_variables();
	clock_gettime(CLOCK_MONOTONIC, &start);
	nanosleep(span, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	libbpf_wasm_take_variables();
	slept = (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec;
	if (slept >= wanted)
		return 0;
	if (left) {
		left->tv_sec = (time_t)((wanted - slept) / 1000000000LL);
		left->tv_nsec = (long)((wanted - slept) % 1000000000LL);
	}
	libbpf_wasm_interrupted();
	errno = EINTR;
	return -1;
}
#define nanosleep(span, left) libbpf_wasm_nanosleep(span, left)

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_TIME_H */

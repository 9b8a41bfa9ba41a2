/* SPDX-License-Identifier: MIT */
/* Counters that the eBPF half writes and the guest reads. */
#ifndef PLUGIN_H
#define PLUGIN_H

/* Elements of the per-CPU array `counts`. */
enum count {
	COUNT_SWITCHES,
	COUNT_WAKEUPS,
	COUNT_SYSCALLS,
	COUNT_FORKS,
	COUNTS,
};

#endif /* PLUGIN_H */

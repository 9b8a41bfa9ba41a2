/* SPDX-License-Identifier: MIT */
/*
 * Handlers of signals. The host does not send any: when Ctrl-C (or a time-out) has ended a poll or
 * a sleep, the handler of SIGINT runs before the call returns. Link with -lwasi-emulated-signal.
 */
#ifndef WASM_BPF_COMPAT_SIGNAL_H
#define WASM_BPF_COMPAT_SIGNAL_H

#ifndef _WASI_EMULATED_SIGNAL
#define _WASI_EMULATED_SIGNAL
#endif
#include_next <signal.h>

#include <bpf/libbpf_common.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void libbpf_wasm_raise(void)
{
	raise(SIGINT);
}

/** @brief Installs a handler; only that of SIGINT is ever called, by polls and sleeps. */
static inline void (*libbpf_wasm_signal(int number, void (*handler)(int)))(int)
{
	if (number == SIGINT)
		libbpf_wasm_on_interrupt =
		    handler == SIG_DFL || handler == SIG_IGN ? NULL : libbpf_wasm_raise;
	return signal(number, handler);
}
#define signal(number, handler) libbpf_wasm_signal(number, handler)

#ifndef SIG_BLOCK
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#endif
#define SA_RESTART 0x10000000
#define SA_SIGINFO 4

#include <__typedef_sigset_t.h>

struct sigaction {
	void (*sa_handler)(int);
	sigset_t sa_mask;
	int sa_flags;
};

/** @brief As signal(). @return 0; -1 with EINVAL for a handler with siginfo_t */
static inline int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	if (old)
		memset(old, 0, sizeof(*old));
	if (action && action->sa_flags & SA_SIGINFO) {
		errno = EINVAL;
		return -1;
	}
	return action && libbpf_wasm_signal(number, action->sa_handler) == SIG_ERR ? -1 : 0;
}

/* Sets are empty: nothing can be blocked. */
static inline int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

static inline int sigaddset(sigset_t *set, int number)
{
	(void)set;
	(void)number;
	errno = ENOSYS;
	return -1;
}

static inline int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how;
	(void)set;
	(void)old;
	errno = ENOSYS;
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_SIGNAL_H */

// SPDX-License-Identifier: MIT
/* Signals and the time limit of a process whose main job is one guest. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Exit code after the time limit, as in timeout(1). */
#define EXIT_TIMED_OUT 124

static const int signals[] = {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGXFSZ};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static struct sigaction former[SIGNAL_COUNT];
static bool taken[SIGNAL_COUNT];
static _Atomic(struct shim_interrupt *) listener;
static atomic_bool asked;
static atomic_bool timed_out;

#define NOTICE_SIGNAL SIGRTMIN
static timer_t notice_timer;
static struct sigaction former_notice;
static atomic_bool has_notice_timer;

/* ---- loads: system calls that take no signal, for as long as the kernel works -----------------
 */

/*
 * The thread that takes signals while another loads. The kernel gives a signal to the main thread
 * where that takes it, which it does at the end of its system call only.
 */
static pthread_t taker;
static bool is_taking;
static int taker_fd = -1;
static sigset_t before_load;
static atomic_bool was_cut;

static void *take_signals(void *unused)
{
	struct pollfd ended = {.fd = taker_fd, .events = POLLIN};

	(void)unused;
	while (ppoll(&ended, 1, NULL, NULL) < 0 && errno == EINTR)
		;
	return NULL;
}

static void fill_with_ours(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (taken[i] && signals[i] != SIGXFSZ)
			sigaddset(set, signals[i]);
	}
}

void shim_signals_begin_load(void)
{
	sigset_t ours, blocked;

	/* The broker's thread takes none, and the one that waits for it takes all. */
	if (!atomic_load(&listener) || is_taking || pthread_sigmask(SIG_BLOCK, NULL, &blocked) ||
	    sigismember(&blocked, SIGINT))
		return;
	taker_fd = eventfd(0, EFD_CLOEXEC);
	if (taker_fd < 0)
		return;
	fill_with_ours(&ours);
	/* The taker is made while they are not blocked: it inherits that. */
	is_taking = !pthread_create(&taker, NULL, take_signals, NULL);
	if (is_taking)
		pthread_sigmask(SIG_BLOCK, &ours, &before_load);
	else
		close(taker_fd);
}

void shim_signals_end_load(void)
{
	const uint64_t one = 1;

	if (!is_taking)
		return;
	pthread_sigmask(SIG_SETMASK, &before_load, NULL);
	if (write(taker_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(taker, NULL);
	close(taker_fd);
	is_taking = false;
}

void shim_signals_note_cut(void)
{
	if (atomic_load(&timed_out))
		atomic_store(&was_cut, true);
}

int32_t shim_signals__was_cut(void)
{
	return atomic_load(&was_cut);
}

/* Ends as an unhandled signal would, so that a shell that waits for us sees what happened. */
static void end_by_signal(int number)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	shim_doing_write("ended");
	sigaction(number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	/* Process 1 of a container is not ended by a signal it does not handle. */
	_exit(128 + number);
}

/*
 * Explains, a second after Ctrl-C, why nothing has happened: the guest may be at work that cannot
 * be interrupted. Only on a terminal, where the timer was created.
 */
static void on_waiting(int number)
{
	static const char text[] =
	    "wasm-bpf: waiting for the module to finish; press Ctrl-C again to "
	    "end it at once\n";
	int saved = errno;

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		errno = saved;
	errno = saved;
}

static void announce(void)
{
	const struct itimerspec second = {.it_value.tv_sec = 1};

	if (atomic_load(&has_notice_timer))
		timer_settime(notice_timer, 0, &second, NULL);
}

static void prepare_notice(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = NOTICE_SIGNAL};
	struct sigaction action = {.sa_handler = on_waiting, .sa_flags = SA_RESTART};

	if (!isatty(STDERR_FILENO) || timer_create(CLOCK_MONOTONIC, &event, &notice_timer))
		return;
	sigaction(NOTICE_SIGNAL, &action, &former_notice);
	atomic_store(&has_notice_timer, true);
}

static void forget_notice(void)
{
	if (!atomic_exchange(&has_notice_timer, false))
		return;
	timer_delete(notice_timer);
	sigaction(NOTICE_SIGNAL, &former_notice, NULL);
}

/*
 * The time limit does not count as a second Ctrl-C: a guest that is about to finish because of the
 * first keeps its grace.
 */
static void on_signal(int number)
{
	struct shim_interrupt *interrupt = atomic_load(&listener);
	int saved = errno;

	if (number == SIGUSR1) {
		if (interrupt)
			shim_interrupt__attend(interrupt);
		errno = saved;
		return;
	}
	if (number == SIGALRM) {
		if (atomic_exchange(&timed_out, true)) {
			shim_doing_write("timed out");
			_exit(EXIT_TIMED_OUT);
		}
	} else if (atomic_exchange(&asked, true) || atomic_load(&timed_out)) {
		end_by_signal(number);
	}
	if (interrupt) {
		int32_t none = 0;

		if (number == SIGALRM)
			atomic_store(&interrupt->is_out_of_time, true);
		atomic_compare_exchange_strong(&interrupt->cause, &none, number);
		shim_interrupt__raise(interrupt);
	}
	announce();
	errno = saved;
}

static void take_signal(int number)
{
	/* Restarts what other threads of the process are at; our own waits are never restarted. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	/* A write beyond what a file may have (ulimit -f) is EFBIG to the guest, and not our end.
	 */
	if (number == SIGXFSZ)
		action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (signals[i] != number || taken[i])
			continue;
		sigaction(number, NULL, &former[i]);
		/* Started with nohup(1) or in the background of a script: stay so. */
		if (former[i].sa_handler == SIG_IGN && number != SIGALRM)
			continue;
		taken[i] = true;
		sigaction(number, &action, NULL);
	}
}

static void stop_listening(struct shim_interrupt *interrupt)
{
	if (atomic_load(&listener) == interrupt)
		shim_signals__uninstall();
}

int32_t shim_signals__install(struct shim_interrupt *interrupt)
{
	if (atomic_load(&listener))
		return -EALREADY;
	asked = false;
	timed_out = false;
	was_cut = false;
	atomic_store(&listener, interrupt);
	atomic_store(&interrupt->before_free, stop_listening);
	take_signal(SIGINT);
	take_signal(SIGTERM);
	take_signal(SIGXFSZ);
	prepare_notice();
	return 0;
}

int32_t shim_signals__block_file_size(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int32_t shim_signals__attend_usr1(void)
{
	take_signal(SIGUSR1);
	return 0;
}

int32_t shim_signals__schedule(uint32_t after_ms, uint32_t grace_ms)
{
	struct itimerval timer = {
	    .it_value = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000},
	    .it_interval = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000},
	};

	take_signal(SIGALRM);
	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

void shim_signals__end_by(int32_t number)
{
	end_by_signal(number);
}

void shim_signals__uninstall(void)
{
	const struct itimerval none = {0};

	setitimer(ITIMER_REAL, &none, NULL);
	forget_notice();
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (taken[i])
			sigaction(signals[i], &former[i], NULL);
		taken[i] = false;
	}
	atomic_store(&listener, NULL);
}

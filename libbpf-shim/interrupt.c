// SPDX-License-Identifier: MIT
/*
 * Signals while a guest runs. The handler writes to an eventfd that every wait watches, so a signal
 * just before a wait, or on another thread, is not missed.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* timeout(1)'s code for a command that was ended because its time was over. */
#define EXIT_TIMED_OUT 124

static const int signals[] = {SIGINT, SIGTERM, SIGALRM};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static struct sigaction former[SIGNAL_COUNT];
static bool installed;
static int event_fd = -1;
static volatile sig_atomic_t seen;
/* Cut a sleep short, and is still to be taken. */
static bool deferred;

static void announce(void)
{
	const uint64_t one = 1;

	/* Fails only when the counter is full, and then it is readable already. */
	if (write(event_fd, &one, sizeof(one)) < 0)
		return;
}

/* Ends as an unhandled signal would, so that a shell that waits for us sees what happened. */
static void end_by_signal(int number)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	if (number == SIGALRM)
		_exit(EXIT_TIMED_OUT);
	sigaction(number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	/* Process 1 of a container is not ended by a signal it does not handle. */
	_exit(128 + number);
}

static void on_signal(int number)
{
	int saved = errno;

	if (seen)
		end_by_signal(number);
	seen = 1;
	announce();
	errno = saved;
}

int32_t shim_interrupt__install(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (installed)
		return -EALREADY;
	if (event_fd < 0)
		event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return -errno;
	seen = 0;
	shim_interrupt_take();
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		sigaction(signals[i], NULL, &former[i]);
		/* Started with nohup(1) or in the background of a script: stay so. */
		if (former[i].sa_handler != SIG_IGN || signals[i] == SIGALRM)
			sigaction(signals[i], &action, NULL);
	}
	installed = true;
	return 0;
}

int32_t shim_interrupt__schedule(uint32_t after_ms, uint32_t grace_ms)
{
	struct itimerval timer = {
	    .it_value = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000},
	    .it_interval = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000},
	};

	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

void shim_interrupt__raise(void)
{
	if (event_fd >= 0)
		announce();
}

void shim_interrupt__uninstall(void)
{
	const struct itimerval none = {0};

	if (!installed)
		return;
	setitimer(ITIMER_REAL, &none, NULL);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaction(signals[i], &former[i], NULL);
	installed = false;
}

static bool take_announced(void)
{
	uint64_t count;

	return event_fd >= 0 && read(event_fd, &count, sizeof(count)) == sizeof(count);
}

int shim_interrupt_take(void)
{
	bool pending = take_announced() || deferred;

	deferred = false;
	return pending ? -EINTR : 0;
}

void shim_interrupt_defer(void)
{
	deferred = true;
}

int64_t shim_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int shim_interrupt_wait(int fd, int64_t timeout_ns)
{
	int64_t deadline = timeout_ns < 0 ? 0 : shim_now_ns() + timeout_ns;
	struct pollfd fds[] = {{.fd = event_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

	for (;;) {
		struct timespec left = {.tv_sec = timeout_ns / 1000000000,
					.tv_nsec = timeout_ns % 1000000000};
		int ready = ppoll(fds, 2, timeout_ns < 0 ? NULL : &left, NULL);

		if (ready >= 0)
			return take_announced() ? -EINTR : ready > 0;
		if (errno != EINTR)
			return -errno;
		/* Ours has filled the eventfd by now; any other signal only costs the time it took.
		 */
		if (timeout_ns >= 0) {
			timeout_ns = deadline - shim_now_ns();
			if (timeout_ns < 0)
				timeout_ns = 0;
		}
	}
}

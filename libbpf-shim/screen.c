// SPDX-License-Identifier: MIT
/*
 * The terminal of a screen that is redrawn, and its keys. A child of this process keeps the
 * terminal's modes: a confined thread may not change them, and the child restores them after every
 * end of its parent, SIGKILL included, and while the job is stopped.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "tracing.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Alternate screen without a cursor, and back (xterm's 1049, DECTCEM); bold and colors end. */
#define ENTER "\x1b[?1049h\x1b[?25l"
#define LEAVE "\x1b[0m\x1b[?25h\x1b[?1049l"

/* Looks at whether the job is in the foreground again: a shell need not send SIGCONT for that. */
#define LOOK_MS 200
/* The child obeys at once; a machine under load takes longer. */
#define END_MS 2000
#define PAUSE_MS 2

/* Orders to the child. */
#define ORDER_END 'e'
#define ORDER_GIVE 'g'
#define ORDER_TAKE 't'

/* Shared by both processes. */
struct state {
	/* Set by the parent: the alternate screen is in use. */
	_Atomic uint32_t entered;
	/* Set by the child: changes of what the terminal shows; odd while it is not ours. */
	_Atomic uint32_t turns;
};

struct shim_screen {
	struct state *state;
	bool has_keys;
	/* Orders; the end of this process ends the child as well. */
	int order;
	/* At its end once the child has ended. */
	int ended;
	struct sigaction former_input, former_stop;
};

/* ---- the child: only functions that are safe after fork(2) ------------------------------------
 */

static volatile sig_atomic_t was_continued;

static void on_continued(int number)
{
	(void)number;
	was_continued = 1;
}

struct keeper {
	struct state *state;
	bool has_keys;
	struct termios before, keys;
	bool is_wanted, is_applied;
};

static void put(const char *text)
{
	ssize_t length = write(STDOUT_FILENO, text, strlen(text));

	(void)length;
}

/* Takes the terminal, unless the job is in the background. */
static void apply(struct keeper *keeper)
{
	if (!keeper->is_wanted || keeper->is_applied || tcgetpgrp(STDOUT_FILENO) != getpgrp())
		return;
	if (keeper->has_keys && !tcgetattr(STDIN_FILENO, &keeper->before))
		tcsetattr(STDIN_FILENO, TCSANOW, &keeper->keys);
	if (atomic_load(&keeper->state->entered))
		put(ENTER);
	keeper->is_applied = true;
	atomic_fetch_add(&keeper->state->turns, 1);
}

/* Gives the terminal back; modes that a shell has set by now are left. */
static void restore(struct keeper *keeper, bool leaves)
{
	struct termios now;

	if (!keeper->is_applied)
		return;
	keeper->is_applied = false;
	if (leaves && atomic_load(&keeper->state->entered))
		put(LEAVE);
	if (keeper->has_keys && !tcgetattr(STDIN_FILENO, &now) &&
	    now.c_lflag == keeper->keys.c_lflag)
		tcsetattr(STDIN_FILENO, TCSANOW, &keeper->before);
	/* The parent stops once it sees this. */
	atomic_fetch_add(&keeper->state->turns, 1);
}

static void keep_signals(void)
{
	struct sigaction action = {.sa_handler = on_continued};

	/* Its end is that of its parent; nothing else ends it. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	sigaction(SIGCONT, &action, NULL);
}

static void obey(struct keeper *keeper, int order)
{
	char byte = ORDER_END;
	bool is_order = read(order, &byte, 1) == 1;

	if (byte == ORDER_END) {
		restore(keeper, !is_order);
		_exit(0);
	}
	keeper->is_wanted = byte == ORDER_TAKE;
	if (!keeper->is_wanted)
		restore(keeper, true);
}

static void keep(struct keeper *keeper, int order)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
	struct pollfd orders = {.fd = order, .events = POLLIN};
	sigset_t none;

	sigemptyset(&none);
	keep_signals();
	keeper->is_wanted = true;
	for (;;) {
		bool looks = keeper->is_wanted && !keeper->is_applied;

		if (ppoll(&orders, 1, looks ? &look : NULL, &none) > 0)
			obey(keeper, order);
		/* Output of others may have changed what is shown. */
		if (was_continued && keeper->is_wanted)
			restore(keeper, false);
		was_continued = 0;
		apply(keeper);
	}
}

/* Descriptors from 3 on but one: what this process has opened ends with it. */
static void close_others(int kept)
{
	if (kept > 3)
		syscall(SYS_close_range, 3U, (unsigned int)kept - 1, 0U);
	syscall(SYS_close_range, (unsigned int)kept + 1, ~0U, 0U);
}

/* ---- this process ------------------------------------------------------------------------------
 */

static _Atomic(struct shim_screen *) current;

static void give_order(const struct shim_screen *screen, char order)
{
	ssize_t length = write(screen->order, &order, 1);

	(void)length;
}

/* Ctrl-Z: a shell prints its prompt as soon as this process has stopped. */
static void on_stop(int number)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	struct shim_screen *screen = atomic_load(&current);
	int saved = errno;

	(void)number;
	if (screen)
		give_order(screen, ORDER_GIVE);
	for (int i = 0; screen && i < END_MS / PAUSE_MS; i++) {
		if (atomic_load(&screen->state->turns) % 2)
			break;
		nanosleep(&pause, NULL);
	}
	raise(SIGSTOP);
	if (screen)
		give_order(screen, ORDER_TAKE);
	errno = saved;
}

static void release(void *object)
{
	struct shim_screen *screen = object;

	atomic_compare_exchange_strong(&current, &screen, NULL);
	screen = object;
	if (screen->order >= 0)
		close(screen->order);
	if (screen->ended >= 0)
		close(screen->ended);
	if (screen->state != MAP_FAILED)
		munmap(screen->state, sizeof(*screen->state));
	free(screen);
}

/* Starts the child, which has the other ends of both pipes. */
static int start_child(struct shim_screen *screen, struct keeper *keeper)
{
	int order[2] = {-1, -1}, ended[2] = {-1, -1}, err = 0;
	sigset_t all, before;
	pid_t child;

	if (pipe2(order, O_CLOEXEC) || pipe2(ended, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child = fork();
	if (!child) {
		/* Number 2 keeps the pipe open that shows its end. */
		dup2(ended[1], STDERR_FILENO);
		close_others(order[0]);
		keep(keeper, order[0]);
	}
	err = child < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
out:
	if (order[0] >= 0)
		close(order[0]);
	if (ended[1] >= 0)
		close(ended[1]);
	screen->order = order[1];
	screen->ended = ended[0];
	return err;
}

int32_t shim_screen__open(int32_t keys, struct shim_screen **out)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	const struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
	struct keeper keeper = {.has_keys = keys && isatty(STDIN_FILENO)};
	struct shim_screen *screen = calloc(1, sizeof(*screen));
	int err = screen ? 0 : -ENOMEM;

	if (!screen)
		return err;
	screen->order = screen->ended = -1;
	screen->state = mmap(NULL, sizeof(*screen->state), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (screen->state == MAP_FAILED)
		err = -errno;
	if (!err && keeper.has_keys && tcgetattr(STDIN_FILENO, &keeper.before))
		err = -errno;
	if (err)
		goto out;
	keeper.state = screen->state;
	keeper.keys = keeper.before;
	/* Signals stay: Ctrl-C and Ctrl-Z. */
	keeper.keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keeper.keys.c_cc[VMIN] = 1;
	keeper.keys.c_cc[VTIME] = 0;
	screen->has_keys = keeper.has_keys;
	/* Until the child takes the terminal. */
	atomic_store(&screen->state->turns, 1);
	/* A read in the background is to fail, not to stop the job. */
	if (keeper.has_keys)
		sigaction(SIGTTIN, &ignored, &screen->former_input);
	err = start_child(screen, &keeper);
	if (!err)
		err = shim_owned_add(screen, release);
	if (!err) {
		atomic_store(&current, screen);
		sigaction(SIGTSTP, &stop, &screen->former_stop);
	}
out:
	if (err)
		release(screen);
	else
		*out = screen;
	return err;
}

int32_t shim_fd__has_reader(int32_t fd)
{
	struct pollfd output = {.fd = fd};

	return poll(&output, 1, 0) <= 0 || !(output.revents & POLLERR);
}

int32_t shim_screen__has_keys(struct shim_screen *screen)
{
	return screen->has_keys;
}

uint32_t shim_screen__turns(struct shim_screen *screen)
{
	return atomic_load(&screen->state->turns);
}

void shim_screen__enter(struct shim_screen *screen)
{
	atomic_store(&screen->state->entered, 1);
}

int32_t shim_screen__keys(struct shim_screen *screen, void *to, uint32_t size)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t length;

	if (!screen->has_keys || poll(&input, 1, 0) <= 0)
		return -EAGAIN;
	length = read(STDIN_FILENO, to, size);
	if (length >= 0)
		return (int32_t)length;
	/* In the background. */
	return errno == EINTR || errno == EIO ? -EAGAIN : -errno;
}

void shim_screen__free(struct shim_screen *screen)
{
	struct pollfd ended;

	if (!screen)
		return;
	shim_owned_remove(screen);
	ended = (struct pollfd){.fd = screen->ended, .events = POLLIN};
	sigaction(SIGTSTP, &screen->former_stop, NULL);
	give_order(screen, ORDER_END);
	while (poll(&ended, 1, END_MS) < 0 && errno == EINTR)
		;
	if (screen->has_keys)
		sigaction(SIGTTIN, &screen->former_input, NULL);
	release(screen);
}

// SPDX-License-Identifier: MIT
/*
 * Runs a command on a terminal of its own, as a terminal emulator does.
 *
 * terminal ROWS COLUMNS COMMAND...
 *
 * Standard output gets what the command draws. Lines of standard input control the terminal:
 *
 * type HEX            types bytes
 * size ROWS COLUMNS   changes the size
 * hang                closes the terminal
 * modes               writes "modes LFLAGS", local modes in hexadecimal, to standard error
 *
 * At the end, once each process has closed the terminal, standard error gets "modes LFLAGS", and
 * "exit CODE" or "signal NUMBER" of the command.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 4096

static int master = -1;

static void set_size(int rows, int columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	ioctl(master, TIOCSWINSZ, &size);
}

static void print_modes(void)
{
	struct termios modes;

	if (master >= 0 && !tcgetattr(master, &modes))
		fprintf(stderr, "modes %x\n", (unsigned int)modes.c_lflag);
}

static void type(const char *hex)
{
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		unsigned char typed = (unsigned char)byte;

		if (write(master, &typed, 1) != 1)
			return;
	}
}

static void control(const char *line)
{
	int rows, columns;

	if (strncmp(line, "type ", 5) == 0) {
		type(line + 5);
	} else if (sscanf(line, "size %d %d", &rows, &columns) == 2) {
		set_size(rows, columns);
	} else if (strcmp(line, "modes") == 0) {
		print_modes();
	} else if (strcmp(line, "hang") == 0) {
		close(master);
		master = -1;
	}
}

/* Lines may come in pieces. */
static int read_control(void)
{
	static char line[LINE_BYTES];
	static size_t length;
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		return -1;
	if (byte != '\n') {
		if (length < sizeof(line) - 1)
			line[length++] = byte;
		return 0;
	}
	line[length] = '\0';
	length = 0;
	control(line);
	return 0;
}

static void start(char **words)
{
	int terminal = open(ptsname(master), O_RDWR);

	setsid();
	ioctl(terminal, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	close(terminal);
	close(master);
	execvp(words[0], words);
	_exit(127);
}

/* Copies what is drawn until every process has closed the terminal. */
static void copy(void)
{
	char bytes[65536];
	int has_control = 1;

	while (master >= 0) {
		struct pollfd fds[2] = {{.fd = master, .events = POLLIN},
					{.fd = has_control ? STDIN_FILENO : -1, .events = POLLIN}};
		ssize_t length;

		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[1].revents && read_control())
			has_control = 0;
		if (master < 0 || !fds[0].revents)
			continue;
		length = read(master, bytes, sizeof(bytes));
		if (length <= 0)
			return;
		if (write(STDOUT_FILENO, bytes, (size_t)length) != length)
			return;
	}
}

int main(int argc, char **argv)
{
	int status, held, gate[2];
	pid_t child;
	char byte;

	if (argc < 4 || pipe2(gate, O_CLOEXEC))
		return 2;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		return 1;
	set_size(atoi(argv[1]), atoi(argv[2]));
	/* A terminal that no process has open has ended. */
	held = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	child = fork();
	if (!child)
		start(argv + 3);
	close(gate[1]);
	/* Ends when the command begins, which has the terminal open. */
	if (read(gate[0], &byte, 1) != 0)
		return 1;
	close(held);
	copy();
	print_modes();
	if (waitpid(child, &status, 0) != child)
		return 1;
	if (WIFEXITED(status))
		fprintf(stderr, "exit %d\n", WEXITSTATUS(status));
	else
		fprintf(stderr, "signal %d\n", WTERMSIG(status));
	return 0;
}

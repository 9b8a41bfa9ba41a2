// SPDX-License-Identifier: MIT
/* Keeps libbpf's messages, including the verifier's log, until the caller takes them. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* libbpf lets the verifier write up to 4 GiB; only the end is useful. */
#define LOG_MAX ((size_t)20 << 20)

static char *text;
static size_t used;
static size_t room;

/* Makes `more` bytes free at the end; when the log is full, its older half goes. */
static bool reserve(size_t more)
{
	size_t wanted;
	char *grown;

	if (used + more <= room)
		return true;
	if (more > LOG_MAX)
		return false;
	if (used + more > LOG_MAX) {
		size_t kept = used / 2 < LOG_MAX - more ? used / 2 : LOG_MAX - more;

		memmove(text, text + used - kept, kept);
		used = kept;
	}
	wanted = room ? room : 4096;
	while (wanted < used + more)
		wanted *= 2;
	if (wanted == room)
		return true;
	grown = realloc(text, wanted);
	if (!grown)
		return false;
	text = grown;
	room = wanted;
	return true;
}

/* Keeps the end of a message that the log cannot hold: the verifier's reason is there. */
__attribute__((format(printf, 1, 0))) static int keep_end(const char *format, va_list args,
							  size_t length)
{
	const size_t kept = LOG_MAX / 2;
	char *whole = malloc(length + 1);

	if (!whole || !reserve(kept)) {
		free(whole);
		return 0;
	}
	vsnprintf(whole, length + 1, format, args);
	memcpy(text + used, whole + length - kept, kept);
	used += kept;
	free(whole);
	return (int)kept;
}

__attribute__((format(printf, 2, 0))) static int keep(enum libbpf_print_level level,
						      const char *format, va_list args)
{
	va_list again;
	int length;

	if (level == LIBBPF_DEBUG || shim_is_reading_ahead)
		return 0;
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length <= 0)
		return 0;
	if ((size_t)length >= LOG_MAX)
		return keep_end(format, args, (size_t)length);
	if (!reserve((size_t)length + 1))
		return 0;
	vsnprintf(text + used, (size_t)length + 1, format, args);
	used += (size_t)length;
	return length;
}

void shim_log_add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(LIBBPF_WARN, format, args);
	va_end(args);
}

void shim_log_start(void)
{
	libbpf_set_print(keep);
}

int32_t shim_log__size(void)
{
	return (int32_t)used;
}

int32_t shim_log__take(void *buf, uint32_t size)
{
	size_t length = used < size ? used : size;

	if (length)
		memcpy(buf, text + used - length, length);
	free(text);
	text = NULL;
	used = 0;
	room = 0;
	return (int32_t)length;
}

/* SPDX-License-Identifier: MIT */
/*
 * System calls in line, for what guests call often. After one, the processor returns from every
 * function above it by a wrong guess, 5 to 10 ns each, so a function of the C library less counts;
 * and those that may wait do more in a process of several threads.
 */
#ifndef LIBBPF_SHIM_SYSTEM_CALL_H
#define LIBBPF_SHIM_SYSTEM_CALL_H

#include <stdint.h>
#include <sys/syscall.h>

/* A result of the kernel: an errno is negative. */
static inline long system_call(long number, uintptr_t first, uintptr_t second, uintptr_t third,
			       uintptr_t fourth)
{
#if defined(__x86_64__)
	register uintptr_t fourth_at __asm__("r10") = fourth;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third), "r"(fourth_at)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long number_at __asm__("x8") = number;
	register uintptr_t first_at __asm__("x0") = first;
	register uintptr_t second_at __asm__("x1") = second;
	register uintptr_t third_at __asm__("x2") = third;
	register uintptr_t fourth_at __asm__("x3") = fourth;

	__asm__ volatile("svc #0"
			 : "+r"(first_at)
			 : "r"(number_at), "r"(second_at), "r"(third_at), "r"(fourth_at)
			 : "memory");
	return (long)first_at;
#else
#error "system calls are written for x86-64 and arm64"
#endif
}

#endif

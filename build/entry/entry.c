// SPDX-License-Identifier: MIT
/*
 * First code of the program, ahead of the runtime's own: makes arguments UTF-8. Deno's runtime
 * panics at bytes that are not, before any JavaScript runs. Each such byte becomes U+FFFD; the
 * bytes as they were stay in /proc/self/cmdline, where cli/dispatch.ts reads them.
 *
 * Freestanding and position independent: build/steps/entry.ts puts the machine code into the ELF
 * file.
 */
#include <stddef.h>
#include <stdint.h>

/* Distance from here to the runtime's own entry point, written by build/steps/entry.ts. */
#define DISTANCE "0x5754463845545259"

#if defined(__x86_64__)
/* %rdx has a function of the dynamic linker for the runtime. */
__asm__(".globl _start\n"
	"_start:\n"
	"	movq %rsp, %rdi\n"
	"	pushq %rdx\n"
	"	subq $8, %rsp\n"
	"	callq make_arguments_utf8\n"
	"	addq $8, %rsp\n"
	"	popq %rdx\n"
	"	leaq _start(%rip), %rax\n"
	"	addq distance(%rip), %rax\n"
	"	jmpq *%rax\n"
	"	.balign 8\n"
	"distance:\n"
	"	.quad " DISTANCE "\n");

#define SYS_MMAP 9

static long map(size_t size)
{
	register long result __asm__("rax") = SYS_MMAP;
	register long prot __asm__("rdx") = 3;
	register long flags __asm__("r10") = 0x22;
	register long fd __asm__("r8") = -1;
	register long offset __asm__("r9") = 0;

	__asm__ volatile("syscall"
			 : "+r"(result)
			 : "D"(0L), "S"(size), "r"(prot), "r"(flags), "r"(fd), "r"(offset)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	str x0, [sp, #-16]!\n"
	"	add x0, sp, #16\n"
	"	bl make_arguments_utf8\n"
	"	ldr x0, [sp], #16\n"
	"	adr x16, _start\n"
	"	ldr x17, distance\n"
	"	add x16, x16, x17\n"
	"	br x16\n"
	"	.balign 8\n"
	"distance:\n"
	"	.quad " DISTANCE "\n");

#define SYS_MMAP 222

static long map(size_t size)
{
	register long result __asm__("x0") = 0;
	register size_t length __asm__("x1") = size;
	register long prot __asm__("x2") = 3;
	register long flags __asm__("x3") = 0x22;
	register long fd __asm__("x4") = -1;
	register long offset __asm__("x5") = 0;
	register long number __asm__("x8") = SYS_MMAP;

	__asm__ volatile("svc #0"
			 : "+r"(result)
			 : "r"(length), "r"(prot), "r"(flags), "r"(fd), "r"(offset), "r"(number)
			 : "memory");
	return result;
}
#else
#error "not an architecture of this program"
#endif

static int is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Bytes of the character that starts there; 0 when none does. The NUL at the end ends every one. */
static size_t character_at(const uint8_t *at)
{
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4 || !is_continuation(at[1]))
		return 0;
	if (at[0] < 0xe0)
		return 2;
	/* Longer than needed, a surrogate, or above U+10FFFF. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f) ||
	    !is_continuation(at[2]))
		return 0;
	if (at[0] < 0xf0)
		return 3;
	return is_continuation(at[3]) ? 4 : 0;
}

static uint8_t *repaired(const uint8_t *text)
{
	size_t length = 0;
	uint8_t *copy;
	long mapped;

	for (const uint8_t *at = text; *at; at++)
		length++;
	mapped = map(3 * length + 1);
	if (mapped < 0 && mapped > -4096)
		return NULL;
	copy = (uint8_t *)mapped;
	for (uint8_t *to = copy; *text;) {
		size_t size = character_at(text);

		if (size) {
			while (size--)
				*to++ = *text++;
			continue;
		}
		*to++ = 0xef;
		*to++ = 0xbf;
		*to++ = 0xbd;
		text++;
	}
	return copy;
}

__attribute__((used)) void make_arguments_utf8(uintptr_t *stack)
{
	uint8_t **argv = (uint8_t **)(stack + 1);

	for (uintptr_t i = 0; i < stack[0]; i++) {
		const uint8_t *at = argv[i];

		while (*at && character_at(at))
			at += character_at(at);
		if (*at) {
			uint8_t *text = repaired(argv[i]);

			if (text)
				argv[i] = text;
		}
	}
}

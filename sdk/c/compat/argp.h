/* SPDX-License-Identifier: MIT */
/* The parser of options that programs for Linux use: what of glibc's is documented and in use. */
#ifndef WASM_BPF_COMPAT_ARGP_H
#define WASM_BPF_COMPAT_ARGP_H

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int error_t;

struct argp_option {
	const char *name;
	int key;
	const char *arg;
	int flags;
	const char *doc;
	int group;
};

#define OPTION_ARG_OPTIONAL 0x1
#define OPTION_HIDDEN 0x2
#define OPTION_ALIAS 0x4
#define OPTION_DOC 0x8
#define OPTION_NO_USAGE 0x10

struct argp;
struct argp_state;
typedef error_t (*argp_parser_t)(int key, char *arg, struct argp_state *state);

struct argp_child {
	const struct argp *argp;
	int flags;
	const char *header;
	int group;
};

struct argp {
	const struct argp_option *options;
	argp_parser_t parser;
	const char *args_doc;
	const char *doc;
	const struct argp_child *children;			      /* one level of them */
	char *(*help_filter)(int key, const char *text, void *input); /* not called */
	const char *argp_domain;
};

struct argp_state {
	const struct argp *root_argp;
	int argc;
	char **argv;
	int next;
	unsigned int flags;
	unsigned int arg_num;
	int quoted;
	void *input;
	void **child_inputs;
	void *hook;
	char *name;
	FILE *err_stream, *out_stream;
	void *pstate;
};

#define ARGP_ERR_UNKNOWN E2BIG

#define ARGP_KEY_ARG 0
#define ARGP_KEY_ARGS 0x1000006
#define ARGP_KEY_END 0x1000001
#define ARGP_KEY_NO_ARGS 0x1000002
#define ARGP_KEY_INIT 0x1000003
#define ARGP_KEY_FINI 0x1000007
#define ARGP_KEY_SUCCESS 0x1000004
#define ARGP_KEY_ERROR 0x1000005

#define ARGP_PARSE_ARGV0 0x01
#define ARGP_NO_ERRS 0x02
#define ARGP_NO_ARGS 0x04
#define ARGP_IN_ORDER 0x08
#define ARGP_NO_HELP 0x10
#define ARGP_NO_EXIT 0x20
#define ARGP_LONG_ONLY 0x40
#define ARGP_SILENT (ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP)

#define ARGP_HELP_USAGE 0x01
#define ARGP_HELP_SHORT_USAGE 0x02
#define ARGP_HELP_SEE 0x04
#define ARGP_HELP_LONG 0x08
#define ARGP_HELP_PRE_DOC 0x10
#define ARGP_HELP_POST_DOC 0x20
#define ARGP_HELP_DOC (ARGP_HELP_PRE_DOC | ARGP_HELP_POST_DOC)
#define ARGP_HELP_BUG_ADDR 0x40
#define ARGP_HELP_EXIT_ERR 0x100
#define ARGP_HELP_EXIT_OK 0x200
#define ARGP_HELP_STD_ERR (ARGP_HELP_SEE | ARGP_HELP_EXIT_ERR)
#define ARGP_HELP_STD_USAGE (ARGP_HELP_SHORT_USAGE | ARGP_HELP_SEE | ARGP_HELP_EXIT_ERR)
#define ARGP_HELP_STD_HELP                                                                         \
	(ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_EXIT_OK | ARGP_HELP_DOC |              \
	 ARGP_HELP_BUG_ADDR)

/* Programs define these when they like. */
extern const char *argp_program_version __attribute__((weak));
extern const char *argp_program_bug_address __attribute__((weak));
__attribute__((weak)) error_t argp_err_exit_status = 64;

/* ---- help ---------------------------------------------------------------------------------- */

static inline bool argp_wasm_is_end(const struct argp_option *option)
{
	return !option->name && !option->key && !option->doc && !option->group;
}

static inline bool argp_wasm_is_letter(int key)
{
	return key > 0 && key <= UCHAR_MAX && isprint(key);
}

static inline void argp_wasm_print_option(const struct argp_option *option, FILE *stream)
{
	const char *value = option->arg ? option->arg : "";
	char left[80];
	int length = 0;

	if (!option->name && !option->key) {
		fprintf(stream, "\n %s\n", option->doc ? option->doc : "");
		return;
	}
	if (option->flags & OPTION_DOC)
		length = snprintf(left, sizeof(left), "  %s", option->name);
	else if (argp_wasm_is_letter(option->key) && option->name)
		length = snprintf(left, sizeof(left), "  -%c, --%s%s%s", option->key, option->name,
				  *value ? "=" : "", value);
	else if (option->name)
		length = snprintf(left, sizeof(left), "      --%s%s%s", option->name,
				  *value ? "=" : "", value);
	else
		length = snprintf(left, sizeof(left), "  -%c%s%s", option->key, *value ? " " : "",
				  value);
	fprintf(stream, "%s%*s%s\n", left, length < 28 ? 29 - length : 1, "",
		option->doc ? option->doc : "");
}

static inline void argp_wasm_print_options(const struct argp *argp, FILE *stream)
{
	const struct argp_option *option = argp->options;

	for (; option && !argp_wasm_is_end(option); option++) {
		if (!(option->flags & OPTION_HIDDEN))
			argp_wasm_print_option(option, stream);
	}
	for (const struct argp_child *child = argp->children; child && child->argp; child++) {
		if (child->header)
			fprintf(stream, "\n %s\n", child->header);
		argp_wasm_print_options(child->argp, stream);
	}
}

/** @brief Prints the parts that `flags` select; does not exit. */
static inline void argp_help(const struct argp *argp, FILE *stream, unsigned int flags,
			     const char *name)
{
	const char *after = argp->doc ? strchr(argp->doc, '\v') : NULL;
	const char *arguments = argp->args_doc ? argp->args_doc : "";
	int before = after ? (int)(after - argp->doc) : argp->doc ? (int)strlen(argp->doc) : 0;

	if (flags & (ARGP_HELP_USAGE | ARGP_HELP_SHORT_USAGE))
		fprintf(stream, "Usage: %s [OPTION...]%s%s\n", name, *arguments ? " " : "",
			arguments);
	if (flags & ARGP_HELP_PRE_DOC && before)
		fprintf(stream, "%.*s\n\n", before, argp->doc);
	if (flags & ARGP_HELP_SEE)
		fprintf(stream, "Try `%s --help' or `%s --usage' for more information.\n", name,
			name);
	if (flags & ARGP_HELP_LONG) {
		argp_wasm_print_options(argp, stream);
		fputs("  -?, --help                 Give this help list\n"
		      "      --usage                Give a short usage message\n",
		      stream);
		if (&argp_program_version && argp_program_version)
			fputs("  -V, --version              Print program version\n", stream);
	}
	if (flags & ARGP_HELP_POST_DOC && after)
		fprintf(stream, "\n%s\n", after + 1);
	if (flags & ARGP_HELP_BUG_ADDR && &argp_program_bug_address && argp_program_bug_address)
		fprintf(stream, "\nReport bugs to %s.\n", argp_program_bug_address);
}

/** @brief Prints the parts that `flags` select; exits when they require it and the parser may. */
static inline void argp_state_help(const struct argp_state *state, FILE *stream, unsigned int flags)
{
	if (state->flags & ARGP_NO_ERRS)
		return;
	argp_help(state->root_argp, stream, flags, state->name);
	if (state->flags & ARGP_NO_EXIT)
		return;
	if (flags & ARGP_HELP_EXIT_ERR)
		exit(argp_err_exit_status);
	if (flags & ARGP_HELP_EXIT_OK)
		exit(0);
}

static inline void argp_usage(const struct argp_state *state)
{
	argp_state_help(state, stderr, ARGP_HELP_STD_USAGE);
}

__attribute__((format(printf, 2, 3))) static inline void argp_error(const struct argp_state *state,
								    const char *format, ...)
{
	va_list args;

	if (state->flags & ARGP_NO_ERRS)
		return;
	fprintf(stderr, "%s: ", state->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	argp_state_help(state, stderr, ARGP_HELP_STD_ERR);
}

__attribute__((format(printf, 4, 5))) static inline void
argp_failure(const struct argp_state *state, int status, int errnum, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", state->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (errnum)
		fprintf(stderr, ": %s", strerror(errnum));
	fputc('\n', stderr);
	if (status && !(state->flags & ARGP_NO_EXIT))
		exit(status);
}

/* ---- parsing ------------------------------------------------------------------------------- */

/* An option and the parser that it is for. */
struct argp_wasm_found {
	const struct argp_option *option;
	const struct argp *owner;
	int matches;
};

/* Looks an option up by its letter, or by its long name or a start of it. */
static inline void argp_wasm_find(const struct argp *argp, int letter, const char *name,
				  size_t length, struct argp_wasm_found *found)
{
	const struct argp_option *real = argp->options;

	for (const struct argp_option *option = real; option && !argp_wasm_is_end(option);
	     option++) {
		bool is_whole;

		if (!(option->flags & OPTION_ALIAS))
			real = option;
		if (option->flags & OPTION_DOC)
			continue;
		is_whole = name && option->name && strlen(option->name) == length;
		if (letter ? option->key != letter
			   : !option->name || strncmp(option->name, name, length))
			continue;
		if (!letter && found->matches < 0)
			return;
		found->option = real;
		found->owner = argp;
		/* A whole name wins over starts of others. */
		found->matches = letter || is_whole ? -1 : found->matches + 1;
	}
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		argp_wasm_find(child->argp, letter, name, length, found);
}

static inline error_t argp_wasm_call(const struct argp *argp, int key, char *arg,
				     struct argp_state *state)
{
	return argp->parser ? argp->parser(key, arg, state) : ARGP_ERR_UNKNOWN;
}

/* To the parser and those of its children, until one knows the key. */
static inline error_t argp_wasm_tell(const struct argp *argp, int key, char *arg,
				     struct argp_state *state)
{
	error_t err = argp_wasm_call(argp, key, arg, state);

	for (const struct argp_child *child = argp->children;
	     err == ARGP_ERR_UNKNOWN && child && child->argp; child++)
		err = argp_wasm_call(child->argp, key, arg, state);
	return err;
}

/* The options that argp has itself. */
static inline bool argp_wasm_is_own(struct argp_state *state, int letter, const char *name)
{
	if (state->flags & ARGP_NO_HELP)
		return false;
	if (letter == '?' || (name && !strcmp(name, "help"))) {
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return true;
	}
	if (name && !strcmp(name, "usage")) {
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return true;
	}
	if ((letter == 'V' || (name && !strcmp(name, "version"))) && &argp_program_version &&
	    argp_program_version) {
		puts(argp_program_version);
		if (!(state->flags & ARGP_NO_EXIT))
			exit(0);
		return true;
	}
	return false;
}

/* One option; `value` is what follows it in its own argument, or NULL. */
static inline error_t argp_wasm_option(struct argp_state *state, int letter, const char *name,
				       size_t length, char *value)
{
	struct argp_wasm_found found;
	error_t err;

	memset(&found, 0, sizeof(found));
	argp_wasm_find(state->root_argp, letter, name, length, &found);
	if (!found.matches && argp_wasm_is_own(state, letter, name))
		return 0;
	if (!found.matches || found.matches > 1) {
		if (letter)
			argp_error(state, "invalid option -- '%c'", letter);
		else
			argp_error(state, "%s option '--%.*s'",
				   found.matches ? "ambiguous" : "unrecognized", (int)length, name);
		return EINVAL;
	}
	if (!found.option->arg && value) {
		argp_error(state, "option '--%.*s' doesn't allow an argument", (int)length, name);
		return EINVAL;
	}
	if (found.option->arg && !value && !(found.option->flags & OPTION_ARG_OPTIONAL)) {
		if (state->next >= state->argc) {
			argp_error(state, "option '%s' requires an argument",
				   state->argv[state->argc - 1]);
			return EINVAL;
		}
		value = state->argv[state->next++];
	}
	err = argp_wasm_call(found.owner, found.option->key, value, state);
	if (err == ARGP_ERR_UNKNOWN) {
		argp_error(state, "(PROGRAM ERROR) Option should have been recognized!?");
		return EINVAL;
	}
	return err;
}

/* Reports whether a letter takes what follows it for its value. */
static inline bool argp_wasm_takes_value(const struct argp_state *state, int letter)
{
	struct argp_wasm_found found;

	memset(&found, 0, sizeof(found));
	argp_wasm_find(state->root_argp, letter, NULL, 0, &found);
	return found.option && found.option->arg;
}

/* An argument that begins with `-`: a long option, or letters. */
static inline error_t argp_wasm_dashed(struct argp_state *state, char *text)
{
	error_t err = 0;

	if (text[1] == '-') {
		char *equals = strchr(text, '=');
		size_t length = equals ? (size_t)(equals - text - 2) : strlen(text + 2);

		return argp_wasm_option(state, 0, text + 2, length, equals ? equals + 1 : NULL);
	}
	for (text++; *text && !err; text++) {
		const bool takes = argp_wasm_takes_value(state, *text);

		err = argp_wasm_option(state, *text, NULL, 0, takes && text[1] ? text + 1 : NULL);
		if (takes)
			break;
	}
	return err;
}

static inline error_t argp_wasm_argument(struct argp_state *state, char *text)
{
	error_t err;

	if (state->flags & ARGP_NO_ARGS)
		err = ARGP_ERR_UNKNOWN;
	else
		err = argp_wasm_tell(state->root_argp, ARGP_KEY_ARG, text, state);
	state->arg_num++;
	if (err != ARGP_ERR_UNKNOWN)
		return err;
	argp_error(state, "Too many arguments");
	return EINVAL;
}

/* Options first wherever they are, then arguments, as glibc does without ARGP_IN_ORDER. */
static inline error_t argp_wasm_arguments(struct argp_state *state)
{
	char **kept = (char **)calloc((size_t)state->argc + 1, sizeof(*kept));
	bool is_rest = false;
	int count = 0;
	error_t err = 0;

	if (!kept)
		return ENOMEM;
	while (!err && state->next < state->argc) {
		char *text = state->argv[state->next++];

		if (!is_rest && !strcmp(text, "--"))
			is_rest = true;
		else if (!is_rest && text[0] == '-' && text[1])
			err = argp_wasm_dashed(state, text);
		else if (state->flags & ARGP_IN_ORDER)
			err = argp_wasm_argument(state, text);
		else
			kept[count++] = text;
	}
	for (int i = 0; i < count && !err; i++)
		err = argp_wasm_argument(state, kept[i]);
	free(kept);
	return err;
}

static inline error_t argp_wasm_finish(struct argp_state *state)
{
	error_t err = 0;

	if (!state->arg_num)
		err = argp_wasm_tell(state->root_argp, ARGP_KEY_NO_ARGS, NULL, state);
	if (!err || err == ARGP_ERR_UNKNOWN)
		err = argp_wasm_tell(state->root_argp, ARGP_KEY_END, NULL, state);
	if (!err || err == ARGP_ERR_UNKNOWN)
		err = argp_wasm_tell(state->root_argp, ARGP_KEY_SUCCESS, NULL, state);
	return err == ARGP_ERR_UNKNOWN ? 0 : err;
}

/**
 * @brief Parses the arguments of a program: options to the parsers that declare them, arguments
 * with ARGP_KEY_ARG, then ARGP_KEY_NO_ARGS, ARGP_KEY_END and ARGP_KEY_SUCCESS.
 * @return 0 or what a parser returned; exits on errors unless ARGP_NO_EXIT
 */
static inline error_t argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
				 int *arg_index, void *input)
{
	struct argp_state state;
	const char *slash;
	error_t err;

	memset(&state, 0, sizeof(state));
	state.root_argp = argp;
	state.argc = argc;
	state.argv = argv;
	state.flags = flags;
	state.input = input;
	state.next = flags & ARGP_PARSE_ARGV0 ? 0 : 1;
	state.err_stream = stderr;
	state.out_stream = stdout;
	slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	state.name = slash ? (char *)slash + 1 : argc > 0 ? argv[0] : (char *)"guest";
	err = argp_wasm_tell(argp, ARGP_KEY_INIT, NULL, &state);
	if (!err || err == ARGP_ERR_UNKNOWN)
		err = argp_wasm_arguments(&state);
	if (!err)
		err = argp_wasm_finish(&state);
	if (arg_index)
		*arg_index = state.next;
	return err;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_ARGP_H */

// SPDX-License-Identifier: MIT
/*
 * That programs in C which know nothing of WASI work: stdio, dirent, poll and the rest of
 * wasi-libc, in the folder "/" and with "first", "" and "last" (without a line feed) on standard
 * input.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static unsigned checks, failed;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		checks++;                                                                          \
		if (!(condition)) {                                                                \
			failed++;                                                                  \
			printf("suite-libc.c:%d: %s (errno %d)\n", __LINE__, #condition, errno);   \
		}                                                                                  \
	} while (0)
/* A call that fails, and with what. */
#define FAILS(expected, call) CHECK((errno = 0, (call) < 0) && errno == (expected))

static void streams(void)
{
	char line[64] = "";
	FILE *file = fopen("/note", "w+");
	long number = 0;

	CHECK(file);
	CHECK(fprintf(file, "%s %d\n", "hello", 42) == 9);
	rewind(file);
	CHECK(fscanf(file, "%63s %ld", line, &number) == 2);
	CHECK(!strcmp(line, "hello") && number == 42);
	CHECK(!fseek(file, -3, SEEK_END) && ftell(file) == 6);
	CHECK(fgets(line, sizeof(line), file) && !strcmp(line, "42\n"));
	CHECK(!fgets(line, sizeof(line), file) && feof(file));
	CHECK(!fclose(file));
	file = fopen("/note", "a");
	CHECK(file && fputs("more", file) >= 0 && !fclose(file));
	file = fopen("/note", "r");
	CHECK(file && fread(line, 1, sizeof(line), file) == 13);
	CHECK(fputc('x', file) == EOF && ferror(file));
	fclose(file);
	CHECK(!fopen("/none", "r") && errno == ENOENT);
	CHECK(!fopen("/", "w") && errno == EISDIR);
	CHECK(!fopen("/note", "wx") && errno == EEXIST);
	CHECK(!remove("/note"));
}

static void descriptors(void)
{
	struct iovec parts[] = {{"ab", 2}, {"cde", 3}};
	char buf[16] = "";
	struct stat info;
	int fd = open("/file", O_RDWR | O_CREAT | O_EXCL, 0600);

	CHECK(fd > 2);
	CHECK(writev(fd, parts, 2) == 5);
	CHECK(pwrite(fd, "X", 1, 1) == 1);
	CHECK(pread(fd, buf, sizeof(buf), 0) == 5 && !strcmp(buf, "aXcde"));
	CHECK(lseek(fd, 0, SEEK_CUR) == 5 && lseek(fd, -2, SEEK_END) == 3);
	CHECK(read(fd, buf, sizeof(buf)) == 2);
	CHECK(!ftruncate(fd, 100) && !fstat(fd, &info) && info.st_size == 100);
	CHECK(S_ISREG(info.st_mode) && info.st_nlink == 1);
	CHECK(!fsync(fd) && !fdatasync(fd));
	CHECK(!posix_fallocate(fd, 0, 200) && !fstat(fd, &info) && info.st_size == 200);
	CHECK(fcntl(fd, F_GETFL) == O_RDWR);
	CHECK(!fcntl(fd, F_SETFL, O_APPEND) && lseek(fd, 0, SEEK_SET) == 0);
	CHECK(write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_CUR) == 203);
	CHECK(!isatty(fd) && errno == ENOTTY);
	CHECK(!close(fd));
	FAILS(EBADF, close(fd));
	FAILS(EINVAL, lseek(open("/file", O_RDONLY), -1, SEEK_SET));
	CHECK(!unlink("/file"));
	FAILS(ENOENT, unlink("/file"));
}

static void folders(void)
{
	struct dirent *entry;
	struct stat info;
	char name[32];
	unsigned count = 0;
	DIR *dir;

	CHECK(!mkdir("/d", 0700) && !mkdir("/d/e", 0700));
	FAILS(EEXIST, mkdir("/d", 0700));
	FAILS(ENOTEMPTY, rmdir("/d"));
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/d/file-%d", i);
		close(open(name, O_WRONLY | O_CREAT, 0600));
	}
	dir = opendir("/d");
	CHECK(dir);
	while ((entry = readdir(dir))) {
		count++;
		CHECK((entry->d_type == DT_DIR) == (strchr(".e", entry->d_name[0]) != NULL));
	}
	CHECK(count == 203);
	/* Not seekdir(): a long of 32 bits is too small for the result of telldir() on ext4. */
	rewinddir(dir);
	CHECK(readdir(dir) && !fstatat(dirfd(dir), "file-7", &info, 0));
	CHECK(!closedir(dir));
	CHECK(!rename("/d", "/moved") && stat("/d", &info) && errno == ENOENT);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/moved/file-%d", i);
		CHECK(!unlink(name));
	}
	CHECK(!chdir("/moved") && !rmdir("e") && !chdir("/") && !rmdir("moved"));
}

static void links(void)
{
	char text[16] = "";
	struct stat one, other;

	close(open("/target", O_WRONLY | O_CREAT, 0600));
	CHECK(!symlink("target", "/soft") && !link("/target", "/hard"));
	CHECK(readlink("/soft", text, sizeof(text)) == 6 && !strcmp(text, "target"));
	CHECK(!lstat("/soft", &one) && S_ISLNK(one.st_mode) && one.st_size == 6);
	CHECK(!stat("/soft", &one) && !stat("/hard", &other) && one.st_ino == other.st_ino);
	CHECK(one.st_dev == other.st_dev && other.st_nlink == 2);
	FAILS(ELOOP, open("/soft", O_RDONLY | O_NOFOLLOW));
	CHECK(!unlink("/soft") && !unlink("/hard") && !unlink("/target"));
}

static void times(void)
{
	const struct timespec then[] = {{1000000000, 123456789}, {2000000000, 987654321}};
	struct stat info;

	close(open("/then", O_WRONLY | O_CREAT, 0600));
	CHECK(!utimensat(AT_FDCWD, "/then", then, 0) && !stat("/then", &info));
	CHECK(info.st_atim.tv_sec == 1000000000 && info.st_atim.tv_nsec == 123456789);
	CHECK(info.st_mtim.tv_sec == 2000000000 && info.st_mtim.tv_nsec == 987654321);
	CHECK(!unlink("/then"));
}

static void waiting(void)
{
	struct pollfd fds[] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
	struct timespec start, end;

	CHECK(poll(fds, 2, 10000) == 2);
	CHECK(fds[0].revents & POLLIN && fds[1].revents & POLLOUT);
	clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(!usleep(20000));
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec >= 20000000);
}

static void input(void)
{
	char *line = NULL;
	size_t size = 0;

	CHECK(getline(&line, &size, stdin) == 6 && !strcmp(line, "first\n"));
	CHECK(getline(&line, &size, stdin) == 1);
	CHECK(getline(&line, &size, stdin) == 4 && !strcmp(line, "last"));
	CHECK(getline(&line, &size, stdin) == -1 && feof(stdin));
	free(line);
}

int main(int argc, char **argv)
{
	CHECK(argc == 4 && !strcmp(argv[1], "one") && !*argv[2] && !strcmp(argv[3], "\xc3\xa9"));
	CHECK(!strcmp(getenv("A"), "1") && !strcmp(getenv("ODD"), "a=b") && !getenv("PATH"));
	streams();
	descriptors();
	folders();
	links();
	times();
	waiting();
	input();
	printf("%u checks, %u failed\n", checks, failed);
	return failed > 0;
}

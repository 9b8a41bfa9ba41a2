// SPDX-License-Identifier: MIT

// That programs which know nothing of WASI work: os, io/fs and bufio of Go, in the folder "/" and with
// "first", "" and "last" on standard input.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"syscall"
	"time"
)

var checks, failed int

func record(holds bool, format string, args ...any) {
	checks++
	if holds {
		return
	}
	failed++
	_, _, line, _ := runtime.Caller(2)
	fmt.Printf("main.go:%d: %s\n", line, fmt.Sprintf(format, args...))
}

func equal(expected, got any) {
	record(reflect.DeepEqual(expected, got), "expected %v, got %v", expected, got)
}

func fails(expected, got error) {
	record(errors.Is(got, expected), "expected %v, got %v", expected, got)
}

func must(err error) {
	record(err == nil, "failed: %v", err)
}

func text(name string) string {
	content, err := os.ReadFile(name)
	must(err)
	return string(content)
}

func files() {
	must(os.WriteFile("/note", []byte("hello"), 0o644))
	equal("hello", text("/note"))
	file, err := os.OpenFile("/note", os.O_APPEND|os.O_WRONLY, 0)
	must(err)
	_, err = file.WriteString(", world")
	must(err)
	must(file.Close())
	equal("hello, world", text("/note"))

	file, err = os.OpenFile("/note", os.O_RDWR, 0)
	must(err)
	_, err = file.WriteAt([]byte("WORLD"), 7)
	must(err)
	part := make([]byte, 5)
	_, err = file.ReadAt(part, 7)
	must(err)
	equal("WORLD", string(part))
	at, err := file.Seek(-5, io.SeekEnd)
	must(err)
	equal(int64(7), at)
	rest, err := io.ReadAll(file)
	must(err)
	equal("WORLD", string(rest))
	_, err = file.ReadAt(part, 100)
	fails(io.EOF, err)
	must(file.Truncate(5))
	must(file.Sync())
	must(file.Close())
	fails(os.ErrClosed, file.Sync())
	equal("hello", text("/note"))
	must(os.Truncate("/note", 2))
	equal("he", text("/note"))

	_, err = os.OpenFile("/note", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	fails(fs.ErrExist, err)
	_, err = os.Open("/none")
	fails(fs.ErrNotExist, err)
	fails(fs.ErrNotExist, os.Remove("/none"))
	must(os.Remove("/note"))
}

func large() {
	block := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	file, err := os.Create("/large")
	must(err)
	out := bufio.NewWriterSize(file, 10000)
	for range 64 {
		_, err = out.Write(block)
		must(err)
	}
	must(out.Flush())
	must(file.Close())
	from, err := os.Open("/large")
	must(err)
	to, err := os.Create("/copy")
	must(err)
	count, err := io.Copy(to, from)
	must(err)
	equal(int64(64*len(block)), count)
	must(from.Close())
	must(to.Close())
	equal(true, text("/large") == text("/copy"))
	must(os.Remove("/large"))
	must(os.Remove("/copy"))
}

func folders() {
	must(os.MkdirAll("/a/b/c", 0o755))
	fails(fs.ErrExist, os.Mkdir("/a", 0o755))
	fails(syscall.ENOTEMPTY, os.Remove("/a/b"))
	for i := range 300 {
		must(os.WriteFile(fmt.Sprintf("/a/b/file-%03d", i), []byte{byte(i)}, 0o644))
	}
	entries, err := os.ReadDir("/a/b")
	must(err)
	equal(301, len(entries))
	// Sorted by name, the folder first.
	equal(true, entries[0].IsDir())
	info, err := entries[300].Info()
	must(err)
	equal(int64(1), info.Size())
	seen := 0
	must(filepath.WalkDir("/a", func(_ string, entry fs.DirEntry, err error) error {
		seen++
		return err
	}))
	equal(303, seen)
	matches, err := fs.Glob(os.DirFS("/a"), "b/file-00*")
	must(err)
	equal(10, len(matches))
	_, err = os.ReadFile("/a/b/file-000/x")
	fails(syscall.ENOTDIR, err)
	must(os.Rename("/a/b", "/moved"))
	_, err = os.Stat("/a/b")
	fails(fs.ErrNotExist, err)
	must(os.RemoveAll("/moved"))
	must(os.RemoveAll("/a"))
	entries, err = os.ReadDir("/")
	must(err)
	equal(0, len(entries))
}

func links() {
	must(os.WriteFile("/target", []byte("text"), 0o644))
	must(os.Symlink("target", "/soft"))
	must(os.Symlink("nowhere", "/dangling"))
	must(os.Symlink("loop", "/loop"))
	must(os.Link("/target", "/hard"))
	equal("text", text("/soft"))
	equal("text", text("/hard"))
	to, err := os.Readlink("/soft")
	must(err)
	equal("target", to)
	info, err := os.Lstat("/soft")
	must(err)
	equal(fs.ModeSymlink, info.Mode().Type())
	_, err = os.Stat("/dangling")
	fails(fs.ErrNotExist, err)
	_, err = os.Open("/loop")
	fails(syscall.ELOOP, err)
	first, err := os.Stat("/target")
	must(err)
	second, err := os.Stat("/hard")
	must(err)
	equal(true, os.SameFile(first, second))
	for _, name := range []string{"/target", "/soft", "/dangling", "/loop", "/hard"} {
		must(os.Remove(name))
	}
}

func outside() {
	// Go cleans a path before WASI sees it; a link it leaves alone.
	must(os.Symlink("../../etc", "/up"))
	_, err := os.ReadFile("/up/passwd")
	fails(syscall.Errno(76), err)
	fails(syscall.Errno(76), os.Symlink("/etc/passwd", "/passwd"))
	must(os.Remove("/up"))
}

func times() {
	then := time.Unix(1234567890, 123456789)
	must(os.WriteFile("/then", nil, 0o644))
	must(os.Chtimes("/then", then, then))
	info, err := os.Stat("/then")
	must(err)
	equal(true, info.ModTime().Equal(then))
	must(os.Remove("/then"))
}

func input() {
	var lines []string
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	must(scanner.Err())
	equal([]string{"first", "", "last"}, lines)
}

func main() {
	files()
	large()
	folders()
	links()
	outside()
	times()
	input()
	equal("1", os.Getenv("A"))
	equal("a=b", os.Getenv("ODD"))
	equal("", os.Getenv("PATH"))
	equal([]string{"one", "", "é"}, os.Args[1:])
	fmt.Printf("%d checks, %d failed\n", checks, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

// SPDX-License-Identifier: MIT

// Command wasi-go shows what Go's runtime makes of WASI, one behaviour a sub-command;
// tests/wasi/wasi_test.ts compares.
package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"
)

const lineBytes = 64

func args() {
	for _, arg := range os.Args {
		fmt.Println("arg", arg)
	}
	for _, entry := range os.Environ() {
		fmt.Println("env", entry)
	}
}

func streams() {
	fmt.Println("to stdout")
	fmt.Fprintln(os.Stderr, "to stderr")
}

// Prints when it starts, so that a test can interrupt it.
func sleep(ms int) {
	start := time.Now()
	fmt.Println("sleeping")
	time.Sleep(time.Duration(ms) * time.Millisecond)
	fmt.Println("slept", time.Since(start).Milliseconds())
}

func clocks() {
	fmt.Println("realtime", time.Now().UnixNano())
}

func random() {
	for range 2 {
		bytes := make([]byte, 32)
		rand.Read(bytes)
		fmt.Printf("%x\n", bytes)
	}
}

// Lines of 64 bytes, each with its number.
func flood(bytes int) {
	out := bufio.NewWriter(os.Stdout)
	for i := range bytes / lineBytes {
		fmt.Fprintf(out, "%0*d\n", lineBytes-1, i)
	}
	if err := out.Flush(); err != nil {
		panic(err)
	}
}

// Counts its input until the end, and prints the count.
func lines() {
	fmt.Println("reading")
	count := 0
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		count++
	}
	fmt.Println("lines", count)
}

// Reads a file, writes it to another and lists the folder.
func copyFile(from, to, folder string) {
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o666)
	}
	if err != nil {
		panic(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		fmt.Println("entry", entry.Name())
	}
}

func main() {
	command, number := "", 0
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	if len(os.Args) > 2 {
		number, _ = strconv.Atoi(os.Args[2])
	}
	switch command {
	case "args":
		args()
	case "streams":
		streams()
	case "sleep":
		sleep(number)
	case "clocks":
		clocks()
	case "random":
		random()
	case "exit":
		os.Exit(number)
	case "flood":
		flood(number)
	case "lines":
		lines()
	case "copy":
		copyFile(os.Args[2], os.Args[3], os.Args[4])
	default:
		fmt.Fprintln(os.Stderr, "unknown sub-command:", command)
		os.Exit(1)
	}
}

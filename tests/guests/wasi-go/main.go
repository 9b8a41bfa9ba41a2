// SPDX-License-Identifier: MIT

// Command wasi-go shows what Go's runtime makes of WASI, one behaviour a sub-command;
// tests/wasi_test.ts compares.
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

// Says when it starts, so that a test can interrupt it.
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
	default:
		fmt.Fprintln(os.Stderr, "unknown sub-command:", command)
		os.Exit(1)
	}
}

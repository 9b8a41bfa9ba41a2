// SPDX-License-Identifier: MIT

// Guest half: loads the eBPF half, prints its events as lines until Ctrl-C.
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"wasmbpf"
)

//go:embed bootstrap.bpf.o
var bootstrap []byte

const pollTime = 100 * time.Millisecond

const usage = `Usage: bootstrap [-d MS] [-v] [-h]
Prints every process that starts a program and every one that ends.

  -d MS  only the ends of processes that lasted at least MS milliseconds
  -v     print the settings first and counts at the end, to stderr
  -h     this text
`

// event is struct event of bootstrap.h.
type event struct {
	TimeNs     uint64
	DurationNs uint64
	Kind       uint32
	Pid        uint32
	Ppid       uint32
	WaitStatus uint32
	Comm       [16]byte
	Filename   [128]byte
}

// members is struct event for the host's -o, --filter, --sort and others.
const members = "u64 time @time(boot); u64 duration_ns; u32 kind @enum(EXEC,EXIT); " +
	"u32 pid; u32 ppid; u32 wait_status; char comm[16]; char filename[128]"

const eventExec = 0

type options struct {
	minDurationMs uint64
	verbose       bool
}

type tracer struct {
	out          *bufio.Writer
	execs, exits uint64
	// Wall clock minus the kernel's time since boot; set by the first event.
	bootTimeNs uint64
}

// printable returns the text of a C string, with control characters as \xNN, since every process
// chooses its own name.
func printable(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	line := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) {
			for _, b := range text[:size] {
				line = fmt.Appendf(line, "\\x%02x", b)
			}
		} else {
			line = append(line, text[:size]...)
		}
		text = text[size:]
	}
	return string(line)
}

// clock returns the event's time by the host's wall clock and time zone. Events arrive slightly late,
// never early, so the smallest difference seen between the two clocks is the best one.
func (t *tracer) clock(timeNs uint64) string {
	seen := uint64(time.Now().UnixNano()) - timeNs
	if t.bootTimeNs == 0 || seen < t.bootTimeNs {
		t.bootTimeNs = seen
	}
	return wasmbpf.Local(time.Unix(0, int64(t.bootTimeNs+timeNs))).Format(time.TimeOnly)
}

func (t *tracer) count(e *event) {
	if e.Kind == eventExec {
		t.execs++
	} else {
		t.exits++
	}
}

func (t *tracer) print(e *event) {
	t.count(e)
	kind, what := "EXEC", printable(e.Filename[:])
	if e.Kind != eventExec {
		kind, what = "EXIT", fmt.Sprintf("[%d]", e.WaitStatus>>8&0xff)
		if signal := e.WaitStatus & 0x7f; signal != 0 {
			what = fmt.Sprintf("[signal %d]", signal)
		}
		if e.DurationNs != 0 {
			what += fmt.Sprintf(" (%dms)", e.DurationNs/1e6)
		}
	}
	fmt.Fprintf(t.out, "%s %-5s %-16s %-7d %-7d %s\n",
		t.clock(e.TimeNs), kind, printable(e.Comm[:]), e.Pid, e.Ppid, what)
}

func trace(opts options) error {
	object, err := wasmbpf.Load(bootstrap)
	if err != nil {
		return err
	}
	defer object.Close()
	// Set between load and attach: the programs read it at the first event.
	config, err := wasmbpf.FindMap[uint32, uint64](object, "config")
	if err != nil {
		return err
	}
	if err := config.Update(0, opts.minDurationMs*1e6); err != nil {
		return err
	}
	for _, program := range []string{"handle_exec", "handle_exit"} {
		if _, err := object.Attach(program); err != nil {
			return err
		}
	}
	events, err := object.RingBuffer("rb")
	if err != nil {
		return err
	}

	t := &tracer{out: bufio.NewWriter(os.Stdout)}
	records, err := wasmbpf.OpenRecords("processes", members)
	if err != nil {
		return err
	}
	if records == nil {
		fmt.Fprintln(t.out, "TIME     EVENT COMM             PID     PPID    FILENAME/EXIT CODE")
	}
	var failed error
	// Print each event when it happens, also to a pipe.
	for err = t.out.Flush(); err == nil; {
		_, err = events.Poll(pollTime, func(record wasmbpf.Event) {
			e, ok := wasmbpf.Decode[event](record)
			switch {
			case !ok:
			case records == nil:
				t.print(&e)
			default:
				t.count(&e)
				failed = errors.Join(failed, wasmbpf.WriteRecords(records, []event{e}))
			}
		})
		err = errors.Join(err, failed, t.out.Flush())
	}
	if !errors.Is(err, wasmbpf.ErrInterrupted) {
		return err
	}
	if opts.verbose {
		return t.report(object)
	}
	return nil
}

func (t *tracer) report(object *wasmbpf.Object) error {
	stats, err := wasmbpf.FindMap[uint32, uint64](object, "stats")
	if err != nil {
		return err
	}
	lost, _, err := stats.Lookup(0)
	fmt.Fprintf(os.Stderr, "%d starts and %d ends shown, %d events lost\n", t.execs, t.exits, lost)
	return err
}

// parse reports whether the usage was right; it has already printed invalid values.
func parse(args []string) (opts options, ok bool) {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		switch {
		case word == "-v":
			opts.verbose = true
		case word == "-d":
			text := ""
			if len(args) > 0 {
				text, args = args[0], args[1:]
			}
			ms, err := strconv.ParseUint(text, 10, 64)
			if err != nil || ms > math.MaxUint64/1_000_000 {
				fmt.Fprintf(os.Stderr, "bootstrap: -d wants whole milliseconds, not '%s'\n", text)
				return opts, false
			}
			opts.minDurationMs = ms
		default:
			return opts, false
		}
	}
	return opts, true
}

func main() {
	args := os.Args[1:]
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		if _, err := io.WriteString(os.Stdout, usage); err != nil {
			os.Exit(1)
		}
		return
	}
	opts, ok := parse(args)
	if !ok {
		io.WriteString(os.Stderr, usage)
		os.Exit(2)
	}
	if opts.verbose {
		fmt.Fprintf(os.Stderr, "eBPF object: %d bytes; minimum duration: %d ms\n", len(bootstrap), opts.minDurationMs)
	}
	err := trace(opts)
	// A closed reader (| head) ends the trace without an error.
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return
	}
	fmt.Fprintln(os.Stderr, "bootstrap:", err)
	os.Exit(1)
}

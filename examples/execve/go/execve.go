// SPDX-License-Identifier: MIT

// Guest half: prints every execve(2) until Ctrl-C.
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"wasmbpf"
)

//go:embed execve.bpf.o
var execve []byte

const (
	pollTime = 100 * time.Millisecond
	anyUID   = 1<<32 - 1
	argLen   = 128
	maxArgs  = 60
)

const usage = `Usage: execve [-T] [-x] [-q] [-u UID] [-n NAME] [--max-args N] [-v]
Prints every program that is started, with its arguments.

  -T, --time       when, in local time
  -x, --fails      failed calls as well
  -q, --quote      arguments in double quotes
  -u, --uid UID    only this user's
  -n, --name NAME  only processes whose name has this in it
      --max-args N at most that many arguments, 60 at most (default: 20)
  -v, --verbose    counts at the end, to stderr
  -h, --help       this text
`

// event is struct event of execve.h, which precedes its arguments.
type event struct {
	Pid      uint32
	Ppid     uint32
	Uid      uint32
	Result   int32
	ArgCount uint32
	MoreArgs uint32
	ArgsSize uint32
	Comm     [16]byte
}

// config is struct config of execve.h.
type config struct {
	uid       uint32
	failedToo uint32
	maxArgs   uint32
}

type tool struct {
	config               config
	name                 string
	time, quote, verbose bool
	out                  *bufio.Writer
	shown                uint64
	// records is the source, if -o or other options request records.
	records *wasmbpf.Records
	err     error
}

// row is a record for the host's -o, --filter, --sort and others.
type row struct {
	Pid    uint32
	Ppid   uint32
	Uid    uint32
	Result int32
	Comm   [16]byte
	Args   [maxArgs * argLen]byte
}

// members describes row.
const members = "u32 pid; u32 ppid; u32 uid @uid; s32 ret @errno; char comm[16]; char args[7680]"

// record hands an event to the host, with blanks between its arguments.
func (t *tool) record(e *event, args []byte) {
	r := row{Pid: e.Pid, Ppid: e.Ppid, Uid: e.Uid, Result: e.Result, Comm: e.Comm}
	copy(r.Args[:], bytes.ReplaceAll(bytes.TrimSuffix(args, []byte{0}), []byte{0}, []byte{' '}))
	t.err = errors.Join(t.err, wasmbpf.WriteRecords(t.records, []row{r}))
}

// printable returns text with control characters as \xNN: processes choose their own names and
// arguments.
func printable(text []byte) string {
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

// arguments returns the arguments of an event as they are printed.
func (t *tool) arguments(e *event, args []byte) string {
	var words []string
	for range e.ArgCount {
		arg, rest, _ := bytes.Cut(args, []byte{0})
		word := printable(arg)
		if len(arg) == argLen-1 {
			word += "..."
		}
		if t.quote {
			word = `"` + word + `"`
		}
		words, args = append(words, word), rest
	}
	if e.MoreArgs != 0 {
		words = append(words, "...")
	}
	return strings.Join(words, " ")
}

func (t *tool) handle(record wasmbpf.Event) {
	e, ok := wasmbpf.Decode[event](record)
	args := record.Bytes[min(unsafe.Sizeof(e), uintptr(len(record.Bytes))):]
	if !ok || len(args) < int(e.ArgsSize) {
		return
	}
	comm, _, _ := bytes.Cut(e.Comm[:], []byte{0})
	if !strings.Contains(string(comm), t.name) {
		return
	}
	t.shown++
	if t.records != nil {
		t.record(&e, args[:e.ArgsSize])
		return
	}
	if t.time {
		fmt.Fprint(t.out, wasmbpf.Local(time.Now()).Format(time.TimeOnly), " ")
	}
	fmt.Fprintf(t.out, "%-16s %-7d %-7d %3d %s\n",
		printable(comm), e.Pid, e.Ppid, e.Result, t.arguments(&e, args[:e.ArgsSize]))
}

func (t *tool) trace() error {
	object, err := wasmbpf.Open(execve)
	if err != nil {
		return err
	}
	defer object.Close()
	if err := wasmbpf.SetVariable(object, "config", &t.config); err != nil {
		return err
	}
	if err := object.Load(); err != nil {
		return err
	}
	// Create the buffer first: events before that are lost.
	events, err := object.PerfBuffer("events")
	if err != nil {
		return err
	}
	if _, err := object.AttachAll(); err != nil {
		return err
	}

	t.out = bufio.NewWriter(os.Stdout)
	if t.records, err = wasmbpf.OpenRecords("execs", members); err != nil {
		return err
	}
	if t.records == nil {
		if t.time {
			fmt.Fprint(t.out, "TIME     ")
		}
		fmt.Fprintf(t.out, "%-16s %-7s %-7s %3s ARGS\n", "PCOMM", "PID", "PPID", "RET")
	}
	// Print each event when it happens, also to a pipe.
	for err = t.out.Flush(); err == nil; {
		_, err = events.Poll(pollTime, t.handle)
		err = errors.Join(err, t.err, t.out.Flush())
	}
	if !errors.Is(err, wasmbpf.ErrInterrupted) {
		return err
	}
	stats, err := events.Stats()
	if t.verbose {
		fmt.Fprintf(os.Stderr, "%d shown, %d lost\n", t.shown, stats.Lost)
	} else if stats.Lost > 0 {
		fmt.Fprintf(os.Stderr, "warning: %d events lost, the perf buffer was full\n", stats.Lost)
	}
	return err
}

// parse reads the options, which Go's flag package accepts with one dash or two.
func parse(args []string) (t *tool, err error) {
	t = &tool{}
	flags := flag.NewFlagSet("execve", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetOutput(io.Discard)
	both := func(define func(name string), short, long string) { define(short); define(long) }
	var failed bool
	uid, count := uint(anyUID), uint(20)
	both(func(n string) { flags.BoolVar(&t.time, n, false, "") }, "T", "time")
	both(func(n string) { flags.BoolVar(&failed, n, false, "") }, "x", "fails")
	both(func(n string) { flags.BoolVar(&t.quote, n, false, "") }, "q", "quote")
	both(func(n string) { flags.BoolVar(&t.verbose, n, false, "") }, "v", "verbose")
	both(func(n string) { flags.UintVar(&uid, n, anyUID, "") }, "u", "uid")
	both(func(n string) { flags.StringVar(&t.name, n, "", "") }, "n", "name")
	flags.UintVar(&count, "max-args", count, "")
	if err = flags.Parse(args); err != nil {
		return
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if uid > anyUID {
		return nil, fmt.Errorf("-u wants a number below %d", uint64(anyUID))
	}
	if count < 1 || count > maxArgs {
		return nil, fmt.Errorf("--max-args wants a number from 1 to %d", maxArgs)
	}
	t.config.uid, t.config.maxArgs = uint32(uid), uint32(count)
	if failed {
		t.config.failedToo = 1
	}
	return t, nil
}

func main() {
	t, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		if _, err := os.Stdout.WriteString(usage); err != nil {
			os.Exit(1)
		}
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n%s", err, usage)
		os.Exit(2)
	}
	if err := t.trace(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

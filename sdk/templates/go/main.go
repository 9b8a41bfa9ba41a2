// The guest half: loads the eBPF half and prints its events until Ctrl-C.
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"wasmbpf"
)

//go:embed @NAME@.bpf.o
var object []byte

// text is what is in front of the NUL.
func text(chars []byte) string {
	chars, _, _ = bytes.Cut(chars, []byte{0})
	return string(chars)
}

func run() error {
	object, err := wasmbpf.Load(object)
	if err != nil {
		return err
	}
	defer object.Close()
	events, err := object.RingBuffer("events")
	if err != nil {
		return err
	}
	if _, err := object.Attach("on_exec"); err != nil {
		return err
	}

	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "PID     UID     COMM")
	for err == nil {
		_, err = events.Poll(100*time.Millisecond, func(record wasmbpf.Event) {
			if event, ok := wasmbpf.Decode[Event](record); ok {
				fmt.Fprintf(out, "%-7d %-7d %s\n", event.Pid, event.Uid, text(event.Comm[:]))
			}
		})
		err = errors.Join(err, out.Flush())
	}
	// Ctrl-C, or the time is over.
	if errors.Is(err, wasmbpf.ErrInterrupted) {
		return nil
	}
	return err
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

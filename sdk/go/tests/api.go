// SPDX-License-Identifier: MIT

//go:build wasip1

// Every call of the package on the eBPF half of sdk/c/tests; tests/authors/sdk_go_test.ts runs it.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
	"unsafe"

	"wasmbpf"
)

//go:embed orders.bpf.o
var orders []byte

// As in orders.h.
const (
	orderRing = iota + 1
	orderSecondRing
	orderPerf
	orderLong
	longSize = 20000
)

type orderEvent struct {
	Number uint32
	Text   [12]byte
}

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(bytes unsafe.Pointer, size uint32) uint32

func place(order, count int) {
	bytes := make([]byte, order<<16+count)
	if randomGet(unsafe.Pointer(&bytes[0]), uint32(len(bytes))) != 0 {
		panic("random_get")
	}
}

// must ends the guest unless everything is as it should be.
func must(ok bool, what ...any) {
	if !ok {
		panic(fmt.Sprint(what...))
	}
}

func get[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func objects() *wasmbpf.Object {
	_, err := wasmbpf.Load([]byte("no object"))
	must(err != nil && wasmbpf.LastError() != "", err)
	object := get(wasmbpf.Open(orders))
	number := uint32(1)
	must(errors.Is(wasmbpf.SetGlobal(object, ".nowhere", 0, &number), fs.ErrNotExist))
	must(wasmbpf.SetGlobal(object, ".rodata", 1<<20, &number) != nil)
	scale := uint32(3)
	must(errors.Is(wasmbpf.SetVariable(object, "missing", &scale), fs.ErrNotExist))
	must(wasmbpf.SetVariable(object, "sum", &scale) != nil)
	must(wasmbpf.SetVariable(object, "scale", &scale) == nil)
	must(object.Load() == nil)
	must(get(wasmbpf.Variable[uint32](object, "scale")) == 3)
	must(get(wasmbpf.Variable[uint32](object, "first_number")) == 100)
	must(errors.Is(wasmbpf.SetGlobal(object, ".rodata", 0, &number), fs.ErrPermission))
	_, err = object.Attach("missing")
	must(errors.Is(err, fs.ErrNotExist), err)
	_, err = wasmbpf.FindMap[uint32, uint64](object, "missing")
	must(errors.Is(err, fs.ErrNotExist), err)
	return object
}

func maps(object *wasmbpf.Object) {
	_, err := wasmbpf.FindMap[uint64, uint64](object, "hash")
	must(err != nil)
	_, err = wasmbpf.FindMap[uint32, *byte](object, "hash")
	must(err != nil)
	hash := get(wasmbpf.FindMap[uint32, uint64](object, "hash"))
	must(hash.Info().KeySize == 4 && hash.Info().MaxEntries == 4)
	_, found, err := hash.Lookup(1)
	must(!found && err == nil)
	must(hash.Update(1, 10) == nil)
	must(errors.Is(hash.UpdateIf(1, 11, wasmbpf.UpdateNoExist), fs.ErrExist))
	must(errors.Is(hash.UpdateIf(2, 11, wasmbpf.UpdateExist), fs.ErrNotExist))
	must(hash.UpdateAll([]wasmbpf.Entry[uint32, uint64]{{Key: 2, Value: 20}, {Key: 3, Value: 30}}) == nil)
	value, found, err := hash.Lookup(3)
	must(value == 30 && found && err == nil)
	sum := uint64(0)
	for key, value := range hash.All() {
		sum += uint64(key)*1000 + value
	}
	must(sum == 6060, sum)
	value, found, err = hash.Take(3)
	must(value == 30 && found && err == nil)
	_, found, err = hash.Take(3)
	must(!found && err == nil)
	must(get(hash.Delete(2)) && !get(hash.Delete(2)))
	must(hash.DeleteAll([]uint32{1}) == nil)
	must(errors.Is(hash.DeleteAll([]uint32{1}), fs.ErrNotExist))
	must(hash.UpdateAll([]wasmbpf.Entry[uint32, uint64]{{Key: 7, Value: 70}, {Key: 8, Value: 80}}) == nil)
	must(len(get(hash.Drain())) == 2 && len(get(hash.Entries())) == 0)

	perCPU := get(wasmbpf.FindPerCPUMap[uint32, uint32](object, "per_cpu"))
	values := make([]uint32, perCPU.Info().CPUs)
	for i := range values {
		values[i] = uint32(i)
	}
	must(perCPU.Update(1, values) == nil)
	must(slices.Equal(get(perCPU.Lookup(1)), values))
	must(get(perCPU.Lookup(2)) == nil)
	entries := get(perCPU.Entries())
	must(len(entries) == 2 && slices.Equal(entries[1].Value, values))
}

func numbers(buffer *wasmbpf.Buffer, count int) (seen []uint32) {
	for len(seen) < count {
		get(buffer.Poll(5*time.Second, func(record wasmbpf.Event) {
			event, ok := wasmbpf.Decode[uint32](record)
			must(ok)
			seen = append(seen, event)
		}))
	}
	return
}

func events(object *wasmbpf.Object) {
	_, err := object.RingBuffer("hash")
	must(err != nil)
	ring := get(object.RingBuffer("rb"))
	second := get(object.RingBuffer("second_rb"))
	perf := get(object.PerfBuffer("pb"))
	must(get(ring.Poll(0, nil)) == 0)

	link := get(object.Attach("produce"))
	place(orderRing, 3)
	place(orderSecondRing, 1)
	must(slices.Equal(numbers(ring, 3), []uint32{100, 101, 102}))
	must(get(second.Poll(5*time.Second, func(record wasmbpf.Event) {
		event, ok := wasmbpf.Decode[orderEvent](record)
		must(ok && event.Number == 103 && string(event.Text[:5]) == "event")
	})) == 1)
	must(get(ring.Stats()).Delivered == 3)
	must(get(wasmbpf.Variable[uint32](object, "calls")) == 2)

	place(orderPerf, 2)
	must(slices.Equal(numbers(perf, 2), []uint32{104, 105}))

	// By callback: one is refused, and the one after it waits.
	place(orderRing, 3)
	buffer := make([]byte, 16)
	seen := 0
	count := get(ring.PollEach(5*time.Second, buffer, func(bytes []byte) bool {
		must(len(bytes) == 16)
		seen++
		return seen < 2
	}))
	must(count >= 0 && seen == 2, count, seen)
	must(slices.Equal(numbers(ring, 1), []uint32{108}))

	// One Poll has all that there are.
	place(orderRing, 1000)
	next := uint32(109)
	for next < 1109 {
		var first *wasmbpf.Event
		start := next
		must(get(ring.Poll(5*time.Second, func(record wasmbpf.Event) {
			number, ok := wasmbpf.Decode[uint32](record)
			must(ok && number == next, number, next)
			if first == nil {
				first = &record
			}
			next++
		})) > 0)
		// Its bytes are good until the next call.
		number, _ := wasmbpf.Decode[uint32](*first)
		must(number == start, number, start)
	}

	// Events that a loop leaves come with the next read.
	place(orderRing, 3)
	for want := 1; want >= 0; want-- {
		for record := range get(ring.Read(5 * time.Second)).All() {
			number, ok := wasmbpf.Decode[uint32](record)
			must(ok && number == next, number, next)
			next++
			if want == 1 {
				break
			}
		}
	}
	must(next == 1112, next)
	for range get(ring.Read(0)).All() {
		must(false)
	}

	// More than the buffer has room for at first.
	place(orderLong, 9)
	for seen = 0; seen < 9; {
		get(ring.Poll(5*time.Second, func(record wasmbpf.Event) {
			must(len(record.Bytes) == longSize)
			seen++
		}))
	}
	must(link.Close() == nil && link.Close() != nil)
	place(orderRing, 1)
	must(get(ring.Poll(50*time.Millisecond, nil)) == 0)
}

func attachErrors(object *wasmbpf.Object) {
	// "produce" can be attached; the section of "pass" has no place.
	links, err := object.AttachAll()
	must(len(links) == 0 && err != nil)
	_, err = object.AttachTo("pass", "no-such-if0")
	must(err != nil)
	link := get(object.Attach("produce"))
	_, err = io.ReadAll(link)
	must(err != nil)
	must(get(object.ProgramToken("produce")) != 0)
}

// slowEvents checks that a signal ends a batch after the current event, and loses none.
func slowEvents() {
	object := get(wasmbpf.Load(orders))
	get(object.Attach("produce"))
	ring := get(object.RingBuffer("rb"))
	place(orderRing, 100)
	seen := 0
	isFast := false
	onEvent := func(event wasmbpf.Event) {
		number, ok := wasmbpf.Decode[uint32](event)
		must(ok && number == uint32(100+seen))
		if seen == 0 {
			fmt.Println("first event")
		}
		for start := time.Now(); !isFast && time.Since(start) < 100*time.Millisecond; {
		}
		seen++
	}
	poll := func(timeout time.Duration) error {
		_, err := ring.Poll(timeout, onEvent)
		return err
	}
	if len(os.Args) > 2 {
		poll = func(timeout time.Duration) error {
			events, err := ring.Read(timeout)
			if err == nil {
				for event := range events.All() {
					onEvent(event)
				}
			}
			return err
		}
	}
	must(poll(5*time.Second) == nil && seen < 100, seen)
	isFast = true
	err := poll(5 * time.Second)
	must(errors.Is(err, wasmbpf.ErrInterrupted), err)
	must(poll(0) == nil)
	must(seen == 100, seen)
	fmt.Println("all well")
}

// declaredRecord has every kind of member.
type declaredRecord struct {
	Address uint32   `record:"address @ipv4"`
	Left    [2]int16 // left
	Small   int8
	_       [3]byte
	Name    [8]byte `record:"@str"`
}

// records emits records where they are requested: this test runs with and without.
func records() {
	seen, err := wasmbpf.OpenRecords("seen", "u32 pid; u32 count")
	must(err == nil)
	if seen != nil {
		must(wasmbpf.WriteRecords(seen, [][2]uint32{{7, 9}}) == nil)
		must(seen.Flush() == nil)
		declared, err := wasmbpf.OpenRecordsFor[declaredRecord]("declared")
		must(err == nil, err)
		record := declaredRecord{Address: 0x0100007f, Left: [2]int16{1, -2}, Small: -3}
		copy(record.Name[:], "init")
		must(wasmbpf.WriteRecords(declared, []declaredRecord{record}) == nil)
		rows, err := wasmbpf.OpenTableFor[declaredRecord]("rows")
		must(err == nil && rows != nil, err)
		_, err = wasmbpf.OpenRecordsFor[struct{ Length int }]("bad")
		must(err != nil)
		_, err = wasmbpf.OpenTable("bad", "u99 pid")
		must(err != nil)
		_, err = wasmbpf.OpenRecordsOf("bad", orders, "no_such_struct")
		must(err != nil)
	}
}

func main() {
	if len(os.Args) > 1 {
		slowEvents()
		return
	}
	records()
	object := objects()
	maps(object)
	events(object)
	attachErrors(object)
	object.Close()
	object.Close()
	_, err := object.Attach("produce")
	must(err != nil)
	fmt.Fprintln(os.Stdout, "all well")
}

// SPDX-License-Identifier: MIT

//go:build wasip1

package wasmbpf

import (
	"iter"
	"math"
	"time"
	"unsafe"
)

// The room for events at first; it grows when one does not fit. That of a ring buffer stays in the
// processor's first cache; a read of a perf event array looks at the buffers of all CPUs.
const (
	ringBytes = 8 << 10
	perfBytes = 64 << 10
)

// headerBytes are those of { u32 size; u32 cpu } in front of each event.
const headerBytes = 8

// pageBytes are those of a page of the host.
const pageBytes = 4096

// interruptRoom has room for an aligned page; the garbage collector does not move it.
var interruptRoom [2 * pageBytes]byte

// interrupt is the first word of that page: not 0 while the guest is asked to end.
var interrupt = func() *uint32 {
	start := unsafe.Pointer(&interruptRoom[0])
	return (*uint32)(unsafe.Add(start, -uintptr(start)&(pageBytes-1)))
}()

// isInterrupted reports whether the guest is asked to end and has not got an error for it.
func isInterrupted() bool { return *interrupt != 0 }

// Event is one event. Its bytes are good until the next call on its buffer.
type Event struct {
	// Bytes are what the program sent. A perf event array may add up to 7 bytes of padding.
	Bytes []byte
	// CPU is the one that sent it, for a perf event array; 0 for a ring buffer.
	CPU uint32
}

// Decode copies an event out as a T, which has no pointers; false when the event is shorter.
func Decode[T any](event Event) (value T, ok bool) {
	bytes := bytesOf(&value)
	if len(event.Bytes) < len(bytes) {
		return value, false
	}
	copy(bytes, event.Bytes)
	return value, true
}

// BufferStats is what a buffer has seen since it was first read.
type BufferStats struct {
	// Delivered events were handed over.
	Delivered uint64
	// Lost events were dropped by the kernel, which counts them for perf event arrays only.
	Lost uint64
	// Truncated events were cut to the buffer of PollEach.
	Truncated uint64
}

// Buffer is a ring buffer or perf event array to read events from.
type Buffer struct {
	object *Object
	name   string
	token  int32
	words  []uint64
	// at and end are the bytes of words that were not handed over: an interrupt left them.
	at, end int
}

// RingBuffer finds a map of type BPF_MAP_TYPE_RINGBUF. Its events come in the order they were made.
func (o *Object) RingBuffer(name string) (*Buffer, error) { return o.buffer(name, ringBytes) }

// PerfBuffer finds a map of type BPF_MAP_TYPE_PERF_EVENT_ARRAY. What programs sent before is lost; the
// events of each CPU come in order.
func (o *Object) PerfBuffer(name string) (*Buffer, error) { return o.buffer(name, perfBytes) }

func (o *Object) buffer(name string, room int) (*Buffer, error) {
	token, err := o.findMap(name)
	if err != nil {
		return nil, err
	}
	b := &Buffer{object: o, name: name, token: token, words: make([]uint64, room/8)}
	// One of all buffers is enough; without it, a batch is handled to its end.
	showInterrupt(unsafe.Pointer(interrupt))
	// The first read opens the buffer, and fails when the map does not hold events.
	result := bufferRead(o.handle, token, unsafe.Pointer(&b.words[0]), headerBytes, 0)
	if result < 0 && result != linuxENOSPC {
		return nil, newError("read", name, result)
	}
	return b, nil
}

// milliseconds rounds up, so that a short wait is one; a negative or very long one waits for ever.
func milliseconds(d time.Duration) int32 {
	ms := d / time.Millisecond
	if d%time.Millisecond > 0 {
		ms++
	}
	if d < 0 || ms > math.MaxInt32 {
		return -1
	}
	return int32(ms)
}

// fill waits for events; how many bytes of records there are then.
func (b *Buffer) fill(timeout time.Duration) (int, error) {
	for {
		size := len(b.words) * 8
		at := unsafe.Pointer(&b.words[0])
		result := bufferRead(b.object.handle, b.token, at, int32(size), milliseconds(timeout))
		if result == linuxENOSPC {
			// The header has the size of the event that does not fit.
			needed := headerBytes + int(uint32(b.words[0]))
			b.words = make([]uint64, (max(needed, size*2)+7)/8)
			continue
		}
		if result < 0 {
			return 0, newError("read", b.name, result)
		}
		return int(result), nil
	}
}

// takeInterrupt takes the interrupt that ended a batch; what is left of it stays.
func (b *Buffer) takeInterrupt() error {
	if !isInterrupted() {
		return nil
	}
	var none uint64
	result := bufferRead(b.object.handle, b.token, unsafe.Pointer(&none), headerBytes, 1)
	if result < 0 && result != linuxENOSPC {
		return newError("read", b.name, result)
	}
	return nil
}

// Events are those of one Read, in order.
type Events struct{ buffer *Buffer }

// Read waits for events, and gives as many as there are and fit; none when the time is over. Nothing is
// lost and nothing is cut, whatever the size of an event. A negative timeout waits for ever;
// [ErrInterrupted] when the guest is asked to end. What a loop over events leaves comes with the next
// Read that gives any.
func (b *Buffer) Read(timeout time.Duration) (Events, error) {
	events := Events{b}
	if b.at < b.end {
		return events, b.takeInterrupt()
	}
	length, err := b.fill(timeout)
	b.at, b.end = 0, length
	return events, err
}

// All goes over the events, until the guest is asked to end; the one in progress is handled to its end.
//
// It is made for many events: the compiler puts all of it into the function with the loop. Call that
// function for each Read, since WebAssembly engines compile a function well when it is called again.
func (e Events) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		b := e.buffer
		start, word := unsafe.Pointer(&b.words[0]), interrupt
		at, end := b.at, b.end
		// Events after one whose handler panics are dropped.
		b.at, b.end = 0, 0
		// The host wrote whole records of less than 2 GiB, so that no access needs a check.
	runs:
		for at < end {
			size := *(*uint32)(unsafe.Add(start, at)) & math.MaxInt32
			step := (headerBytes + int(size) + 7) &^ 7
			// Events of one size: the processor goes on by it before the next header has come from
			// memory.
			for {
				if at >= end || *word != 0 {
					break runs
				}
				header := (*[2]uint32)(unsafe.Add(start, at))
				if header[0]&math.MaxInt32 != size {
					break
				}
				data := (*[math.MaxInt32]byte)(unsafe.Add(start, at+headerBytes))
				at += step
				if !yield(Event{data[:size:size], header[1]}) {
					break runs
				}
			}
		}
		b.at, b.end = at, end
	}
}

// Poll waits for events as Read does and calls handle for each, in order; how many there were, 0 when
// the time is over. The events that an interrupt left come with the Poll after its error.
func (b *Buffer) Poll(timeout time.Duration, handle func(Event)) (int, error) {
	events, err := b.Read(timeout)
	if err != nil {
		return 0, err
	}
	count := 0
	for event := range events.All() {
		handle(event)
		count++
	}
	return count, nil
}

// Stats returns the buffer's counts so far.
func (b *Buffer) Stats() (BufferStats, error) {
	var stats BufferStats
	if result := bufferStats(b.object.handle, b.token, unsafe.Pointer(&stats)); result < 0 {
		return stats, newError("ask for", b.name, result)
	}
	return stats, nil
}

// current is the handler of the PollEach that runs.
var current func([]byte) bool

// onEvent hands one event to the handler. A negative result ends the batch.
func onEvent(data unsafe.Pointer, size int32) int32 {
	if current == nil || current(unsafe.Slice((*byte)(data), size)) {
		return 0
	}
	return -1
}

// PollEach is Poll by a callback of the host for each event, as the reference runtimes have it: slower,
// and events longer than buffer are cut to it. What handle returns false for ends the batch; events
// after it wait for the next call.
func (b *Buffer) PollEach(timeout time.Duration, buffer []byte, handle func([]byte) bool) (int, error) {
	before := current
	defer func() { current = before }()
	ended := false
	current = func(bytes []byte) bool {
		ended = !handle(bytes)
		return !ended
	}
	result := bufferPoll(b.object.handle, b.token, nil, start(buffer), int32(len(buffer)), milliseconds(timeout))
	if result < 0 && !ended {
		return 0, newError("poll", b.name, result)
	}
	return int(max(result, 0)), nil
}

// UserRingBuffer is a ring buffer in the other direction: programs empty it with
// bpf_user_ringbuf_drain().
type UserRingBuffer struct {
	object *Object
	name   string
	token  int32
}

// UserRingBuffer finds a map of type BPF_MAP_TYPE_USER_RINGBUF.
func (o *Object) UserRingBuffer(name string) (*UserRingBuffer, error) {
	token, err := o.findMap(name)
	if err != nil {
		return nil, err
	}
	return &UserRingBuffer{o, name, token}, nil
}

// Submit sends a sample; it waits for room when the buffer is full.
func (u *UserRingBuffer) Submit(sample []byte, timeout time.Duration) error {
	result := userRingSubmit(u.object.handle, u.token, start(sample), int32(len(sample)), milliseconds(timeout))
	if result < 0 {
		return newError("submit to", u.name, result)
	}
	return nil
}

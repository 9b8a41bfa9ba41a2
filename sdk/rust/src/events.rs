// SPDX-License-Identifier: MIT
//! Events from programs, and samples to them.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::check;
use crate::map::MapHandle;
use crate::object::Object;
use crate::plain::{bytes_of, from_bytes, Plain};
use crate::sys::{self, errno};

/// Room for events at first; it grows when one does not fit.
const BUFFER_BYTES: usize = 64 * 1024;
/// `poll()` reads a ring buffer in pieces that are still in the processor's first cache when their events
/// are handled: of so many bytes or events, for a read costs what some ten small events do.
const PIECE_BYTES: usize = 4096;
const PIECE_EVENTS: usize = 64;
/// `{ u32 size; u32 cpu }` in front of each event.
const HEADER_BYTES: usize = 8;

/// Counts of a buffer since it was first read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events that were handed over.
    pub delivered: u64,
    /// Events that the kernel dropped; it counts them for perf event arrays only.
    pub lost: u64,
    /// Always 0 here: no event is ever cut.
    pub truncated: u64,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    cpu: u32,
    bytes: &'a [u8],
}

impl<'a> Event<'a> {
    /// Data that the program sent. A perf event array may add up to 7 bytes of padding.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The CPU that sent it, for a perf event array; 0 for a ring buffer.
    #[inline]
    pub fn cpu(&self) -> u32 {
        self.cpu
    }

    /// The event as a value; `None` when it is shorter than that.
    #[inline]
    pub fn get<T: Plain>(&self) -> Option<T> {
        from_bytes(self.bytes)
    }
}

/// Events of one read, in order; see [`RingBuffer::read`]. They end early when the guest is asked to
/// end: the next read is `Interrupted` then, and the one after it has the rest.
#[derive(Clone, Debug, Default)]
pub struct Events<'a> {
    records: &'a [u8],
    /// Bytes that an interrupt left.
    rest: Option<&'a Cell<usize>>,
    /// Size of the last event, and its bytes with header and padding.
    size: u32,
    step: usize,
}

/// Bytes of a record. A call that the compiler keeps: see [`Events::advance`].
#[cold]
#[inline(never)]
fn step_of(size: u32) -> usize {
    // More than there is for a size that no record can have.
    (size as usize).saturating_add(HEADER_BYTES + 7) & !7
}

/// A page that the host replaces: its first word is not 0 while the guest is asked to end.
#[derive(Debug)]
#[repr(C, align(4096))]
struct InterruptPage(AtomicU32, [AtomicU32; 1023]);

#[allow(clippy::declare_interior_mutable_const)]
const ZERO: AtomicU32 = AtomicU32::new(0);
static INTERRUPT: InterruptPage = InterruptPage(ZERO, [ZERO; 1023]);

/// Reports whether the guest is asked to end and has not got an error for it.
#[inline]
fn is_interrupted() -> bool {
    INTERRUPT.0.load(Ordering::Relaxed) != 0
}

impl<'a> Events<'a> {
    /// Takes the next event. Inlined, so that it stays in registers.
    #[inline(always)]
    fn advance(&mut self) -> Option<Event<'a>> {
        if let Some(rest) = self.rest {
            if is_interrupted() {
                rest.set(std::mem::take(&mut self.records).len());
                self.rest = None;
            }
        }
        let [size, cpu] = from_bytes::<[u32; 2]>(self.records)?;
        // A branch: while events have one size, the processor goes on by it before this header has come
        // from memory.
        if size != self.size || self.step == 0 {
            (self.size, self.step) = (size, step_of(size));
        }
        if self.step > self.records.len() {
            return None;
        }
        let (record, records) = self.records.split_at(self.step);
        self.records = records;
        // SAFETY: a step is a header and `size` bytes, or more.
        let bytes = unsafe { record.get_unchecked(HEADER_BYTES..HEADER_BYTES + size as usize) };
        Some(Event { cpu, bytes })
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    // A tool's loop runs in main(), which V8 compiles once and quickly; what it calls often, it compiles
    // again and well.
    #[inline(never)]
    fn next(&mut self) -> Option<Event<'a>> {
        self.advance()
    }
}

/// A map to read events from, and where they go.
#[derive(Debug)]
struct Reader<'a> {
    object: &'a Object,
    token: i32,
    /// Words, for records start at multiples of 8.
    buffer: Vec<u64>,
    /// Bytes of a piece: all there are for perf buffers, since each read looks at those of all processors.
    piece: usize,
    is_ring: bool,
    /// Bytes of the last read.
    length: usize,
    /// Bytes at their end that an interrupt left.
    rest: Cell<usize>,
    /// Error of a read after the first of a poll.
    failure: Option<io::Error>,
}

impl<'a> Reader<'a> {
    fn new(object: &'a Object, map: &MapHandle<'a>, is_ring: bool) -> io::Result<Self> {
        let reader = Self {
            object,
            token: map.token,
            buffer: vec![0; BUFFER_BYTES / 8],
            piece: if is_ring { PIECE_BYTES } else { BUFFER_BYTES },
            is_ring,
            length: 0,
            rest: Cell::new(0),
            failure: None,
        };
        // One of all readers is enough; without it, a batch is handled to its end.
        // SAFETY: the page is aligned, and made of atomic words.
        unsafe { sys::interrupt_page((&INTERRUPT as *const InterruptPage).cast()) };
        // The first read opens the buffer, and fails when the map does not hold events.
        let mut nothing = [0u64];
        // SAFETY: the pointer and the size are those of one array.
        let result =
            unsafe { sys::buffer_read(object.raw(), map.token, nothing.as_mut_ptr().cast(), 8, 0) };
        if result < 0 && result != -errno::ENOSPC {
            check(result)?;
        }
        Ok(reader)
    }

    /// Reads as many events as there are, up to so many bytes of the buffer.
    fn read(&mut self, timeout: Duration, most: usize) -> io::Result<Events<'_>> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let left = self.rest.get();
        if left == 0 {
            self.length = self.fill(timeout, most)?;
        } else {
            self.take_interrupt()?;
            self.rest.set(0);
        }
        let start = if left == 0 { 0 } else { self.length - left };
        // SAFETY: as many bytes were written.
        let records = unsafe {
            let bytes = self.buffer.as_ptr().cast::<u8>();
            std::slice::from_raw_parts(bytes.add(start), self.length - start)
        };
        Ok(Events {
            records,
            rest: Some(&self.rest),
            ..Events::default()
        })
    }

    /// Reads the next piece; see [`PIECE_BYTES`].
    fn read_piece(&mut self, timeout: Duration) -> io::Result<Events<'_>> {
        self.read(timeout, self.piece)
    }

    /// After a piece: reports whether there may be more events, which the same poll can handle.
    fn goes_on(&mut self, bytes: usize) -> bool {
        let first = self.first();
        let is_full = self.length > 0 && self.length + first > self.piece && self.rest.get() == 0;
        if self.is_ring {
            let wanted = first.saturating_mul(PIECE_EVENTS).max(PIECE_BYTES);
            self.piece = wanted.min(self.buffer.len() * 8);
        }
        is_full && bytes + self.piece <= self.buffer.len() * 8
    }

    /// Bytes of the first record of the last read, also of one that did not fit.
    fn first(&self) -> usize {
        HEADER_BYTES + (self.buffer[0] as u32) as usize
    }

    /// Takes the interrupt that ended a batch; what is left of it stays.
    fn take_interrupt(&self) -> io::Result<()> {
        let mut none = [0u64];
        if is_interrupted() {
            // SAFETY: the pointer and the size are those of one array.
            let result = unsafe {
                sys::buffer_read(
                    self.object.raw(),
                    self.token,
                    none.as_mut_ptr().cast(),
                    8,
                    1,
                )
            };
            if result != -errno::ENOSPC {
                check(result)?;
            }
        }
        Ok(())
    }

    /// Waits for events: how many bytes of records there are then.
    fn fill(&mut self, timeout: Duration, most: usize) -> io::Result<usize> {
        let timeout_ms = milliseconds(timeout);
        let mut size = most.min(self.buffer.len() * 8);
        loop {
            let bytes = self.buffer.as_mut_ptr().cast::<u8>();
            // SAFETY: the vector has as many bytes, or more.
            let result = unsafe {
                sys::buffer_read(
                    self.object.raw(),
                    self.token,
                    bytes,
                    size as i32,
                    timeout_ms,
                )
            };
            if result != -errno::ENOSPC {
                return Ok(check(result)? as usize);
            }
            let room = self.buffer.len() * 8;
            if self.first() > room {
                let needed = self.first().max(room * 2);
                self.buffer.resize((needed + 7) / 8, 0);
            }
            size = self.buffer.len() * 8;
        }
    }

    fn stats(&self) -> io::Result<Stats> {
        let mut out = [0u64; 3];
        // SAFETY: three numbers are what it writes.
        check(unsafe { sys::buffer_stats(self.object.raw(), self.token, out.as_mut_ptr()) })?;
        let [delivered, lost, truncated] = out;
        Ok(Stats {
            delivered,
            lost,
            truncated,
        })
    }
}

/// Rounded up, so that a short wait is one; a very long one waits for ever.
fn milliseconds(duration: Duration) -> i32 {
    // Not by as_nanos(): a division of 128 bits is a loop in WebAssembly.
    let rest = (duration.subsec_nanos() + 999_999) / 1_000_000;
    let ms = duration
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(rest));
    i32::try_from(ms).unwrap_or(-1)
}

macro_rules! reader {
    ($(#[$meta:meta])* $name:ident, is_ring: $is_ring:expr) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'a> {
            reader: Reader<'a>,
        }

        impl<'a> $name<'a> {
            pub(crate) fn new(object: &'a Object, map: MapHandle<'a>) -> io::Result<Self> {
                Ok(Self { reader: Reader::new(object, &map, $is_ring)? })
            }

            /// Waits for events, and gives as many as there are and fit; none when the time is over.
            ///
            /// Nothing is lost and nothing is cut, whatever the size of an event. `Interrupted` when
            /// the guest is asked to end. `Duration::MAX` waits for ever.
            pub fn read(&mut self, timeout: Duration) -> io::Result<Events<'_>> {
                self.reader.read(timeout, usize::MAX)
            }

            /// Waits for events, and calls `handle` for each; how many there were.
            #[inline(never)]
            pub fn poll(
                &mut self,
                timeout: Duration,
                mut handle: impl FnMut(Event<'_>),
            ) -> io::Result<usize> {
                let (mut count, mut bytes) = (0, 0);
                let mut events = self.reader.read_piece(timeout)?;
                loop {
                    while let Some(event) = events.advance() {
                        handle(event);
                        count += 1;
                    }
                    bytes += self.reader.length;
                    if !self.reader.goes_on(bytes) {
                        return Ok(count);
                    }
                    events = match self.reader.read_piece(Duration::ZERO) {
                        Ok(events) => events,
                        // The events before it are reported first.
                        Err(error) => {
                            self.reader.failure = Some(error);
                            return Ok(count);
                        }
                    };
                }
            }

            /// Returns its counts so far.
            pub fn stats(&self) -> io::Result<Stats> {
                self.reader.stats()
            }
        }
    };
}

reader! {
    /// A ring buffer's events, those of all CPUs in the order they were made.
    RingBuffer, is_ring: true
}

reader! {
    /// A perf event array's events, in order for each CPU.
    PerfBuffer, is_ring: false
}

/// A ring buffer in the other direction: programs empty it with `bpf_user_ringbuf_drain()`.
#[derive(Debug)]
pub struct UserRingBuffer<'a> {
    object: &'a Object,
    token: i32,
}

impl<'a> UserRingBuffer<'a> {
    pub(crate) fn new(object: &'a Object, map: MapHandle<'a>) -> io::Result<Self> {
        Ok(Self {
            object,
            token: map.token,
        })
    }

    /// Sends a sample; waits for room when the buffer is full, and fails after the time-out.
    pub fn submit<T: Plain>(&self, sample: &T, timeout: Duration) -> io::Result<()> {
        self.submit_bytes(bytes_of(sample), timeout)
    }

    /// Sends bytes as a sample, like [`Self::submit`].
    pub fn submit_bytes(&self, sample: &[u8], timeout: Duration) -> io::Result<()> {
        let size = i32::try_from(sample.len()).unwrap_or(i32::MAX);
        // SAFETY: the pointer and the size are those of one slice.
        check(unsafe {
            let data = sample.as_ptr();
            sys::user_ring_submit(
                self.object.raw(),
                self.token,
                data,
                size,
                milliseconds(timeout),
            )
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (payload, cpu) in [(&b"abc"[..], 1u32), (b"", 2), (b"12345678", 3)] {
            bytes.extend((payload.len() as u32).to_ne_bytes());
            bytes.extend(cpu.to_ne_bytes());
            bytes.extend(payload);
            bytes.resize((bytes.len() + 7) & !7, 0xff);
        }
        bytes
    }

    #[test]
    fn events_are_read_in_order_without_their_padding() {
        let bytes = records();
        let events: Vec<_> = Events {
            records: &bytes,
            ..Events::default()
        }
        .map(|e| (e.cpu(), e.bytes().to_vec()))
        .collect();
        assert_eq!(
            events,
            [(1, b"abc".to_vec()), (2, vec![]), (3, b"12345678".to_vec())]
        );
    }

    #[test]
    fn events_of_cut_off_records_end() {
        let bytes = records();
        for size in 0..bytes.len() {
            assert!(
                Events {
                    records: &bytes[..size],
                    ..Events::default()
                }
                .count()
                    <= 3
            );
        }
    }

    #[test]
    fn events_of_impossible_sizes_end() {
        for size in [u32::MAX, u32::MAX - 8, u32::MAX - 15, i32::MAX as u32, 9] {
            let mut bytes = vec![0; 16];
            bytes[..4].copy_from_slice(&size.to_ne_bytes());
            let mut events = Events {
                records: &bytes,
                ..Events::default()
            };
            assert!(events.next().is_none(), "{size}");
        }
    }

    #[test]
    fn milliseconds_rounds_up_and_ends_at_for_ever() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
        assert_eq!(milliseconds(Duration::from_millis(100)), 100);
        assert_eq!(milliseconds(Duration::MAX), -1);
    }
}

// SPDX-License-Identifier: MIT
//! Every call of the crate on the eBPF half of `sdk/c/tests`; tests/authors/sdk_rust_test.ts runs it.
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use wasm_bpf::{Flags, Object, Plain, Records};

const OBJECT: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/orders.bpf.o"));

/// As in orders.h.
#[derive(Clone, Copy)]
enum Order {
    Ring = 1,
    SecondRing,
    Perf,
    Long,
}

const LONG_SIZE: usize = 20000;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct OrderEvent {
    number: u32,
    text: [u8; 12],
}
// SAFETY: integers without a gap.
unsafe impl Plain for OrderEvent {}

#[repr(C)]
#[derive(Clone, Copy)]
struct Settings {
    factor: u32,
    addend: u32,
}
// SAFETY: integers without a gap.
unsafe impl Plain for Settings {}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn random_get(bytes: *mut u8, size: usize) -> u16;
}

fn place(order: Order, count: usize) {
    let mut bytes = vec![0u8; ((order as usize) << 16) + count];
    // SAFETY: the pointer and the size are those of one vector.
    assert_eq!(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) }, 0);
}

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(5);

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().map_or(ErrorKind::Other, |error| error.kind())
}

fn objects() -> io::Result<Object> {
    assert!(Object::load(b"no object").is_err());
    assert!(!wasm_bpf::last_error().is_empty());
    let open = Object::open(OBJECT)?;
    assert_eq!(
        kind(open.set_global(".nowhere", 0, &1u32)),
        ErrorKind::NotFound
    );
    assert!(open.set_global(".rodata", 1 << 20, &1u32).is_err());
    assert_eq!(kind(open.set_variable("missing", &1u32)), ErrorKind::NotFound);
    assert_eq!(kind(open.set_variable("scale", &1u64)), ErrorKind::InvalidInput);
    open.set_variable("scale", &3u32)?;
    open.set_variable("settings", &Settings { factor: 7, addend: 2 })?;
    let object = open.load()?;
    assert_eq!((object.variable::<u32>("scale")?, object.variable::<u32>("first_number")?), (3, 100));
    assert_eq!(
        kind(object.set_global(".rodata", 0, &1u32)),
        ErrorKind::PermissionDenied
    );
    let missing = object.program("missing").unwrap_err();
    assert_eq!(
        (missing.kind(), missing.to_string()),
        (
            ErrorKind::NotFound,
            "the object has no program \"missing\"".to_owned(),
        )
    );
    assert_eq!(kind(object.program("a\0b")), ErrorKind::InvalidInput);
    assert_eq!(kind(object.map::<u32, u64>("missing")), ErrorKind::NotFound);
    Ok(object)
}

fn maps(object: &Object) -> io::Result<()> {
    assert_eq!(
        kind(object.map::<u64, u64>("hash")),
        ErrorKind::InvalidInput
    );
    let hash = object.map::<u32, u64>("hash")?;
    assert_eq!((hash.info().key_size, hash.info().max_entries), (4, 4));
    assert_eq!(hash.lookup(&1)?, None);
    hash.update(&1, &10)?;
    assert_eq!(
        kind(hash.update_if(&1, &11, Flags::New)),
        ErrorKind::AlreadyExists
    );
    assert_eq!(
        kind(hash.update_if(&2, &11, Flags::Existing)),
        ErrorKind::NotFound
    );
    hash.update_all(&[(2, 20), (3, 30)])?;
    assert_eq!(hash.lookup(&3)?, Some(30));
    let mut elements: Vec<_> = hash.iter()?.collect();
    elements.sort_unstable();
    assert_eq!(elements, [(1, 10), (2, 20), (3, 30)]);
    assert_eq!((hash.take(&3)?, hash.take(&3)?), (Some(30), None));
    assert_eq!((hash.delete(&2)?, hash.delete(&2)?), (true, false));
    hash.delete_all(&[1])?;
    assert_eq!(kind(hash.delete_all(&[1])), ErrorKind::NotFound);
    hash.update_all(&[(7, 70), (8, 80)])?;
    assert_eq!((hash.drain()?.len(), hash.iter()?.len()), (2, 0));

    let array = object.map::<u32, Settings>(".rodata");
    assert!(array.is_err(), "more than the settings are in .rodata");

    let per_cpu = object.per_cpu_map::<u32, u32>("per_cpu")?;
    let cpus = per_cpu.info().cpus as usize;
    per_cpu.update(&1, &(0..cpus as u32).collect::<Vec<_>>())?;
    assert_eq!(per_cpu.lookup(&1)?, Some((0..cpus as u32).collect()));
    assert_eq!(per_cpu.lookup(&2)?, None);
    let all: Vec<_> = per_cpu.iter()?.collect();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], (0, vec![0; cpus]));
    Ok(())
}

fn events(object: &Object) -> io::Result<()> {
    assert!(object.ring_buffer("hash").is_err());
    let mut ring = object.ring_buffer("rb")?;
    let mut second = object.ring_buffer("second_rb")?;
    let mut perf = object.perf_buffer("pb")?;
    assert_eq!(ring.poll(Duration::ZERO, |_| ())?, 0);

    let link = object.attach("produce")?;
    place(Order::Ring, 3);
    place(Order::SecondRing, 1);
    let events: Vec<OrderEvent> = ring.read(LONG)?.filter_map(|event| event.get()).collect();
    assert_eq!(
        events.iter().map(|event| event.number).collect::<Vec<_>>(),
        [100, 101, 102]
    );
    assert_eq!(&events[0].text, b"event\0\0\0\0\0\0\0");
    assert_eq!(
        second.poll(LONG, |event| assert_eq!(event.bytes().len(), 16))?,
        1
    );
    assert_eq!(ring.stats()?.delivered, 3);
    assert_eq!((object.variable::<u32>("calls")?, object.variable::<u64>("sum")?), (2, 2 * 23));
    object.set_variable("calls", &10u32)?;
    assert_eq!(object.variable::<u32>("calls")?, 10);

    place(Order::Perf, 2);
    let mut numbers = Vec::new();
    while numbers.len() < 2 {
        perf.poll(LONG, |event| numbers.extend(event.get::<u32>()))?;
    }
    assert_eq!(numbers, [104, 105]);

    // One poll has more than it reads at once.
    place(Order::Ring, 1000);
    numbers.clear();
    assert_eq!(ring.poll(LONG, |event| numbers.extend(event.get::<u32>()))?, 1000);
    assert!(numbers.iter().copied().eq(106..1106));

    // More than the buffer has room for at first.
    place(Order::Long, 9);
    let mut sizes = Vec::new();
    while sizes.len() < 9 {
        ring.poll(LONG, |event| sizes.push(event.bytes().len()))?;
    }
    assert_eq!(sizes, [LONG_SIZE; 9]);

    link.detach()?;
    place(Order::Ring, 1);
    assert_eq!(ring.poll(SHORT, |_| ())?, 0);
    {
        let _link = object.attach("produce")?;
        place(Order::Ring, 1);
    }
    place(Order::Ring, 1);
    assert_eq!(ring.poll(LONG, |_| ())?, 1);
    Ok(())
}

fn attach_errors(object: &Object) -> io::Result<()> {
    // "produce" can be attached; the section of "pass" has no place.
    assert!(object.attach_all().is_err());
    let pass = object.program("pass")?;
    let error = pass.attach_to("no-such-if0").unwrap_err();
    assert!(error.to_string().contains("no-such-if0"), "{error}");
    let link = object.attach("produce")?;
    let mut text = String::new();
    assert_eq!(
        kind(link.reader().read_to_string(&mut text)),
        ErrorKind::InvalidInput
    );
    link.keep();
    Ok(())
}

/// A signal ends a batch after the current event, and the rest is not lost.
fn slow_events() -> io::Result<()> {
    let object = Object::load(OBJECT)?;
    let _link = object.attach("produce")?;
    let mut ring = object.ring_buffer("rb")?;
    place(Order::Ring, 100);
    let mut first = 0;
    for event in ring.read(LONG)? {
        assert_eq!(event.get::<u32>(), Some(100 + first));
        if first == 0 {
            println!("first event");
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {}
        first += 1;
    }
    assert!(first < 100);
    assert_eq!(kind(ring.read(LONG)), ErrorKind::Interrupted);
    let rest: Vec<_> = ring.read(SHORT)?.map(|event| event.get()).collect();
    let expected: Vec<_> = (100 + first..200).map(Some).collect();
    assert_eq!(rest, expected);
    println!("all well");
    Ok(())
}

wasm_bpf::record! {
    /// Record of every kind of member.
    struct Seen {
        address: u32 = "@ipv4",
        left: [i16; 2],
        small: i8,
        pad: [u8; 3] = "@bytes",
        name: [u8; 8] = "@str",
    }
}

/// Emits records where they are requested: this test runs with and without.
fn records() -> io::Result<()> {
    if let Some(records) = Records::open("seen", "u32 pid; u32 count")? {
        records.write(&[[7u32, 9]])?;
        records.flush()?;
        let declared = Records::of::<Seen>("declared")?.expect("records are requested");
        let name = *b"init\0\0\0\0";
        declared.write(&[Seen { address: 0x0100_007f, left: [1, -2], small: -3, pad: [0; 3], name }])?;
        assert!(Records::table_of::<Seen>("rows")?.is_some());
        assert!(Records::open_table("bad", "u99 pid").is_err());
        assert!(Records::of_struct("bad", OBJECT, "no_such_struct").is_err());
    }
    assert_eq!(kind(Records::open("nul", "\0")), ErrorKind::InvalidInput);
    Ok(())
}

fn main() -> io::Result<()> {
    if std::env::args().len() > 1 {
        return slow_events();
    }
    records()?;
    let object = objects()?;
    maps(&object)?;
    events(&object)?;
    attach_errors(&object)?;
    println!("all well");
    Ok(())
}

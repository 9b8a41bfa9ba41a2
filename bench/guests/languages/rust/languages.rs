// SPDX-License-Identifier: MIT
//! Takes events that are in the ring already: ROUNDS times 230,400 of them; nanoseconds an event.
use std::io;
use std::time::{Duration, Instant};

use wasm_bpf::Object;

const MEASURE: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/measure.bpf.o"));

/// `FILL_COUNT` of measure.h.
const FILL_COUNT: u32 = 230_400;
const EVENT_BYTES: usize = 64;

fn main() -> io::Result<()> {
    let rounds: u32 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let object = Object::load(MEASURE)?;
    let order = object.map::<u32, u32>("order")?;
    let mut filled = object.ring_buffer("filled")?;
    let _link = object.attach("fill")?;
    for _ in 0..rounds {
        order.update(&0, &FILL_COUNT)?;
        let start = Instant::now();
        let mut seen = 0;
        while filled.poll(Duration::ZERO, |event| {
            seen += u32::from(event.bytes().len() == EVENT_BYTES);
        })? > 0
        {}
        assert_eq!(seen, FILL_COUNT);
        println!(
            "{:.2}",
            start.elapsed().as_nanos() as f64 / f64::from(FILL_COUNT)
        );
    }
    Ok(())
}

//! The guest half: loads the eBPF half and prints its events until Ctrl-C.
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use wasm_bpf::{Object, Plain};

mod types;
use types::Event;

// SAFETY: integers without a gap, as types.rs asserts.
unsafe impl Plain for Event {}

/// The text in front of the NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", env!("CARGO_PKG_NAME"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let object = Object::load(include_bytes!("../@NAME@.bpf.o"))?;
    let mut events = object.ring_buffer("events")?;
    let _link = object.attach("on_exec")?;

    let mut out = io::stdout().lock();
    writeln!(out, "PID     UID     COMM")?;
    loop {
        match events.read(Duration::from_millis(100)) {
            Ok(batch) => {
                for event in batch.filter_map(|event| event.get::<Event>()) {
                    writeln!(out, "{:<7} {:<7} {}", event.pid, event.uid, text(&event.comm))?;
                }
            }
            // Ctrl-C, or the time is over.
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        out.flush()?;
    }
}

// SPDX-License-Identifier: MIT
//! Guest half: loads the eBPF half, prints its events as lines until Ctrl-C.
use std::env;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::process::{self, ExitCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasm_bpf::tool::Text;
use wasm_bpf::{Object, Plain, Records};

const BOOTSTRAP: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/bootstrap.bpf.o"));

const POLL: Duration = Duration::from_millis(100);
const NS_PER_SEC: u64 = 1_000_000_000;
const NS_PER_MS: u64 = 1_000_000;

const USAGE: &str = "\
Usage: bootstrap [-d MS] [-v] [-h]
Prints every process that starts a program and every one that ends.

  -d MS  only the ends of processes that lasted at least MS milliseconds
  -v     print the settings first and counts at the end, to stderr
  -h     this text
";

/// `struct event` for the host's `-o`, `--filter`, `--sort` and others.
const MEMBERS: &str = "u64 time @time(boot); u64 duration_ns; u32 kind @enum(EXEC,EXIT); \
    u32 pid; u32 ppid; u32 wait_status; char comm[16]; char filename[128]";

/// `struct event` of bootstrap.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct Event {
    time_ns: u64,
    duration_ns: u64,
    kind: u32,
    pid: u32,
    ppid: u32,
    wait_status: u32,
    comm: [u8; 16],
    filename: [u8; 128],
}
// SAFETY: integers without padding, as bootstrap.h asserts.
unsafe impl Plain for Event {}

const EVENT_EXEC: u32 = 0;

#[derive(Default)]
struct Options {
    min_duration_ms: u64,
    verbose: bool,
}

#[derive(Default)]
struct Tracer {
    execs: u64,
    exits: u64,
    /// Wall clock minus the kernel's time since boot; set by the first event.
    boot_time_ns: Option<u64>,
    line: String,
}

impl Tracer {
    /// Appends the event's time by the host's wall clock and time zone. Events arrive slightly
    /// late, never early, so the smallest difference seen between the two clocks is the best one.
    fn push_time(&mut self, time_ns: u64) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let seen = (now.as_nanos() as u64).wrapping_sub(time_ns);
        let boot_time_ns = self.boot_time_ns.map_or(seen, |best| best.min(seen));
        self.boot_time_ns = Some(boot_time_ns);
        let utc = (boot_time_ns.wrapping_add(time_ns) / NS_PER_SEC) as i64;
        let s = (utc + wasm_bpf::tool::local_offset(utc)).rem_euclid(86400);
        let _ = write!(
            self.line,
            "{:02}:{:02}:{:02} ",
            s / 3600,
            s / 60 % 60,
            s % 60
        );
    }

    fn print(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let is_exec = event.kind == EVENT_EXEC;
        self.line.clear();
        self.push_time(event.time_ns);
        self.line
            .push_str(if is_exec { "EXEC  " } else { "EXIT  " });
        let _ = write!(
            self.line,
            "{:16} {:<7} {:<7} ",
            Text(&event.comm),
            event.pid,
            event.ppid
        );
        if is_exec {
            self.execs += 1;
            let _ = write!(self.line, "{}", Text(&event.filename));
        } else {
            self.exits += 1;
            let _ = match event.wait_status & 0x7f {
                0 => write!(self.line, "[{}]", event.wait_status >> 8 & 0xff),
                signal => write!(self.line, "[signal {signal}]"),
            };
            if event.duration_ns > 0 {
                let _ = write!(self.line, " ({}ms)", event.duration_ns / NS_PER_MS);
            }
        }
        self.line.push('\n');
        out.write_all(self.line.as_bytes())
    }

    fn record(&mut self, event: &Event, records: &Records) -> io::Result<()> {
        match event.kind {
            EVENT_EXEC => self.execs += 1,
            _ => self.exits += 1,
        }
        records.write(std::slice::from_ref(event))
    }

    fn report(&self, lost: u64) {
        eprintln!(
            "{} starts and {} ends shown, {lost} events lost",
            self.execs, self.exits
        );
    }
}

fn trace(options: &Options) -> io::Result<()> {
    let object = Object::load(BOOTSTRAP)?;
    // Set between load and attach: the programs read it at the first event.
    let min_duration_ns = options.min_duration_ms * NS_PER_MS;
    object
        .map::<u32, u64>("config")?
        .update(&0, &min_duration_ns)?;
    let _exec = object.attach("handle_exec")?;
    let _exit = object.attach("handle_exit")?;
    let mut events = object.ring_buffer("rb")?;

    let mut tracer = Tracer::default();
    let mut out = io::stdout().lock();
    let records = Records::open("processes", MEMBERS)?;
    if records.is_none() {
        out.write_all(b"TIME     EVENT COMM             PID     PPID    FILENAME/EXIT CODE\n")?;
    }
    loop {
        let batch = match events.read(POLL) {
            Err(error) if error.kind() == ErrorKind::Interrupted => break,
            other => other?,
        };
        for event in batch.filter_map(|event| event.get::<Event>()) {
            match &records {
                Some(records) => tracer.record(&event, records)?,
                None => tracer.print(&event, &mut out)?,
            }
        }
        // Print each event when it happens, also to a pipe.
        out.flush()?;
    }
    if options.verbose {
        let lost = object.map::<u32, u64>("stats")?.lookup(&0)?.unwrap_or(0);
        tracer.report(lost);
    }
    Ok(())
}

/// Returns `None` for wrong usage, after printing the reason.
fn parse(mut args: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    while let Some(word) = args.next() {
        match word.as_str() {
            "-v" => options.verbose = true,
            "-d" => {
                let text = args.next().unwrap_or_default();
                let ms = text.parse().ok().filter(|ms| *ms <= u64::MAX / NS_PER_MS);
                match ms {
                    Some(ms) if !text.starts_with('+') => options.min_duration_ms = ms,
                    _ => {
                        eprintln!("bootstrap: -d wants whole milliseconds, not '{text}'");
                        return None;
                    }
                }
            }
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    if matches!(env::args().nth(1).as_deref(), Some("-h" | "--help")) {
        return match io::stdout().write_all(USAGE.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let options = match parse(env::args().skip(1)) {
        Some(options) => options,
        None => {
            eprint!("{USAGE}");
            // An ExitCode is 0 or 1 on this target.
            process::exit(2);
        }
    };
    if options.verbose {
        eprintln!(
            "eBPF object: {} bytes; minimum duration: {} ms",
            BOOTSTRAP.len(),
            options.min_duration_ms
        );
    }
    match trace(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // A closed reader (| head) ends the trace without an error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bootstrap: {error}");
            ExitCode::FAILURE
        }
    }
}

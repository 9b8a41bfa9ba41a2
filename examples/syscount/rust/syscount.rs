// SPDX-License-Identifier: MIT
//! Guest half: a table of the most frequent or longest system calls, redrawn after each interval.
use std::env;
use std::io::{self, Write};
use std::process;
use std::time::Duration;

use wasm_bpf::tool::{number, parse_args, sleep, Arg, Clock, Opt, Text};
use wasm_bpf::{Object, PerCpuMap, Plain, Records};

mod names;

const SYSCOUNT: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/syscount.bpf.o"));

const USAGE: &str = "\
Usage: syscount [-p PID] [-P] [-L] [-x | -e ERRNO] [-t N] [-i S] [-c COUNT] [-v]
Counts system calls: a table after each interval, and at Ctrl-C.

  -p, --pid PID      only this process
  -P, --process      by process instead of by system call
  -L, --latency      those first that took longest altogether
  -x, --failures     only calls that failed
  -e, --errno N      only calls that failed with this number
  -t, --top N        lines of the table (default: 10)
  -i, --interval S   seconds between two tables (default: 1)
  -c, --count N      ends after that many
  -v, --verbose      counts at the end, to stderr
  -h, --help         this text

On a terminal each table takes the place of the one before.
";

const OPTIONS: &[Opt] = &[
    Opt { short: 'p', long: "pid", has_value: true },
    Opt { short: 'P', long: "process", has_value: false },
    Opt { short: 'L', long: "latency", has_value: false },
    Opt { short: 'x', long: "failures", has_value: false },
    Opt { short: 'e', long: "errno", has_value: true },
    Opt { short: 't', long: "top", has_value: true },
    Opt { short: 'i', long: "interval", has_value: true },
    Opt { short: 'c', long: "count", has_value: true },
    Opt { short: 'v', long: "verbose", has_value: false },
    Opt { short: 'h', long: "help", has_value: false },
];

/// `struct counter` of syscount.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Counter {
    calls: u64,
    failed: u64,
    total_ns: u64,
    longest_ns: u64,
    comm: [u8; 16],
}
// SAFETY: integers without padding, as syscount.h asserts.
unsafe impl Plain for Counter {}

/// `struct config` of syscount.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Config {
    pid: u32,
    by_process: u32,
    only_failed: u32,
    errno: u32,
}
// SAFETY: integers without padding, as syscount.h asserts.
unsafe impl Plain for Config {}

/// Row for the host's `-o`, `--filter`, `--sort`, `--top` and others.
#[repr(C)]
#[derive(Clone, Copy)]
struct Row {
    counter: Counter,
    name: [u8; 24],
    pid: u32,
    syscall: u32,
}
// SAFETY: integers without padding: 48, 24 and 8 bytes.
unsafe impl Plain for Row {}

/// Members of [`Row`], for system calls and for processes.
const BY_SYSCALL: &str = "u64 calls; u64 failed; u64 total_ns; u64 longest_ns; \
    char __comm[16]; char name[24]; u32 __pid; u32 syscall";
const BY_PROCESS: &str = "u64 calls; u64 failed; u64 total_ns; u64 longest_ns; \
    char comm[16]; char __name[24]; u32 pid; u32 __syscall";

extern "C" {
    /// From the C library.
    fn isatty(descriptor: i32) -> i32;
}

/// Moves to the upper left corner, and clears everything below.
const REDRAW: &[u8] = b"\x1b[H\x1b[J";

impl Counter {
    /// Sums the values of all CPUs.
    fn sum(values: Vec<Self>) -> Self {
        values.into_iter().fold(Self::default(), |sum, value| Self {
            calls: sum.calls + value.calls,
            failed: sum.failed + value.failed,
            total_ns: sum.total_ns + value.total_ns,
            longest_ns: sum.longest_ns.max(value.longest_ns),
            comm: if value.comm[0] == 0 { sum.comm } else { value.comm },
        })
    }
}

struct Tool {
    config: Config,
    by_latency: bool,
    top: usize,
    interval_s: u64,
    count: u64,
    verbose: bool,
    help: bool,
}

impl Tool {
    fn parse(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut tool = Self {
            config: Config::default(),
            by_latency: false,
            top: 10,
            interval_s: 1,
            count: u64::MAX,
            verbose: false,
            help: false,
        };
        for arg in parse_args(OPTIONS, args)? {
            match arg {
                Arg::Option(option, value) => tool.set(option, &value)?,
                Arg::Word(word) => return Err(format!("Unexpected argument '{word}'")),
            }
        }
        Ok(tool)
    }

    fn set(&mut self, option: char, value: &str) -> Result<(), String> {
        match option {
            'p' => self.config.pid = number("--pid", value, 1, i32::MAX as u64)? as u32,
            'P' => self.config.by_process = 1,
            'L' => self.by_latency = true,
            'x' => self.config.only_failed = 1,
            'e' => self.config.errno = number("--errno", value, 1, 4095)? as u32,
            't' => self.top = number("--top", value, 1, 8192)? as usize,
            'i' => self.interval_s = number("--interval", value, 1, 1_000_000_000)?,
            'c' => self.count = number("--count", value, 1, u64::MAX)?,
            'v' => self.verbose = true,
            _ => self.help = true,
        }
        Ok(())
    }

    fn count(&self) -> io::Result<()> {
        let object = Object::open(SYSCOUNT)?;
        object.set_variable("config", &self.config)?;
        let object = object.load()?;
        let is_x86 = object.variable::<u32>("is_x86")? == 1;
        let counters = object.per_cpu_map("counters")?;
        let _links = object.attach_all()?;

        let mut out = io::BufWriter::new(io::stdout().lock());
        // SAFETY: passes only a number.
        let is_terminal = unsafe { isatty(1) } == 1;
        let members = if self.config.by_process == 1 { BY_PROCESS } else { BY_SYSCALL };
        let records = Records::open_table("syscalls", members)?;
        if records.is_none() {
            writeln!(out, "Counting system calls... Hit Ctrl-C to end.")?;
        }
        let mut calls = 0;
        let mut goes_on = true;
        for _ in 0..self.count {
            out.flush()?;
            if !goes_on {
                break;
            }
            goes_on = sleep(Duration::from_secs(self.interval_s));
            let rows = self.take(&counters)?;
            calls += rows.iter().map(|(_, counter)| counter.calls).sum::<u64>();
            match &records {
                Some(records) => record(records, &rows, is_x86)?,
                None => {
                    out.write_all(if is_terminal { REDRAW } else { b"\n" })?;
                    self.print(&rows, is_x86, &mut out)?;
                }
            }
        }
        out.flush()?;
        if self.verbose {
            eprintln!("{calls} calls counted");
        }
        Ok(())
    }

    /// Reads and deletes the counters in the map, so that the next interval starts empty.
    fn take(&self, counters: &PerCpuMap<'_, u32, Counter>) -> io::Result<Vec<(u32, Counter)>> {
        let mut rows: Vec<(u32, Counter)> =
            counters.drain()?.map(|(key, values)| (key, Counter::sum(values))).collect();
        rows.sort_unstable_by_key(|(key, counter)| {
            let most = if self.by_latency { counter.total_ns } else { counter.calls };
            (std::cmp::Reverse(most), *key)
        });
        Ok(rows)
    }

    fn print(
        &self,
        rows: &[(u32, Counter)],
        is_x86: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let calls: u64 = rows.iter().map(|(_, counter)| counter.calls).sum();
        writeln!(out, "{}  {calls} calls", Clock::now())?;
        let what = if self.config.by_process == 1 { "PID     COMM" } else { "SYSCALL" };
        let heads = ("CALLS", "FAILED", "TIME ms", "AVG us", "MAX us");
        writeln!(
            out,
            "{what:24} {:>10} {:>8} {:>12} {:>10} {:>10}",
            heads.0, heads.1, heads.2, heads.3, heads.4
        )?;
        for (key, counter) in rows.iter().take(self.top) {
            self.print_row(*key, counter, is_x86, out)?;
        }
        Ok(())
    }

    fn print_row(
        &self,
        key: u32,
        counter: &Counter,
        is_x86: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        if self.config.by_process == 1 {
            write!(out, "{key:<7} {:16}", Text(&counter.comm))?;
        } else {
            match names::name(is_x86, key) {
                Some(name) => write!(out, "{name:24}")?,
                None => write!(out, "number {key:<17}")?,
            }
        }
        let Counter { calls, failed, total_ns, longest_ns, .. } = *counter;
        // Milliseconds and microseconds, without floating point.
        let ms = (total_ns / 1_000_000, total_ns / 1000 % 1000);
        let average_ns = total_ns / calls.max(1);
        let average_us = (average_ns / 1000, average_ns % 1000);
        writeln!(
            out,
            " {calls:10} {failed:8} {:8}.{:03} {:6}.{:03} {:10}",
            ms.0,
            ms.1,
            average_us.0,
            average_us.1,
            longest_ns / 1000
        )
    }
}

/// Hands the rows of an interval to the host.
fn record(records: &Records, rows: &[(u32, Counter)], is_x86: bool) -> io::Result<()> {
    let rows: Vec<Row> = rows
        .iter()
        .map(|(key, counter)| {
            let mut name = [0; 24];
            let text = names::name(is_x86, *key).unwrap_or_default().as_bytes();
            let length = text.len().min(name.len() - 1);
            name[..length].copy_from_slice(&text[..length]);
            Row { counter: *counter, name, pid: *key, syscall: *key }
        })
        .collect();
    records.write(&rows)?;
    records.flush()
}

fn main() {
    let tool = Tool::parse(env::args().skip(1)).unwrap_or_else(|message| {
        eprint!("error: {message}\n{USAGE}");
        process::exit(2)
    });
    let result = match tool.help {
        true => io::stdout().write_all(USAGE.as_bytes()),
        false => tool.count(),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        process::exit(1);
    }
}

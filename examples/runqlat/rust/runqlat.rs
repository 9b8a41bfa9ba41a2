// SPDX-License-Identifier: MIT
//! Guest half: prints the histograms after each interval.
use std::env;
use std::io::{self, Write};
use std::process;
use std::time::Duration;

use wasm_bpf::tool::{number, parse_args, sleep, Arg, Clock, Log2, Opt, Text};
use wasm_bpf::{Map, Object, Plain, Records};

const RUNQLAT: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/runqlat.bpf.o"));

const SLOTS: usize = 26;

const USAGE: &str = "\
Usage: runqlat [-T] [-m] [-P | -L | --pidnss] [-p PID] [-v] [INTERVAL [COUNT]]
Shows how long tasks wait for a CPU, as a histogram: every INTERVAL seconds, COUNT times,
or at Ctrl-C.

  -T, --timestamp     when, in local time
  -m, --milliseconds  instead of microseconds
  -P, --pids          a histogram each process
  -L, --tids          a histogram each thread
      --pidnss        a histogram each namespace of processes
  -p, --pid PID       only this process
  -v, --verbose       counts at the end, to stderr
  -h, --help          this text

  runqlat         once, at Ctrl-C
  runqlat 1 10    ten times, every second
  runqlat -mT 1   every second, in milliseconds, with the time
  runqlat -P -p 185 5
";

/// In the place of a letter, of an option that has none.
const PIDNSS: char = '\0';

const OPTIONS: &[Opt] = &[
    Opt { short: 'T', long: "timestamp", has_value: false },
    Opt { short: 'm', long: "milliseconds", has_value: false },
    Opt { short: 'P', long: "pids", has_value: false },
    Opt { short: 'L', long: "tids", has_value: false },
    Opt { short: PIDNSS, long: "pidnss", has_value: false },
    Opt { short: 'p', long: "pid", has_value: true },
    Opt { short: 'v', long: "verbose", has_value: false },
    Opt { short: 'h', long: "help", has_value: false },
];

/// `struct histogram` of runqlat.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct Histogram {
    slots: [u32; SLOTS],
    comm: [u8; 16],
}
// SAFETY: integers without padding, as runqlat.h asserts.
unsafe impl Plain for Histogram {}

/// `struct config` of runqlat.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Config {
    pid: u32,
    group: u32,
    milliseconds: u32,
}
// SAFETY: integers without padding, as runqlat.h asserts.
unsafe impl Plain for Config {}

/// Values of `group`, of runqlat.h.
const PROCESS: u32 = 1;
const THREAD: u32 = 2;
const PID_NAMESPACE: u32 = 3;

/// Names of keys by group; two underscores hide a member.
const KEY_NAMES: [&str; 4] = ["__pid", "pid", "tid", "pidns"];

/// Row for the host's `-o`, `--filter`, `--sort` and others: a histogram with its key.
#[repr(C)]
#[derive(Clone, Copy)]
struct Row {
    key: u32,
    histogram: Histogram,
}
// SAFETY: integers without padding: 4, 104 and 16 bytes.
unsafe impl Plain for Row {}

struct Tool {
    config: Config,
    time: bool,
    verbose: bool,
    help: bool,
    interval_s: u64,
    count: u64,
}

impl Tool {
    fn parse(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut tool = Self {
            config: Config::default(),
            time: false,
            verbose: false,
            help: false,
            interval_s: 99_999_999,
            count: u64::MAX,
        };
        let mut words = Vec::new();
        for arg in parse_args(OPTIONS, args)? {
            match arg {
                Arg::Option('T', _) => tool.time = true,
                Arg::Option('m', _) => tool.config.milliseconds = 1,
                Arg::Option('P', _) => tool.config.group = PROCESS,
                Arg::Option('L', _) => tool.config.group = THREAD,
                Arg::Option(PIDNSS, _) => tool.config.group = PID_NAMESPACE,
                Arg::Option('v', _) => tool.verbose = true,
                Arg::Option('h', _) => tool.help = true,
                Arg::Option(_, pid) => {
                    tool.config.pid = number("--pid", &pid, 1, i32::MAX as u64)? as u32;
                }
                Arg::Word(word) => words.push(word),
            }
        }
        if words.len() > 2 {
            return Err(format!("Unexpected argument '{}'", words[2]));
        }
        if let Some(word) = words.first() {
            tool.interval_s = number("INTERVAL", word, 1, 99_999_999)?;
        }
        if let Some(word) = words.get(1) {
            tool.count = number("COUNT", word, 1, u64::MAX)?;
        }
        Ok(tool)
    }

    fn unit(&self) -> &'static str {
        if self.config.milliseconds == 1 { "msecs" } else { "usecs" }
    }

    fn key_name(&self) -> &'static str {
        KEY_NAMES[self.config.group as usize]
    }

    /// Only one process or thread has a name.
    fn has_comm(&self) -> bool {
        matches!(self.config.group, PROCESS | THREAD)
    }

    /// Opens a source of [`Row`]s, if the user requested records.
    fn open_records(&self) -> io::Result<Option<Records>> {
        let hidden = if self.has_comm() { "" } else { "__" };
        let members = format!(
            "u32 {}; u32 slots[{SLOTS}] @metric(histogram) @unit({}); char {hidden}comm[16]",
            self.key_name(),
            self.unit()
        );
        Records::open_table("latency", &members)
    }

    /// Hands the histograms over, and deletes them; returns the number of waits.
    fn record(&self, map: &Map<'_, u32, Histogram>, records: &Records) -> io::Result<u64> {
        let rows: Vec<Row> =
            map.drain()?.map(|(key, histogram)| Row { key, histogram }).collect();
        records.write(&rows)?;
        records.flush()?;
        Ok(rows.iter().flat_map(|row| row.histogram.slots).map(u64::from).sum())
    }

    /// Reads and deletes the histograms in the map, so that the next interval starts empty.
    fn print(&self, map: &Map<'_, u32, Histogram>, out: &mut impl Write) -> io::Result<u64> {
        let unit = self.unit();
        let mut shown = 0;
        for (key, histogram) in map.drain()? {
            if self.has_comm() {
                writeln!(out, "\n{} = {key} {}", self.key_name(), Text(&histogram.comm))?;
            } else if self.config.group == PID_NAMESPACE {
                writeln!(out, "\n{} = {key}", self.key_name())?;
            }
            write!(out, "{}", Log2 { slots: &histogram.slots, unit })?;
            shown += histogram.slots.iter().map(|count| u64::from(*count)).sum::<u64>();
        }
        Ok(shown)
    }

    fn measure(&self) -> io::Result<()> {
        let object = Object::open(RUNQLAT)?;
        object.set_variable("config", &self.config)?;
        let object = object.load()?;
        let histograms = object.map("histograms")?;
        let _links = object.attach_all()?;

        let mut out = io::BufWriter::new(io::stdout().lock());
        let records = self.open_records()?;
        if records.is_none() {
            writeln!(out, "Tracing run queue latency... Hit Ctrl-C to end.")?;
        }
        let mut shown = 0;
        let mut goes_on = true;
        for _ in 0..self.count {
            out.flush()?;
            if !goes_on {
                break;
            }
            goes_on = sleep(Duration::from_secs(self.interval_s));
            if let Some(records) = &records {
                shown += self.record(&histograms, records)?;
                continue;
            }
            writeln!(out)?;
            if self.time {
                writeln!(out, "{}", Clock::now())?;
            }
            shown += self.print(&histograms, &mut out)?;
        }
        out.flush()?;
        if self.verbose {
            eprintln!("{shown} waits shown");
        }
        Ok(())
    }
}

fn main() {
    let tool = Tool::parse(env::args().skip(1)).unwrap_or_else(|message| {
        eprint!("error: {message}\n{USAGE}");
        process::exit(2)
    });
    let result = match tool.help {
        true => io::stdout().write_all(USAGE.as_bytes()),
        false => tool.measure(),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        process::exit(1);
    }
}

// SPDX-License-Identifier: MIT
//! Guest half: prints every file that is opened until Ctrl-C.
use std::env;
use std::io::{self, ErrorKind, Write};
use std::process;
use std::time::{Duration, Instant};

use wasm_bpf::tool::{host_pid, number, parse_args, Arg, Clock, Opt, Text};
use wasm_bpf::{Object, Plain, Records};

const OPENSNOOP: &[u8] = include_bytes!(concat!(env!("OBJECTS"), "/opensnoop.bpf.o"));

const POLL: Duration = Duration::from_millis(100);
const ANY_UID: u32 = u32::MAX;
const COMM_LEN: usize = 16;

const USAGE: &str = "\
Usage: opensnoop [-T] [-U] [-e] [-x] [-p PID] [-t TID] [-u UID] [-n NAME] [-d S] [-v]
Prints every file that is opened, and how that ended.

  -T, --timestamp        when, in local time
  -U, --print-uid        whose process it is
  -e, --extended-fields  the flags, in octal
  -x, --failed           only what failed
  -p, --pid PID          only this process
  -t, --tid TID          only this thread
  -u, --uid UID          only this user's
  -n, --name NAME        only processes whose name begins like that
  -d, --duration S       ends after that many seconds
  -v, --verbose          counts at the end, to stderr
  -h, --help             this text
";

const OPTIONS: &[Opt] = &[
    Opt { short: 'T', long: "timestamp", has_value: false },
    Opt { short: 'U', long: "print-uid", has_value: false },
    Opt { short: 'e', long: "extended-fields", has_value: false },
    Opt { short: 'x', long: "failed", has_value: false },
    Opt { short: 'p', long: "pid", has_value: true },
    Opt { short: 't', long: "tid", has_value: true },
    Opt { short: 'u', long: "uid", has_value: true },
    Opt { short: 'n', long: "name", has_value: true },
    Opt { short: 'd', long: "duration", has_value: true },
    Opt { short: 'v', long: "verbose", has_value: false },
    Opt { short: 'h', long: "help", has_value: false },
];

/// `struct event` for the host's `-o`, `--filter`, `--sort` and others.
const MEMBERS: &str = "u32 pid; u32 uid @uid; s32 ret @errno; s32 flags @flags; \
    char comm[16]; char path[256]";

/// `struct event` of opensnoop.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct Event {
    pid: u32,
    uid: u32,
    result: i32,
    flags: i32,
    comm: [u8; COMM_LEN],
    path: [u8; 256],
}
// SAFETY: integers without padding, as opensnoop.h asserts.
unsafe impl Plain for Event {}

/// `struct config` of opensnoop.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct Config {
    pid: u32,
    thread: u32,
    uid: u32,
    only_failed: u32,
    own: u32,
    name_length: u32,
    name: [u8; COMM_LEN],
}
// SAFETY: integers without padding, as opensnoop.h asserts.
unsafe impl Plain for Config {}

struct Tool {
    config: Config,
    time: bool,
    uid: bool,
    flags: bool,
    verbose: bool,
    duration: Option<Duration>,
    help: bool,
}

impl Tool {
    fn parse(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let config = Config {
            pid: 0,
            thread: 0,
            uid: ANY_UID,
            only_failed: 0,
            own: 0,
            name_length: 0,
            name: [0; COMM_LEN],
        };
        let mut tool = Self {
            config,
            time: false,
            uid: false,
            flags: false,
            verbose: false,
            duration: None,
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
        let pid = |what| number(what, value, 1, i32::MAX as u64).map(|pid| pid as u32);
        match option {
            'T' => self.time = true,
            'U' => self.uid = true,
            'e' => self.flags = true,
            'x' => self.config.only_failed = 1,
            'v' => self.verbose = true,
            'h' => self.help = true,
            'p' => self.config.pid = pid("--pid")?,
            't' => self.config.thread = pid("--tid")?,
            'u' => self.config.uid = number("--uid", value, 0, u64::from(ANY_UID) - 1)? as u32,
            'd' => {
                let seconds = number("--duration", value, 1, 1_000_000_000)?;
                self.duration = Some(Duration::from_secs(seconds));
            }
            _ => self.set_name(value.as_bytes())?,
        }
        Ok(())
    }

    fn set_name(&mut self, name: &[u8]) -> Result<(), String> {
        if name.is_empty() || name.len() >= COMM_LEN {
            return Err(format!("--name wants 1 to {} characters", COMM_LEN - 1));
        }
        self.config.name[..name.len()].copy_from_slice(name);
        self.config.name_length = name.len() as u32;
        Ok(())
    }

    fn print_header(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(if self.time { b"TIME     " } else { b"" })?;
        out.write_all(if self.uid { b"UID     " } else { b"" })?;
        write!(out, "{:<7} {:<16} {:>3} {:>3} ", "PID", "COMM", "FD", "ERR")?;
        out.write_all(if self.flags { b"FLAGS    PATH\n" } else { b"PATH\n" })
    }

    fn print(&self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        if self.time {
            write!(out, "{} ", Clock::now())?;
        }
        if self.uid {
            write!(out, "{:<7} ", event.uid)?;
        }
        let (descriptor, error) = (event.result.max(-1), event.result.min(0).wrapping_neg());
        write!(out, "{:<7} {:16} {descriptor:3} {error:3} ", event.pid, Text(&event.comm))?;
        if self.flags {
            write!(out, "{:08o} ", event.flags as u32)?;
        }
        writeln!(out, "{}", Text(&event.path))
    }

    fn trace(&self) -> io::Result<()> {
        let object = Object::open(OPENSNOOP)?;
        let mut config = self.config;
        // The host opens files for the tool itself; --pid with its number shows them.
        if config.pid == 0 {
            config.own = host_pid();
        }
        object.set_variable("config", &config)?;
        let object = object.load()?;
        let mut events = object.ring_buffer("events")?;
        let _links = object.attach_all()?;

        let start = Instant::now();
        let mut shown = 0u64;
        let mut out = io::BufWriter::new(io::stdout().lock());
        let records = Records::open("opens", MEMBERS)?;
        if records.is_none() {
            self.print_header(&mut out)?;
        }
        while self.duration.map_or(true, |duration| start.elapsed() < duration) {
            // Print each event when it happens, also to a pipe.
            out.flush()?;
            match events.read(POLL) {
                Ok(batch) => {
                    for event in batch.filter_map(|event| event.get::<Event>()) {
                        match &records {
                            Some(records) => records.write(&[event])?,
                            None => self.print(&event, &mut out)?,
                        }
                        shown += 1;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => break,
                Err(error) => return Err(error),
            }
        }
        self.report(shown, object.variable("lost")?);
        Ok(())
    }

    fn report(&self, shown: u64, lost: u64) {
        if self.verbose {
            eprintln!("{shown} shown, {lost} lost");
        } else if lost > 0 {
            eprintln!("warning: {lost} events lost, the ring buffer was full");
        }
    }
}

fn main() {
    let tool = Tool::parse(env::args().skip(1)).unwrap_or_else(|message| {
        eprint!("error: {message}\n{USAGE}");
        process::exit(2)
    });
    let result = match tool.help {
        true => io::stdout().write_all(USAGE.as_bytes()),
        false => tool.trace(),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        process::exit(1);
    }
}

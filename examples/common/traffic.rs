// SPDX-License-Identifier: MIT
//! Code that the guests of xdp and tc share: rules and counters.
use std::env;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process;
use std::time::Duration;

use wasm_bpf::tool::{number, parse_args, sleep, Arg, Clock, Opt};
use wasm_bpf::{Link, Object, PerCpuMap, Plain, Records};

const KINDS: [&str; 4] = ["other", "icmp", "tcp", "udp"];
const ICMP: usize = 1;
const DIRECTIONS: [&str; 2] = ["ingress", "egress"];
const SLOTS: usize = DIRECTIONS.len() * KINDS.len();
const MAX_RULES: usize = 256;

const OPTIONS: &[Opt] = &[
    Opt { short: 'i', long: "interval", has_value: true },
    Opt { short: 'c', long: "count", has_value: true },
    Opt { short: 'd', long: "drop", has_value: true },
    Opt { short: 'v', long: "verbose", has_value: false },
    Opt { short: 'h', long: "help", has_value: false },
];

/// `struct counter` of traffic.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Counter {
    packets: u64,
    bytes: u64,
    dropped: u64,
}
// SAFETY: integers without padding, as traffic.h asserts.
unsafe impl Plain for Counter {}

impl Counter {
    fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
            dropped: self.dropped + other.dropped,
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            packets: self.packets - before.packets,
            bytes: self.bytes - before.bytes,
            dropped: self.dropped - before.dropped,
        }
    }
}

/// `struct rule` of traffic.h.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Rule {
    address: [u8; 16],
    port: u16,
    kind: u8,
    is_address: u8,
}
// SAFETY: integers without padding, as traffic.h asserts.
unsafe impl Plain for Rule {}

/// Record for the host's `-o`, `--filter`, `--sort` and others: packets of an interval.
#[repr(C)]
#[derive(Clone, Copy)]
struct Record {
    direction: [u8; 8],
    protocol: [u8; 8],
    counter: Counter,
}
// SAFETY: integers without padding: 16 and 24 bytes.
unsafe impl Plain for Record {}

/// Members of [`Record`] after the direction.
const MEMBERS: &str = "char protocol[8] @label; u64 packets @metric(counter); \
    u64 bytes @metric(counter); u64 dropped @metric(counter)";

/// Returns a text of at most 8 bytes, with NULs after it.
fn short(text: &str) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// Description of one tool.
pub struct Tool {
    pub usage: &'static str,
    pub object: &'static [u8],
    /// Names of the programs, one a direction.
    pub programs: &'static [&'static str],
}

struct Settings {
    rules: Vec<Rule>,
    interval_s: u64,
    count: u64,
    verbose: bool,
    help: bool,
    interface: String,
}

/// Parses "tcp", "udp", "icmp", "tcp:80", "udp:53", or an address.
fn parse_rule(text: &str) -> Result<Rule, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let mut rule = Rule { is_address: 1, ..Rule::default() };
        match address {
            IpAddr::V4(address) => rule.address[..4].copy_from_slice(&address.octets()),
            IpAddr::V6(address) => rule.address = address.octets(),
        }
        return Ok(rule);
    }
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let kind = KINDS.iter().skip(1).position(|kind| kind.eq_ignore_ascii_case(name));
    let kind = kind.map(|index| index + 1).filter(|kind| port.is_none() || *kind != ICMP);
    let kind = kind.ok_or_else(|| {
        format!(
            "'{text}' is not a rule\n\
             hint: rules are tcp, udp, icmp, tcp:PORT, udp:PORT, and addresses"
        )
    })?;
    let port = port.map_or(Ok(0), |port| number("a rule's port", port, 1, 65535))?;
    Ok(Rule { kind: kind as u8, port: port as u16, ..Rule::default() })
}

fn parse(args: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings {
        rules: Vec::new(),
        interval_s: 1,
        count: u64::MAX,
        verbose: false,
        help: false,
        interface: String::new(),
    };
    for arg in parse_args(OPTIONS, args)? {
        match arg {
            Arg::Option('i', value) => {
                settings.interval_s = number("--interval", &value, 1, 1_000_000_000)?;
            }
            Arg::Option('c', value) => settings.count = number("--count", &value, 1, u64::MAX)?,
            Arg::Option('d', _) if settings.rules.len() == MAX_RULES => {
                return Err(format!("at most {MAX_RULES} rules"));
            }
            Arg::Option('d', value) => settings.rules.push(parse_rule(&value)?),
            Arg::Option('v', _) => settings.verbose = true,
            Arg::Option(..) => settings.help = true,
            Arg::Word(word) if settings.interface.is_empty() => settings.interface = word,
            Arg::Word(word) => return Err(format!("Unexpected argument '{word}'")),
        }
    }
    if settings.interface.is_empty() && !settings.help {
        return Err("No interface given".to_owned());
    }
    Ok(settings)
}

impl Tool {
    /// Runs the tool: the whole of `main()`.
    pub fn main(&self) {
        let settings = parse(env::args().skip(1)).unwrap_or_else(|message| {
            eprint!("error: {message}\n{}", self.usage);
            process::exit(2)
        });
        let result = match settings.help {
            true => io::stdout().write_all(self.usage.as_bytes()),
            false => self.run(&settings),
        };
        if let Err(error) = result {
            eprintln!("error: {error}");
            process::exit(1);
        }
    }

    fn run(&self, settings: &Settings) -> io::Result<()> {
        let object = Object::load(self.object)?;
        let counters = object.per_cpu_map("counters")?;
        if settings.verbose {
            eprintln!("rules: {}; interface: {}", settings.rules.len(), settings.interface);
        }
        // Set the rules before attaching, so that every packet is checked.
        let rules = object.map::<Rule, u8>("rules")?;
        settings.rules.iter().try_for_each(|rule| rules.update(rule, &1))?;
        let _links: Vec<Link> = self
            .programs
            .iter()
            .map(|name| object.program(name)?.attach_to(&settings.interface))
            .collect::<io::Result<_>>()?;
        self.show(&counters, settings)
    }

    /// Opens a source of [`Record`]s, if the user requested records.
    fn open_records(&self) -> io::Result<Option<Records>> {
        let direction = match self.programs.len() {
            1 => "char __direction[8]",
            _ => "char direction[8] @label",
        };
        Records::open("packets", &format!("{direction}; {MEMBERS}"))
    }

    /// Writes a record for each kind of packet that has arrived since `before`.
    fn record(
        &self,
        records: &Records,
        now: &[Counter; SLOTS],
        before: &[Counter; SLOTS],
    ) -> io::Result<()> {
        let rows: Vec<Record> = (0..self.programs.len() * KINDS.len())
            .map(|slot| Record {
                direction: short(DIRECTIONS[slot / KINDS.len()]),
                protocol: short(KINDS[slot % KINDS.len()]),
                counter: now[slot].since(before[slot]),
            })
            .filter(|record| record.counter.packets > 0)
            .collect();
        records.write(&rows)?;
        records.flush()
    }

    /// Prints the counters of each interval until Ctrl-C, then those of the whole time.
    fn show(&self, counters: &PerCpuMap<'_, u32, Counter>, settings: &Settings) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let direction = if self.programs.len() > 1 { " DIR    " } else { "" };
        let records = self.open_records()?;
        if records.is_none() {
            writeln!(
                out,
                "TIME    {direction} PROTO {:>10} {:>14} {:>10}",
                "PACKETS", "BYTES", "DROPPED"
            )?;
        }
        let mut before = [Counter::default(); SLOTS];
        let mut goes_on = true;
        for _ in 0..settings.count {
            out.flush()?;
            if !goes_on {
                break;
            }
            goes_on = sleep(Duration::from_secs(settings.interval_s));
            let now = read(counters)?;
            match &records {
                Some(records) => self.record(records, &now, &before)?,
                None => self.print(&Clock::now().to_string(), &now, &before, &mut out)?,
            }
            before = now;
        }
        if records.is_none() {
            self.print("total   ", &before, &[Counter::default(); SLOTS], &mut out)?;
        }
        out.flush()
    }

    /// Prints a line for each kind of packet that has arrived since `before`.
    fn print(
        &self,
        time: &str,
        now: &[Counter; SLOTS],
        before: &[Counter; SLOTS],
        out: &mut impl Write,
    ) -> io::Result<()> {
        for slot in 0..self.programs.len() * KINDS.len() {
            let Counter { packets, bytes, dropped } = now[slot].since(before[slot]);
            if packets == 0 {
                continue;
            }
            write!(out, "{time}")?;
            if self.programs.len() > 1 {
                write!(out, " {:7}", DIRECTIONS[slot / KINDS.len()])?;
            }
            let kind = KINDS[slot % KINDS.len()];
            writeln!(out, " {kind:5} {packets:10} {bytes:14} {dropped:10}")?;
        }
        Ok(())
    }
}

/// Sums the counters of all CPUs.
fn read(counters: &PerCpuMap<'_, u32, Counter>) -> io::Result<[Counter; SLOTS]> {
    let mut sums = [Counter::default(); SLOTS];
    for (slot, sum) in sums.iter_mut().enumerate() {
        let values = counters.lookup(&(slot as u32))?.unwrap_or_default();
        *sum = values.into_iter().fold(Counter::default(), Counter::plus);
    }
    Ok(sums)
}

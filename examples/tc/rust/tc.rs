// SPDX-License-Identifier: MIT
//! Guest half: sets the rules and prints the counters.
#[path = "../../common/traffic.rs"]
mod traffic;

const USAGE: &str = "\
Usage: tc [-i S] [-c COUNT] [-d RULE]... [-v] INTERFACE
Counts the packets of an interface, both ways, and drops those of rules.

  INTERFACE         such as eth0: those of /sys/class/net
  -i, --interval S  seconds between two outputs (default: 1)
  -c, --count N     ends after that many
  -d, --drop RULE   tcp, udp, icmp, tcp:PORT, udp:PORT (the receiver's), or the address of
                    the other side; can be given again
  -v, --verbose     the settings first, to stderr
  -h, --help        this text
";

fn main() {
    let tool = traffic::Tool {
        usage: USAGE,
        object: include_bytes!(concat!(env!("OBJECTS"), "/tc.bpf.o")),
        programs: &["on_ingress", "on_egress"],
    };
    tool.main();
}

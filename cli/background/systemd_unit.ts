/** Units of systemd, hardened by what their runs need. Pure. */
import { type Capability, RunsError } from "../../service/mod.ts";

/** Service to be described. */
export interface UnitOptions {
  /** Words of the command, the program first. */
  readonly command: readonly string[];
  readonly description: string;
  readonly capabilities: readonly Capability[];
  /** True if runs use the network: hooks of it, a registry, an address to listen at. */
  readonly network: boolean;
  /** True if runs resolve kernel symbols. */
  readonly symbols: boolean;
  /** True if runs change what others see: every level from network on. */
  readonly control: boolean;
  /** Absolute paths that runs write to. */
  readonly writable: readonly string[];
  /** Absolute paths below /home, /root or /run/user that runs read. */
  readonly home: boolean;
}

/** System calls beyond those of services: eBPF, perf events, and the walls around guests. */
const CALLS =
  "bpf perf_event_open landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp";
/** Groups of calls that no run makes. */
const REFUSED_CALLS = "@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap";

/** Returns the text of a service unit for systemd 247 and newer. */
export function unitText(options: UnitOptions): string {
  const { capabilities, network, symbols, control, writable, home } = options;
  const yes = (name: string, isSet = true) => isSet ? [`${name}=yes`] : [];
  return [
    "[Unit]",
    `Description=${escapeText(options.description)}`,
    "Documentation=man:wasm-bpf(1)",
    ...(network ? ["After=network-online.target", "Wants=network-online.target"] : []),
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=main",
    `ExecStart=${options.command.map(quoteWord).join(" ")}`,
    "ExecReload=kill -HUP $MAINPID",
    "Restart=on-failure",
    "RestartSec=1",
    "WatchdogSec=30",
    "TimeoutStopSec=20",
    "KillMode=mixed",
    "StateDirectory=wasm-bpf",
    "StateDirectoryMode=0700",
    "RuntimeDirectory=wasm-bpf",
    "RuntimeDirectoryMode=0700",
    "RuntimeDirectoryPreserve=yes",
    "UMask=0077",
    "",
    "# Nothing beyond what the programs need.",
    `CapabilityBoundingSet=${capabilities.join(" ")}`,
    "AmbientCapabilities=",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    ...writable.map((path) => `ReadWritePaths=${quotePath(path)}`),
    home ? "ProtectHome=read-only" : "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    ...(network ? [] : ["PrivateNetwork=yes", "IPAddressDeny=any"]),
    // The file /proc/kallsyms is inaccessible with the one, CAP_SYSLOG with the other.
    ...yes("ProtectKernelTunables", !symbols),
    ...yes("ProtectKernelLogs", !symbols),
    ...yes("ProtectKernelModules"),
    ...yes("ProtectControlGroups", !control),
    ...yes("ProtectClock"),
    ...yes("ProtectHostname"),
    ...yes("RestrictNamespaces"),
    ...yes("RestrictRealtime"),
    ...yes("RestrictSUIDSGID"),
    ...yes("LockPersonality"),
    "KeyringMode=private",
    ...yes("RemoveIPC"),
    `RestrictAddressFamilies=AF_UNIX${network ? " AF_INET AF_INET6 AF_NETLINK AF_PACKET" : ""}`,
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    `SystemCallFilter=~${REFUSED_CALLS}`,
    // Last: perf_event_open() is in @debug as well.
    `SystemCallFilter=${CALLS}`,
    "SystemCallErrorNumber=EPERM",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}

/** Quotes a word of ExecStart: systemd.service(5), "Command lines". */
function quoteWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(escaped)) return escaped;
  // systemd ends a line at a carriage return and at NUL as well.
  const inner = escaped.replace(/["\\]/g, "\\$&")
    .replace(
      /[^\P{Cc}\x80-\x9f]/gu,
      (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
  return `"${inner}"`;
}

/**
 * Quotes a path of ReadWritePaths, which has neither variables nor escapes of control characters.
 *
 * @throws {RunsError} `BAD_NAME` for a path that cannot be written there
 */
function quotePath(path: string): string {
  if (/\p{Cc}/u.test(path)) {
    throw new RunsError(`Cannot write a unit for "${path}": control characters in the path`, {
      code: "BAD_NAME",
      hint: "rename it",
    });
  }
  return `"${path.replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}"`;
}

/** One line without specifiers. */
function escapeText(text: string): string {
  return text.replace(/[\p{C}\\]/gu, "?").replaceAll("%", "%%");
}

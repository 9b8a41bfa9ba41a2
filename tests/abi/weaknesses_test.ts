/**
 * Weaknesses in the source code of other runtimes of the `wasm_bpf` interface, and the tests that
 * show that this one does not have them.
 */
import assert from "node:assert/strict";
import { LinearMemory } from "../../ffi/mod.ts";
import { GuestObject } from "../../runtime/wasm_bpf/guest_object.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { CliProcess, guestPath, runCli } from "../support/cli.ts";
import { until } from "../support/condition.ts";
import { heldBy } from "../support/held.ts";
import { fromFileUrl } from "../support/paths.ts";

/** Titles of tests by file in `tests`, as written there; a title in backquotes covers several tests. */
type Tests = Readonly<Record<string, readonly string[]>>;

const WEAKNESSES: readonly { readonly weakness: string; readonly shownBy: Tests }[] = [
  {
    weakness: "one poll keeps only the last event of the batch",
    shownBy: {
      "abi/abi_test.ts": ["poll delivers every event, in order"],
      "abi/numbered_test.ts": [
        "every event that the kernel did not drop arrives in order",
      ],
    },
  },
  {
    weakness: "a second map polled on the same object gets the first one's events",
    shownBy: { "abi/abi_test.ts": ["poll keeps the buffers of one object apart"] },
  },
  {
    weakness: "a map operation takes any integer as a descriptor of the host",
    shownBy: {
      "abi/abi_test.ts": ["map_operate reaches no descriptor of the host"],
      "abi/hostile_test.ts": [
        "eBPF imports return errors for hostile arguments and write nowhere else",
      ],
    },
  },
  {
    weakness: "a per-CPU value is written beyond the guest's buffer",
    shownBy: {
      "abi/abi_test.ts": ["map_operate checks the whole size of a per-CPU value"],
      "abi/maps_test.ts": ["per-CPU maps copy every CPU's value, and nothing past them"],
    },
  },
  {
    weakness: "each map operation first reads the map's sizes from the kernel",
    shownBy: { "abi/weaknesses_test.ts": ["a map operation is one system call"] },
  },
  {
    weakness: "links of cgroup and XDP programs are leaked: closing does not detach",
    shownBy: {
      "abi/weaknesses_test.ts": [
        "closing an object detaches its cgroup program",
        "closing an object detaches its XDP program while the guest continues",
      ],
      "ebpf/detach_test.ts": [
        "attach, detach and refusals leave no descriptor open",
      ],
    },
  },
  {
    weakness: "a failed load reports nothing",
    shownBy: {
      "abi/abi_test.ts": [
        "load shows the verifier's last lines, and all of them with --verbose",
        "load rejects data that is not an eBPF object, each time with one error",
      ],
    },
  },
  {
    weakness: "a cut event is passed with its full size, and guests read past their buffer",
    shownBy: {
      "abi/abi_test.ts": [
        "poll cuts a long event to the guest's buffer and returns the size it copied",
        "poll copies an event of any size, and not a byte after it",
      ],
      "cli/stats_test.ts": ["lost and cut events are reported once at the end, without --stats"],
    },
  },
  {
    weakness: "a handle is a pointer of the host",
    shownBy: {
      "abi/abi_test.ts": [
        "every call rejects handles and tokens of a closed object, and invented ones",
      ],
    },
  },
  {
    weakness: "negative or huge sizes, and offsets at the end of memory, are not checked",
    shownBy: {
      "abi/abi_test.ts": [
        "poll rejects invalid handles, maps, callbacks and ranges without losing an event",
        "load rejects data that is not an eBPF object, each time with one error",
      ],
      "abi/hostile_test.ts": [
        "eBPF imports return errors for hostile arguments and write nowhere else",
      ],
    },
  },
  {
    weakness: "a callback's negative result is ignored, or its batch lost",
    shownBy: {
      "abi/abi_test.ts": [
        "poll stops at a callback's negative result, and the next one continues after it",
      ],
    },
  },
  {
    weakness: "errors are returned as positive numbers",
    shownBy: {
      "abi/abi_test.ts": [
        "every call rejects handles and tokens of a closed object, and invented ones",
      ],
      "abi/hostile_test.ts": [
        "eBPF imports return errors for hostile arguments and write nowhere else",
      ],
    },
  },
  {
    weakness: "an unknown program or map ends the process",
    shownBy: {
      "abi/abi_test.ts": [
        "errors about unknown programs, maps and tracepoints list the known names",
      ],
    },
  },
  {
    weakness: "closing inside a callback frees the buffer in use; attaching there panics",
    shownBy: {
      "abi/abi_test.ts": [
        "close inside a callback takes effect when the poll returns",
        "attach works inside a callback",
      ],
    },
  },
  {
    weakness: "a trap or exit inside a callback is swallowed, and every exit code becomes 1",
    shownBy: {
      "abi/abi_test.ts": [
        "a trap inside a callback ends the guest with 134 and shows the stack",
        "proc_exit inside a callback ends the guest with its code",
      ],
      "wasi/wasi_test.ts": ["`${language}: exits with code ${code}`"],
    },
  },
  {
    weakness: "only two section names use the target, the others ignore it",
    shownBy: {
      "ebpf/attach_test.ts": [
        '`attach ${program} to "${target}" counts packets`',
        '`attach ${program} to "${place}" counts calls`',
      ],
      "ebpf/attach_refusals_test.ts": ['`attach ${program} to "${place}" returns ${answer}`'],
    },
  },
  {
    weakness: "a perf buffer's notices of lost events are dropped",
    shownBy: {
      "cli/stats_test.ts": ["lost and cut events are reported once at the end, without --stats"],
      "abi/ext_test.ts": ["buffer_stats counts delivered, lost and cut events"],
    },
  },
  {
    weakness: "a key size of 0 underflows",
    shownBy: {
      "abi/abi_test.ts": ["map_operate takes a null key for queues"],
      "abi/maps_test.ts": [
        "a queue returns the oldest first",
        "a stack returns the newest first",
        "a bloom filter reports which values are not in it",
      ],
    },
  },
  {
    weakness: "an object has no name, so its global data is not found by libbpf's",
    shownBy: {
      "abi/abi_test.ts": [
        "map_fd_by_name finds global data by short name and by any object's name",
      ],
    },
  },
  {
    weakness: "Ctrl-C kills the guest at any point",
    shownBy: {
      "abi/abi_test.ts": ["an interrupt ends the poll in progress with -EINTR, once"],
      "cli/life_test.ts": [
        "`the first ${signal} lets the guest finish`",
        "a second SIGINT ends a guest that only computes",
      ],
    },
  },
];

Deno.test("each weakness of other runtimes has tests that show its absence here", async () => {
  assert.equal(WEAKNESSES.length, 20);
  for (const { weakness, shownBy } of WEAKNESSES) {
    for (const [file, titles] of Object.entries(shownBy)) {
      const text = await Deno.readTextFile(fromFileUrl(`../${file}`));
      for (const title of titles) {
        const literal = title.startsWith("`") ? title : `"${title}"`;
        // Must be the first argument of a call that defines a test.
        const place = text.search(new RegExp(`\\(\\s*${escape(literal)}`));
        assert.ok(place >= 0, `${weakness}: no test ${title} in tests/${file}`);
      }
    }
  }
});

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/**
 * Returns the bpf(2) commands between the last program's attachment and the end of the guest, by name.
 * At its end, a run looks for what others keep of it.
 */
function mapCommands(trace: string): string[] {
  const commands = [...trace.matchAll(/bpf\((BPF_\w+)/g)].map(([, command]) => command ?? "");
  const own = commands.slice(commands.lastIndexOf("BPF_LINK_CREATE") + 1);
  const end = own.findIndex((command) => /_GET_(?:INFO_BY_FD|NEXT_ID)$/.test(command));
  return own.slice(0, end < 0 ? own.length : end);
}

Deno.test("a map operation is one system call", async () => {
  const trace = await Deno.makeTempFile();
  try {
    const { code, stdout } = await runCli([guestPath("abi"), "hash-map"], {
      through: ["strace", "-f", "-qq", "-e", "trace=bpf", "-o", trace],
    });
    assert.deepEqual({ code, stdout }, {
      code: 0,
      stdout: "-2 0 -17 0 value 10 0 next 1 -2 0 -2 -22\n",
    });
    // The guest recognizes its own events by the first command; command 77 does not reach the
    // kernel.
    assert.deepEqual(mapCommands(await Deno.readTextFile(trace)), [
      ...["BPF_MAP_UPDATE_ELEM", "BPF_MAP_LOOKUP_ELEM"],
      ...["BPF_MAP_UPDATE_ELEM", "BPF_MAP_UPDATE_ELEM"],
      "BPF_MAP_LOOKUP_ELEM",
      ...["BPF_MAP_GET_NEXT_KEY", "BPF_MAP_GET_NEXT_KEY"],
      ...["BPF_MAP_DELETE_ELEM", "BPF_MAP_DELETE_ELEM"],
    ]);
  } finally {
    await Deno.remove(trace);
  }
});

/** Counts the programs that bpftool shows at a cgroup. */
async function programsOf(cgroup: string): Promise<number> {
  const { stdout } = await new Deno.Command("bpftool", {
    args: ["--json", "cgroup", "show", cgroup],
  }).output();
  const text = new TextDecoder().decode(stdout);
  return text.trim() === "" ? 0 : (JSON.parse(text) as unknown[]).length;
}

// The shim is loaded for the life of the process.
const sanitizers = { sanitizeResources: false };

Deno.test("closing an object detaches its cgroup program", sanitizers, async () => {
  await using cgroup = await TestCgroup.create();
  const bytes = await Deno.readFile(
    fromFileUrl("../../.cache/guests/tests/guests/attach/cgroup.bpf.o"),
  );
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: 32 }));
  try {
    memory.bytes.set(bytes, 0);
    const object = GuestObject.load(
      { memory, offset: 0, sizeBytes: bytes.length },
      { onNotice: () => {}, noteClosed: () => {} },
    );
    object.attach("on_bind6", cgroup.path);
    assert.equal(await programsOf(cgroup.path), 1);
    object.close();
    await until("the program is off", async () => await programsOf(cgroup.path) === 0);
  } finally {
    memory.close();
  }
});

Deno.test("closing an object detaches its XDP program while the guest continues", async () => {
  await using guest = new CliProcess(["--timeout", "120s", guestPath("guest-abi")], {
    through: ["unshare", "--net", "sh", "-c", 'ip link set lo name eth0 && exec "$@"', "sh"],
  });
  await guest.waitFor(/^polling$/m);
  assert.match(guest.stdout, /^attach 0$[^]*^close 0$/m);
  // It still holds the object that it loaded, with nothing attached.
  assert.deepEqual((await heldBy(guest.pid)).link, []);
  const { stdout } = await new Deno.Command("nsenter", {
    args: ["--target", String(guest.pid), "--net", "ip", "-json", "link", "show", "eth0"],
  }).output();
  const [link] = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(link.ifname, "eth0");
  assert.equal(link.xdp, undefined);
  guest.kill("SIGINT");
  assert.equal((await guest.result()).code, 0);
});

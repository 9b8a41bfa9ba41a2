/** Policies that bound what eBPF programs may do. Needs root. */
import assert from "node:assert/strict";
import { boundNotes, boundsOf, grantedLevels } from "../../cli/permissions/bounds.ts";
import { GRANTABLE_LEVELS, Policy } from "../../ebpf/mod.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { withTimeouts } from "../support/brief.ts";
import { until } from "../support/condition.ts";
import { attachCode } from "../support/attach_rig.ts";
import { fromFileUrl } from "../support/paths.ts";
import { privateRoot } from "../support/mounts.ts";
import { Place } from "../support/place.ts";

const source = '"*" in /etc/policy.json (line 2)';

Deno.test("bounds of several policies are intersected, and options do not go beyond", async () => {
  const within = boundsOf([
    { source, levels: ["observe", "inspect", "network"], attach: ["iface:lo", "tp"] },
    { source: "another", levels: ["observe", "network", "control"], deny: ["tp:irq/*"] },
  ]);
  const policy = new Policy({ allowBpf: GRANTABLE_LEVELS, within });
  assert.deepEqual(policy.levels, ["observe", "network"]);
  const places = { within };
  let code = "";
  // Another test may have a program there at the moment.
  await until("the interface is free", () => {
    code = attachCode("net", "on_xdp", "lo", places);
    return code !== "EBUSY";
  });
  assert.equal(code, "attached");
  assert.equal(attachCode("net", "on_netfilter", "ipv4:forward:1", places), "EPERM");
  assert.equal(attachCode("trace", "on_tp", "", places), "attached");
  assert.equal(attachCode("trace", "on_tp", "irq/irq_handler_entry", places), "EPERM");
  assert.equal(attachCode("trace", "on_tp_btf", "", places), "EPERM");
  const none = { within: boundsOf([{ source, attach: [] }]) };
  assert.equal(attachCode("trace", "on_tp", "", none), "EPERM");
});

Deno.test("a policy refuses helpers and kernel functions by name, and limits maps", () => {
  const [bound] = boundsOf([
    { source, deny: ["probe_read_user", "bpf_send_signal_task", "control"], maxMapsMemory: "64K" },
  ]);
  assert.deepEqual(bound?.denyHelper, ["probe_read_user"]);
  assert.deepEqual(bound?.denyKfunc, ["bpf_send_signal_task"]);
  const policy = new Policy({ within: bound === undefined ? [] : [bound], maxMapsMemory: 2 ** 20 });
  assert.equal(policy.limits.maxMapsMemory, 65536);
  assert.equal(policy.allowsLevel("control"), false);
});

Deno.test("boundsOf() rejects words that mean nothing, with the nearest one and the line", () => {
  for (const words of [{ levels: ["observ"] }, { attach: ["ifac:x"] }, { deny: ["no_such"] }]) {
    assert.throws(() => boundsOf([{ source, ...words }]), (error: Error & { code: string }) => {
      assert.equal(error.code, "BAD_POLICY");
      assert.match(error.message, /line 2/);
      return true;
    });
  }
  const nearest = [
    [{ levels: ["observ"] }, /did you mean observe\?/],
    // A letter of another alphabet, and a space, which look the same.
    [{ levels: ["\u043ebserve"] }, /did you mean observe\?/],
    [{ levels: ["observe "] }, /did you mean observe\?/],
    [{ deny: ["inspct"] }, /did you mean inspect\?/],
    [{ deny: ["raw_tpp"] }, /did you mean raw_tp\?/],
    [{ deny: ["bpf_send_signl"] }, /did you mean bpf_send_signal\?/],
    [{ deny: ["bpf_sock_destry"] }, /did you mean bpf_sock_destroy\?/],
  ] as const;
  for (const [words, hint] of nearest) {
    assert.throws(() => boundsOf([{ source, ...words }]), { hint });
  }
});

Deno.test("boundNotes() shows that a policy allows no place", () => {
  const bounds = boundsOf([{ source, attach: [] }]);
  assert.match(boundNotes(bounds, {}).join("\n"), /; places none$/m);
});

Deno.test("grantedLevels() returns what every policy names, and never write", () => {
  assert.deepEqual(grantedLevels([]), []);
  assert.deepEqual(grantedLevels([{ source }]), []);
  const rules = [{ source, levels: ["observe", "network", "write"] }, {
    source,
    levels: ["network", "control", "write"],
  }];
  assert.deepEqual(grantedLevels(rules), ["network"]);
});

Deno.test("boundNotes() names the rule that decides a contradiction", () => {
  const bounds = boundsOf([{ source, levels: ["observe"] }, {
    source: "another",
    levels: ["observe", "network"],
  }]);
  const notes = boundNotes(bounds, { allowBpf: ["control"] }).join("\n");
  assert.match(notes, /level network: allowed by another, refused by "\*" in .*line 2/);
  assert.match(notes, /level control: allowed by --allow-bpf, refused by "\*" in .*line 2/);
});

/** Runs a guest with a policy of the user. */
async function runWith(references: unknown, args: string[]): ReturnType<typeof runCli> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/wasm-bpf`);
    await Deno.writeTextFile(
      `${folder}/wasm-bpf/policy.json`,
      JSON.stringify({ references }, null, 2),
      { mode: 0o600 },
    );
    return await runCli(args, { env: { XDG_CONFIG_HOME: folder } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file pattern bounds local files, and other patterns leave them alone", async () => {
  const guest = [guestPath("attach"), "net", "on_xdp", "lo"];
  const bounded = await runWith({ "file:*": { bpf: { levels: ["observe"] } } }, [
    ...["-v", "--allow-bpf=network", "--timeout", "120s"],
    ...guest,
  ]);
  assert.match(
    bounded.stderr,
    /note: level network: allowed by --allow-bpf, refused by "file:\*" in .*line 3/,
  );
  assert.match(bounded.stderr, /EPERM \(.*level network\)/);
  assert.match(bounded.stderr, /hint: "file:\*" in .* does not allow it/);
  const place = await runWith({ "file:/*": { bpf: { attach: ["tp"] } } }, guest);
  assert.match(place.stderr, /Cannot attach program "on_xdp".*EPERM/);
  await withTimeouts(async (timeoutMs) => {
    const free = await runWith({ "*": "reject" }, ["--timeout", `${timeoutMs}ms`, ...guest]);
    assert.match(free.stdout, /^attached$/m);
  });
  const rejected = await runWith({ "file:*": "reject" }, guest);
  assert.equal(rejected.code, 1);
  assert.match(rejected.stderr, /rejects it/);
});

/** Runs a command where /etc has the policy `$1` alone; root's own is in its settings. */
const WITH_POLICY = "mount -t tmpfs none /etc && mkdir -p /etc/wasm-bpf && " +
  'cp "$1" /etc/wasm-bpf/policy.json && shift && exec "$@"';

Deno.test("the machine's policy and the user's are intersected: the stricter wins, and -v has the line", async () => {
  await using place = await Place.create();
  const rule = (bpf: unknown) => JSON.stringify({ references: { "file:*": { bpf } } }, null, 1);
  const run = async (machine: unknown, user: unknown, words: string[]) => {
    const path = await place.write("machine.json", rule(machine));
    await Deno.chmod(await place.write("config/wasm-bpf/policy.json", rule(user)), 0o600);
    const through = [...privateRoot(), WITH_POLICY, "sh", path];
    return await place.run(["-v", "--timeout", "120s", ...words], { through });
  };
  const xdp = [guestPath("attach"), "net", "on_xdp", "lo"];
  const strict = { levels: ["observe"] }, wide = { levels: ["observe", "inspect", "network"] };
  // Whichever of the two is stricter, and whatever options add.
  for (
    const [machine, user, decides] of [
      [strict, wide, "/etc/wasm-bpf/policy.json"],
      [wide, strict, `${place.folder}/config/wasm-bpf/policy.json`],
    ] as const
  ) {
    const { stderr } = await run(machine, user, ["--allow-bpf=network", ...xdp]);
    assert.match(stderr, /EPERM \(.*level network\)/);
    assert.ok(
      stderr.includes(
        `note: level network: allowed by --allow-bpf, refused by "file:*" in ${decides} (line 3), ` +
          "which decides",
      ),
      stderr,
    );
    assert.ok(stderr.includes(`hint: "file:*" in ${decides} (line 3) does not allow it`), stderr);
  }
  const places = await run({ attach: ["iface:lo", "tp"] }, { attach: ["tp"] }, xdp);
  assert.match(places.stderr, /Cannot attach program "on_xdp".*EPERM/);
  const memory = await run({ maxMapsMemory: "1G" }, { maxMapsMemory: "8K" }, xdp);
  assert.match(memory.stderr, /ENOMEM/);
  // Objects without a guest are bounded as well.
  const table = fromFileUrl("../../dist/tests/objects/table-hash.bpf.o");
  const plain = await run({ maxMapsMemory: 0 }, { maxMapsMemory: "1G" }, [
    ...["--max-maps-memory", "1G"],
    table,
  ]);
  assert.match(plain.stderr, /ENOMEM/);
  const deny = await run({ deny: ["iface:lo"] }, wide, xdp);
  assert.match(deny.stderr, /Cannot attach program "on_xdp".*EPERM/);
  await withTimeouts(async (timeoutMs) => {
    const both = await run(wide, wide, ["--timeout", `${timeoutMs}ms`, ...xdp]);
    assert.match(both.stdout, /^attached$/m, both.stderr);
  });
});

/** Places where a run's programs may be attached. Needs root. */
import assert from "node:assert/strict";
import { ATTACH_KINDS } from "../../ebpf/permissions/mod.ts";
import { attachRule, type AttachWord, type Permissions, Policy } from "../../ebpf/mod.ts";
import { CGROUP, placeCode, PLACES } from "../support/attach_places.ts";
import { attachCode, AttachRig, kprobeResult } from "../support/attach_rig.ts";
import { ACTOR } from "../support/actor.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { guestPath, runCli } from "../support/cli.ts";
import { fromFileUrl } from "../support/paths.ts";

for (const place of PLACES) {
  const [object, program, target, word, other] = place;
  Deno.test(`${object} ${program} to "${target}" follows ${word} and ${other}`, () => {
    assert.equal(placeCode(place, {}), "attached");
    assert.equal(placeCode(place, { allowAttach: [word] }), "attached");
    assert.equal(placeCode(place, { allowAttach: [other] }), "EPERM");
    assert.equal(placeCode(place, { denyAttach: [word] }), "EPERM");
    const denied = { allowAttach: [word, word], denyAttach: [word] };
    assert.equal(placeCode(place, denied), "EPERM");
    // In every group that allows anything.
    const within = [{ source: "a policy", allowAttach: [other] }];
    assert.equal(placeCode(place, { allowAttach: [word], within }), "EPERM");
    assert.equal(
      placeCode(place, { within: [{ source: "a policy", allowAttach: [word] }] }),
      "attached",
    );
  });
}

Deno.test("docs/permissions.md has every word of --allow-attach", async () => {
  const text = await Deno.readTextFile(fromFileUrl("../../docs/permissions.md"));
  const table = text.slice(text.indexOf("## Places"));
  const missing = ATTACH_KINDS.filter((kind) => !new RegExp(`\`${kind}[\`:]`).test(table));
  assert.deepEqual(missing, []);
});

Deno.test("a denied tracepoint or function is denied for every kind of program", () => {
  const denied = (word: AttachWord) => ({ denyAttach: [word] });
  for (const program of ["on_tp", "on_raw_tp", "on_tp_btf"]) {
    for (
      const word of ["tp:sched/*", "tp:sched", "raw_tp:sched_process_exec", "tp_btf:*"] as const
    ) {
      assert.equal(attachCode("trace", program, "", denied(word)), "EPERM", `${program} ${word}`);
    }
    assert.equal(attachCode("trace", program, "", denied("tp:irq/*")), "attached");
  }
  assert.equal(
    attachCode("trace", "on_usdt", `${ACTOR}:wasm_bpf_test:called`, denied(`uprobe:${ACTOR}`)),
    "EPERM",
  );
});

Deno.test("a function is denied by each of its names", () => {
  // Two names of one function in glibc.
  const [one, other] = ["malloc", "__libc_malloc"] as const;
  const permissions: Permissions = { denyAttach: [`uprobe:libc.so.6:${one}`] };
  assert.equal(attachCode("trace", "on_uprobe", `libc.so.6:${other}`, permissions), "EPERM");
  assert.equal(
    attachCode("trace", "on_uprobe_multi", "libc.so.6:__libc_m*c", permissions),
    "EPERM",
  );
  assert.equal(attachCode("trace", "on_uprobe", "libc.so.6:getpgid", permissions), "attached");
});

Deno.test("an allowed function has its own instructions, and no others", () => {
  const result = (offset: bigint, ...allowAttach: AttachWord[]) =>
    kprobeResult("do_nanosleep", offset, { allowAttach });
  for (const offset of [1n << 20n, 1n << 32n, -1n]) {
    assert.equal(result(offset, "kprobe:do_nanosleep"), "refused");
    assert.equal(result(offset, "kprobe:*"), "refused");
  }
  // Attached, or not: kernels may lack kprobes, and no instruction may start there.
  assert.notEqual(result(1n, "kprobe:do_nanosleep"), "refused");
  assert.notEqual(result(0n, "kprobe:do_nanosleep"), "refused");
  assert.notEqual(kprobeResult("do_nanosleep", 1n << 20n, {}), "refused");
});

Deno.test("a pattern of functions is allowed by itself, or by the start of it", () => {
  // The kernel may lack such programs, and may itself forbid the list of its functions by EPERM.
  const words = (allowed: AttachWord): string => {
    using rig = new AttachRig("kprobe_multi", "on_kprobe_multi", { allowAttach: [allowed] });
    const result = rig.attach("");
    return result === "attached" ? result : `${result.code} ${result.message} ${result.hint}`;
  };
  for (
    const word of ["kprobe:do_nanosle??", "kprobe:do_?anosle*", "kprobe:do_nanosleep"] as const
  ) {
    assert.match(words(word), /^EPERM .*--allow-attach=/s, word);
  }
  for (const word of ["kprobe:do_nanosle*", "kprobe:do_*", "kprobe:*", "kprobe"] as const) {
    assert.doesNotMatch(words(word), /--allow-attach/, word);
  }
});

Deno.test("a denied hook of security modules is denied as a function, too", () => {
  const result = (name: string, ...denyAttach: AttachWord[]) =>
    kprobeResult(name, 0n, { denyAttach });
  assert.equal(result("security_file_open", "lsm"), "refused");
  assert.equal(result("security_file_open", "lsm:file_open"), "refused");
  assert.equal(result("bpf_lsm_file_open", "lsm:file_*"), "refused");
  assert.notEqual(result("security_file_open", "lsm:file_close"), "refused");
  assert.notEqual(result("do_nanosleep", "lsm"), "refused");
});

Deno.test("a cgroup is allowed with what is below it, and denied with what is above it", async () => {
  await using cgroup = await TestCgroup.create();
  const { path } = cgroup;
  const below = `${path}/below`;
  await Deno.mkdir(below);
  try {
    const attach = (at: string, permissions: Permissions) =>
      attachCode("cgroup", "count", at, permissions);
    assert.equal(attach(below, { allowAttach: [`cgroup:${path}`] }), "attached");
    assert.equal(attach(CGROUP, { allowAttach: [`cgroup:${path}`] }), "EPERM");
    assert.equal(attach(path, { allowAttach: [`cgroup:${below}`] }), "EPERM");
    for (const at of [CGROUP, path, below]) {
      assert.equal(attach(at, { denyAttach: [`cgroup:${path}`] }), "EPERM");
    }
    assert.equal(attach(path, { denyAttach: ["cgroup:/no-such"] }), "attached");
  } finally {
    await Deno.remove(below);
  }
});

Deno.test("a binary is the file that was there at the start, not what is exchanged for it", async () => {
  const folder = await Deno.makeTempDir();
  const allowed = `${folder}/allowed`, link = `${folder}/link`;
  try {
    await Deno.copyFile("/usr/bin/true", allowed);
    await Deno.symlink("/usr/bin/true", link);
    const [symbol, target] = ["getpgid", "libc.so.6"];
    const libc = await Deno.realPath("/lib/x86_64-linux-gnu/libc.so.6");
    const exchanges: [string, () => Promise<void>][] = [
      ["a link in its place", async () => {
        await Deno.remove(allowed);
        await Deno.symlink(libc, allowed);
      }],
      ["another file by rename", async () => {
        await Deno.copyFile(libc, `${folder}/other`);
        await Deno.rename(`${folder}/other`, allowed);
      }],
      ["other content", () => Deno.copyFile(libc, allowed)],
      ["a link that leads elsewhere", async () => {
        await Deno.remove(link);
        await Deno.symlink(libc, link);
      }],
    ];
    for (const [what, exchange] of exchanges) {
      await Deno.remove(allowed);
      await Deno.copyFile(what === "a link that leads elsewhere" ? libc : "/usr/bin/true", allowed);
      const path = what.includes("leads") ? link : allowed;
      using rig = new AttachRig("trace", "on_uprobe", { allowAttach: [`uprobe:${path}`] });
      await exchange();
      const result = rig.attach(`${path}:${symbol}`);
      assert.notEqual(result, "attached", what);
      assert.equal((result as { code: string }).code, "EPERM", what);
    }
    // A copy of a denied file has the same build id.
    await Deno.copyFile(libc, `${folder}/copy`);
    const denied: Permissions = { denyAttach: [`uprobe:${target}`] };
    assert.equal(attachCode("trace", "on_uprobe", `${folder}/copy:${symbol}`, denied), "EPERM");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("attach distinguishes a missing target from a denied one", () => {
  const permissions: Permissions = {
    allowAttach: ["iface:lo", "tp:sched/*", "cgroup:/no-such", "uprobe:libc.so.6:getpgid"],
  };
  const codes = [
    attachCode("net", "on_xdp", "no-such", permissions),
    attachCode("trace", "on_no_such_tp", "", permissions),
    attachCode("cgroup", "count", "/no-such", permissions),
    attachCode("trace", "on_uprobe", "libc.so.6:no_such_function", permissions),
    attachCode("trace", "on_tp", "irq/irq_handler_entry", permissions),
  ];
  assert.deepEqual(codes, ["ENODEV", "ENOENT", "ENOENT", "ENOENT", "EPERM"]);
});

Deno.test("maxFrequency limits perf events", () => {
  const attach = (target: string, maxFrequency: number) =>
    attachCode("trace", "on_perf_event", target, { maxFrequency });
  assert.equal(attach("software:cpu-clock@10", 10), "attached");
  assert.equal(attach("software:cpu-clock@11", 10), "EPERM");
  const within = [{ source: "a policy", maxFrequency: 5 }];
  const permissions = { maxFrequency: 10, within };
  assert.equal(attachCode("trace", "on_perf_event", "software:cpu-clock@6", permissions), "EPERM");
});

Deno.test("an error names the place, and the option to add or to remove", () => {
  const hintOf = (permissions: Permissions, program = "on_xdp", target = "lo") => {
    using rig = new AttachRig("net", program, permissions);
    const result = rig.attach(target);
    assert.ok(result !== "attached");
    assert.match(result.message, /^Cannot attach program "\w+" to ".*": EPERM \(/);
    return result.hint ?? "";
  };
  assert.match(hintOf({ allowAttach: ["tp"] }), /^pass --allow-attach=iface:lo /);
  assert.match(hintOf({ denyAttach: ["iface:l*"] }), /^remove --deny-attach=iface:l\* /);
  const netfilter = "ipv4:local_in:-128";
  assert.match(
    hintOf({ allowAttach: ["tp"] }, "on_netfilter", netfilter),
    /^pass --allow-attach=netfilter:ipv4:local_in:-128 /,
  );
  const within = [{
    source: '"file:*" in /etc/policy.json (line 3)',
    allowAttach: ["tp" as const],
  }];
  assert.match(hintOf({ within }), /^"file:\*" in \/etc\/policy.json \(line 3\) does not allow it/);
});

Deno.test("attachRule() rejects words that name nothing", () => {
  for (
    const word of [
      "",
      "iface:",
      "iface:a/b",
      "ifac:eth0",
      "tp:a/b/c",
      "cgroup:relative",
      "cgroup:/a*/b",
      "netns:blue",
      "uprobe::main",
      "uprobe:/bin/x:",
      "netfilter:ipv5",
      "perf_event:soft",
      "perf_event:software:no-such",
      "kprobe:a b",
      "iface:a\nb",
      "tp:\t",
    ]
  ) {
    assert.throws(() => attachRule(word), { code: "PERMISSION_WORD" }, word);
    assert.throws(() => new Policy({ denyAttach: [word as AttachWord] }), {
      code: "PERMISSION_WORD",
    });
  }
});

for (
  const [word, hint] of [
    ["--allow-attach=ifac:eth0", /did you mean iface\?/],
    ["--deny-attach=kprob", /did you mean kprobe\?/],
    ["--allow-attach=nothing:x", /the kinds are iface, xdp/],
    ["--max-frequency=0", /from 1 to/],
    ["--max-frequency=often", /from 1 to/],
  ] as const
) {
  Deno.test(`${word} is a usage error before anything runs`, async () => {
    const { code, stderr } = await runCli([word, "nothing-of-this-name.wasm"]);
    assert.equal(code, 2);
    assert.match(stderr, hint);
  });
}

Deno.test("--allow-attach and --deny-attach limit a guest, and -v shows what is not there", async () => {
  const attach = async (...options: string[]) => {
    const guest = [guestPath("attach"), "net", "on_xdp", "lo"];
    const { stdout, stderr } = await runCli([...options, "--timeout", "120s", ...guest]);
    return { result: /^on_xdp (-?\d+)$/m.exec(stdout)?.[1] ?? "attached", stderr };
  };
  const denied = await attach("--deny-attach=iface:lo");
  assert.equal(denied.result, "-1");
  assert.match(denied.stderr, /remove --deny-attach=iface:lo/);
  const other = await attach("-v", "--allow-attach=tp:sched/*,iface:no-such0");
  assert.equal(other.result, "-1");
  assert.match(other.stderr, /note: nothing is there yet: iface:no-such0/);
});

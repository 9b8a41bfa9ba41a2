/** Examples of network programs print what their READMEs show. */
import assert from "node:assert/strict";
import { act, ACTOR, IN_OWN_NETWORK } from "../support/actor.ts";
import { TestCgroup } from "../support/cgroup.ts";
import { shapesOf, shownOutput } from "../support/readme.ts";
import { VethPair } from "../support/veth.ts";
import { output } from "../support/example_runs.ts";

Deno.test("tcpconnlat prints connections, as its README shows", async () => {
  // It waits for a signal, so that its PID is known first.
  const [program = "", ...rest] = [
    ...IN_OWN_NETWORK,
    "/bin/sh",
    "-c",
    `read w; exec "$0" connection`,
  ];
  const held = new Deno.Command(program, { args: [...rest, ACTOR], stdin: "piped" }).spawn();
  const stdout = await output("tcpconnlat", {
    args: ["-p", `${held.pid}`, "-L"],
    action: async () => {
      const writer = held.stdin.getWriter();
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
      await held.status;
    },
    last: /7777/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("tcpconnlat"));
});

Deno.test("tcpstates prints a connection's states, as its README shows", async () => {
  const stdout = await output("tcpstates", {
    args: ["-L", "7777"],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["connection"], { netns: tool.pid }),
    last: /LISTEN +-> CLOSE/,
  });
  assert.deepEqual(shapesOf(stdout), await shownOutput("tcpstates"));
});

Deno.test("tcpstates prints the IPv4 peer of an IPv6 socket as an IPv4 address", async () => {
  using listener = Deno.listen({ hostname: "::", port: 0 });
  const { port } = listener.addr;
  const stdout = await output("tcpstates", {
    args: ["-L", `${port}`],
    action: async () => {
      const [server, client] = await Promise.all([
        listener.accept(),
        Deno.connect({ hostname: "127.0.0.1", port }),
      ]);
      server.close();
      client.close();
    },
    last: /LAST_ACK +-> CLOSE|FIN_WAIT2 +-> CLOSE|CLOSING/,
  });
  assert.match(stdout, new RegExp(`127\\.0\\.0\\.1 +${port} +127\\.0\\.0\\.1 .*ESTABLISHED`));
  assert.doesNotMatch(stdout, /::ffff:/);
});

for (const name of ["xdp", "tc", "xdp-rust", "tc-rust"]) {
  Deno.test(`${name} counts packets and drops those of rules, as its README shows`, async () => {
    await using pair = await VethPair.create();
    const { here, there } = pair;
    const stdout = await output(name, {
      args: ["-i", "3600", "-d", "udp:53", here.interface],
      through: VethPair.in(here),
      action: () => VethPair.sendDatagrams(there, here),
    });
    // A packet is an Ethernet, IPv4 and UDP header and 8 bytes.
    const way = name.startsWith("tc") ? " ingress" : "";
    assert.match(stdout, new RegExp(`^total   ${way} udp +5 +250 +3$`, "m"));
    assert.deepEqual(shapesOf(stdout), await shownOutput(name.replace(/-.*/, "")));
  });

  Deno.test(`${name} drops by address and by protocol`, async () => {
    await using pair = await VethPair.create();
    const { here, there } = pair;
    for (
      const [rules, dropped] of [
        [["-d", there.address], 5],
        [["--drop", "udp"], 5],
        [["-d", "tcp", "-d", "icmp", "-d", "udp:9", "-d", "10.9.0.3", "-d", "::1"], 0],
        [["-d", "UDP:54", "-d", "tcp:1"], 2],
      ] as const
    ) {
      const stdout = await output(name, {
        args: ["-i", "3600", ...rules, here.interface],
        through: VethPair.in(here),
        action: () => VethPair.sendDatagrams(there, here),
      });
      assert.match(stdout, new RegExp(`^total .*udp +5 +250 +${dropped}$`, "m"), rules.join(" "));
    }
  });
}

Deno.test("tc drops outgoing packets", async () => {
  await using pair = await VethPair.create();
  const { here, there } = pair;
  const stdout = await output("tc", {
    args: ["-i", "3600", "-d", there.address, here.interface],
    through: VethPair.in(here),
    action: () => VethPair.sendDatagrams(here, there),
  });
  assert.match(stdout, /^total +egress +udp +5 +250 +5$/m);
});

Deno.test("sockfilter prints packets, as its README shows", async () => {
  const stdout = await output("sockfilter", {
    args: ["-p", "7777", "lo"],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["connection"], { netns: tool.pid }),
    last: /(in .* F.*\n[^]*){2}/,
  });
  assert.deepEqual(
    new Set(shapesOf(stdout).map(withoutAck)),
    new Set((await shownOutput("sockfilter")).map(withoutAck)),
  );
});

/** Removes acknowledgements: TCP sends them at once or with the next data. */
function withoutAck(line: string): string {
  return line.replace(/ (in|out) tcp/, " tcp").replace(/ P?A$/, " A");
}

Deno.test("sockops prints a cgroup's connections, as its README shows", async () => {
  await using cgroup = await TestCgroup.create();
  const stdout = await output("sockops", {
    args: [cgroup.path],
    through: IN_OWN_NETWORK,
    action: (tool) => act(["--cgroup", cgroup.path, "connection"], { netns: tool.pid }),
    last: /close[^]*close/,
  });
  assert.deepEqual(shapesOf(stdout).sort(), (await shownOutput("sockops")).sort());
});

/** Two network namespaces with an interface each, and a cable between them that is quiet. */
import { ACTOR, NetworkNamespace, succeed } from "./actor.ts";

/** One namespace of {@linkcode VethPair}. */
export interface VethEnd {
  /** A process in the namespace, to enter it by. */
  readonly pid: number;
  readonly interface: string;
  readonly address: string;
}

/** IPv4 alone, neighbours known: nothing is sent but what a test sends. Goes with its namespaces. */
export class VethPair implements AsyncDisposable {
  readonly #namespaces: NetworkNamespace[];
  readonly here: VethEnd;
  readonly there: VethEnd;

  private constructor(namespaces: NetworkNamespace[], here: VethEnd, there: VethEnd) {
    this.#namespaces = namespaces;
    this.here = here;
    this.there = there;
  }

  static async create(): Promise<VethPair> {
    const [one, two] = [await NetworkNamespace.create(), await NetworkNamespace.create()];
    const here = { pid: one.pid, interface: "veth0", address: "10.9.0.1" };
    const there = { pid: two.pid, interface: "veth1", address: "10.9.0.2" };
    const run = (end: VethEnd, script: string) =>
      succeed("nsenter", "-t", `${end.pid}`, "-n", "--", "/bin/sh", "-ec", script);
    const quiet = "for i in all default; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done;";
    const made = `ip link add veth0 address 02:00:00:00:00:01 type veth ` +
      `peer name veth1 address 02:00:00:00:00:02 netns ${two.pid};`;
    await run(there, quiet);
    await run(here, quiet + made);
    for (const [end, other, mac] of [[here, there, 2], [there, here, 1]] as const) {
      const { interface: name, address } = end;
      await run(
        end,
        `ip address add ${address}/24 dev ${name}; ip link set ${name} up;
         ip neighbour replace ${other.address} lladdr 02:00:00:00:00:0${mac} dev ${name} nud permanent`,
      );
    }
    return new VethPair([one, two], here, there);
  }

  /** The words before a command that make it run in a namespace. */
  static in(end: VethEnd): string[] {
    return ["nsenter", "-t", `${end.pid}`, "-n", "--"];
  }

  /** Sends UDP packets of 8 bytes from one end to the other: 3 to port 53, 2 to port 54. */
  static async sendDatagrams(from: VethEnd, to: VethEnd): Promise<void> {
    const [program = "", ...args] = VethPair.in(from);
    await succeed(program, ...args, ACTOR, "--to", to.address, "datagrams");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#namespaces) await namespace[Symbol.asyncDispose]();
  }
}

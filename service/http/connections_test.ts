import assert from "node:assert/strict";
import { until } from "../../tests/support/condition.ts";
import { type ConnectionLimits, serveConnections } from "./connections.ts";

/** Server with the paths `/` and `/long`, whose response goes on. */
async function withServer(
  limits: ConnectionLimits,
  test: (
    connect: () => Promise<Client>,
    long: { url: string; send(text: string): void },
  ) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let send = (_: string) => {};
  const served = serveConnections(listener, (request, stay) => {
    if (!request.url.endsWith("/long")) return new Response("short");
    stay();
    return new Response(
      new ReadableStream({
        start: (sink) => {
          send = (text) => sink.enqueue(new TextEncoder().encode(text));
          send("begun");
        },
      }),
    );
  }, limits);
  const clients: Client[] = [];
  try {
    await test(async () => {
      const client = new Client(
        await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      );
      clients.push(client);
      return client;
    }, { url: `http://127.0.0.1:${listener.addr.port}`, send: (text) => send(text) });
  } finally {
    listener.close();
    await served;
    for (const client of clients) await client.close();
  }
}

/** Connection that collects what it gets. */
class Client {
  text = "";
  isOver = false;
  readonly #connection: Deno.Conn;
  readonly #read: Promise<void>;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.#read = this.#collect();
  }

  async #collect(): Promise<void> {
    const bytes = new Uint8Array(4096);
    try {
      for (;;) {
        const count = await this.#connection.read(bytes);
        if (count === null) break;
        this.text += new TextDecoder().decode(bytes.subarray(0, count));
      }
    } catch {
      // Reset.
    }
    this.isOver = true;
  }

  async send(path: string): Promise<void> {
    const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    // It may be over already.
    await this.#connection.write(new TextEncoder().encode(text)).catch(() => {});
  }

  /** Sends a request that does not end. */
  async begin(): Promise<void> {
    await this.#connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nX: ")).catch(() => {});
  }

  async get(path: string, wanted: string): Promise<void> {
    await this.send(path);
    await until(`${path} is there`, () => this.text.includes(wanted));
  }

  async close(): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // Closed.
    }
    await this.#read;
  }
}

Deno.test("a server ends the connection that waits for the longest time when too many are open", async () => {
  await withServer({ most: 3, firstMs: 100_000, idleMs: 100_000 }, async (connect) => {
    const long = await connect();
    await long.get("/long", "begun");
    const idle = await connect();
    const used = await connect();
    await used.get("/", "short");
    const fourth = await connect();
    await fourth.get("/", "short");
    await until("the idle one is over", () => idle.isOver);
    assert.deepEqual([long, used, fourth].map(({ isOver }) => isOver), [false, false, false]);
    for (let i = 0; i < 20; i++) await connect();
    const last = await connect();
    await last.get("/", "short");
    assert.equal(long.isOver, false);
  });
});

Deno.test("a server ends connections without a request, and those between two for too long", async () => {
  const limits = { most: 10, firstMs: 100_000, idleMs: 100_000 };
  await withServer(limits, async (connect) => {
    const long = await connect();
    await long.get("/long", "begun");
    [limits.firstMs, limits.idleMs] = [50, 50];
    const [silent, half, used] = [await connect(), await connect(), await connect()];
    await half.begin();
    await used.send("/");
    await until("they are over", () => silent.isOver && half.isOver && used.isOver);
    assert.equal(long.isOver, false);
  });
});

Deno.test("a response that goes on is not ended by later requests of its connection", async () => {
  const limits = { most: 10, firstMs: 100_000, idleMs: 1 };
  await withServer(limits, async (connect, { url, send }) => {
    using client = Deno.createHttpClient({ http1: false, http2: true });
    const long = (await fetch(`${url}/long`, { client })).body?.getReader();
    const read = async () => new TextDecoder().decode((await long?.read())?.value);
    assert.equal(await read(), "begun");
    assert.equal(await (await fetch(url, { client })).text(), "short");
    // One that waits for less time ends with a look at all of them.
    const other = await connect();
    await other.send("/");
    await until("another one is over", () => other.isOver);
    send("more");
    assert.equal(await read(), "more");
    await long?.cancel();
  });
});

/** Process that serves a run's figures: reads the feed of its parent until that ends. */
import { HostError } from "../ffi/errors.ts";
import {
  type Clock,
  type FeedBlocks,
  FeedKind,
  type FeedMessage,
  FeedReader,
  feedRows,
  type FeedSource,
  type FeedText,
  type JsonText,
  parseFeed,
  type Resolvers,
  TextMaker,
} from "../records/mod.ts";
import { urlOf } from "./http/guards.ts";
import { listen, readFiles } from "./http/listener.ts";
import { metricsHandler } from "./metrics/endpoint.ts";
import { ChartMetrics, RecordMetrics } from "./metrics/record_metrics.ts";
import { Registry } from "./metrics/registry.ts";
import { RunMetrics } from "./metrics/run_metrics.ts";
import type { OtlpExporter } from "./otlp/export.ts";
import type { RunFigures } from "./run_stats.ts";
import { PageHub } from "./web/hub.ts";
import { servePage } from "./web/endpoint.ts";
import type { Listen, ServiceReply, ServiceSettings, WebSettings } from "./settings.ts";

/** Functions of the caller, which knows the host. */
export interface ServerHost {
  readonly clock: Clock;
  /** Returns the names of the host, which are files; before the rights are given up. */
  resolvers(options: { symbols: boolean }): Resolvers;
  /** Loads the exporter of OTLP, which is large. */
  loadOtlp(): Promise<{ readonly OtlpExporter: typeof OtlpExporter }>;
  /** Gives up rights; returns what could not be given up. */
  limitRights(options: { connects: boolean }): readonly string[];
}

/** Source of the feed with what is made of it. */
interface OpenSource {
  readonly opened: FeedSource;
  readonly metrics: RecordMetrics;
  readonly json: JsonText;
  received: number;
  total: number;
}

/** Milliseconds that open pages have to read the last rows. */
const END_MS = 200;
/** Bytes that are read at once. */
const READ_BYTES = 1 << 20;

/**
 * Serves until the end of standard input.
 *
 * @returns the exit code
 */
export async function serveFeed(host: ServerHost): Promise<number> {
  // The run's process decides when it is over: Ctrl-C reaches both.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
  const reader = new FeedReader();
  const bytes = new Uint8Array(READ_BYTES);
  let server: FeedServer | undefined;
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    if (count === null) break;
    for (const message of reader.push(bytes.subarray(0, count))) {
      if (server !== undefined) server.take(message);
      else {
        const started = await start(message, host);
        if (started === undefined) return 1;
        server = started;
      }
    }
    if (server?.isOver === true) break;
  }
  await server?.finish();
  return 0;
}

/** Starts the server that the first message describes, and reports how it went. */
async function start(message: FeedMessage, host: ServerHost): Promise<FeedServer | undefined> {
  try {
    if (message.kind !== FeedKind.Config) {
      throw new HostError("Cannot serve: the first message has no settings", { code: "SERVICE" });
    }
    const settings = parseFeed(message.payload) as ServiceSettings;
    const otlp = settings.otlp === undefined ? undefined : await host.loadOtlp();
    const server = new FeedServer(settings, host, otlp?.OtlpExporter);
    report(server.reply);
    return server;
  } catch (error) {
    const { message, code, hint } = error instanceof HostError
      ? error
      : { message: `Cannot serve the run's figures: ${error}`, code: "SERVICE", hint: undefined };
    report({ error: { message, code, ...(hint === undefined ? {} : { hint }) } });
    return undefined;
  }
}

function report(reply: ServiceReply): void {
  let bytes = new TextEncoder().encode(`${JSON.stringify(reply)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

function warn(text: string): void {
  const bytes = new TextEncoder().encode(`warning: ${text.replaceAll(/[^\x20-\x7e]/g, "?")}\n`);
  Deno.stderr.writeSync(bytes);
}

/** Everything that one feed becomes. */
export class FeedServer {
  readonly reply: Exclude<ServiceReply, { error: unknown }>;
  readonly #registry: Registry;
  readonly #run: RunMetrics;
  readonly #charts: ChartMetrics;
  readonly #texts: TextMaker;
  readonly #sources = new Map<number, OpenSource>();
  /** Records of charts, stacks and bytes by source. */
  readonly #blocks = new Map<string, { received: number; total: number }>();
  #hub: PageHub | undefined;
  readonly #otlp: OtlpExporter | undefined;
  #isOver = false;

  /** @throws {HostError} for addresses and files that cannot be used */
  constructor(settings: ServiceSettings, host: ServerHost, Exporter?: typeof OtlpExporter) {
    this.#registry = new Registry(settings.maxSeries);
    this.#run = new RunMetrics(this.#registry, settings.identity);
    this.#charts = new ChartMetrics(this.#registry);
    const resolvers = host.resolvers({ symbols: settings.symbols });
    // The zone's rules are a file.
    host.clock.zone(Number(host.clock.now() / 1_000_000_000n));
    this.#texts = new TextMaker({ clock: host.clock, resolvers });
    const metrics = settings.metrics === undefined ? undefined : this.#serveMetrics(settings);
    const web = settings.web === undefined ? undefined : this.#servePage(settings, settings.web);
    if (settings.otlp !== undefined && Exporter !== undefined) {
      this.#otlp = new Exporter({
        registry: this.#registry,
        identity: settings.identity,
        settings: settings.otlp,
        refresh: () => this.#run.refresh(),
        onFailure: warn,
        onLost: (source) => this.#lost(source),
      });
    }
    const notes = host.limitRights({ connects: settings.otlp !== undefined });
    this.reply = {
      ...(metrics === undefined ? {} : { metrics }),
      ...(web === undefined ? {} : { web }),
      notes,
    };
  }

  #servePage({ identity }: ServiceSettings, wanted: WebSettings): string {
    return servePage(wanted, this.#hub = new PageHub(identity, this.#texts));
  }

  #serveMetrics({ metrics }: ServiceSettings): string | undefined {
    if (metrics === undefined) return undefined;
    const { token, tls } = readFiles(metrics);
    let address: Listen = metrics;
    const handler = metricsHandler({
      registry: this.#registry,
      token,
      isTls: tls !== undefined,
      address: () => address,
      refresh: () => this.#run.refresh(),
    });
    address = listen(metrics, tls, handler);
    return urlOf(address, { isTls: tls !== undefined, path: "/metrics" });
  }

  /** True once the run has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes a message of the feed. */
  take(message: FeedMessage): void {
    const { kind, payload } = message;
    switch (kind) {
      case FeedKind.Open:
        return this.#open(parseFeed(payload) as FeedSource);
      case FeedKind.Rows:
        return this.#rows(message);
      case FeedKind.Blocks:
        return this.#takeBlocks(parseFeed(payload) as FeedBlocks);
      case FeedKind.Text:
        return this.#text(parseFeed(payload) as FeedText);
      case FeedKind.Stats:
        return this.#stats(parseFeed(payload) as RunFigures);
      case FeedKind.End:
        this.#isOver = true;
    }
  }

  #stats(figures: RunFigures): void {
    this.#run.stats(figures);
    this.#hub?.figures(figures);
  }

  #open(opened: FeedSource): void {
    this.#hub?.open(opened);
    const texts = (fields: FeedSource["schema"]["fields"]) =>
      this.#texts.texts(fields, opened.schema);
    const metrics = new RecordMetrics(this.#registry, opened, texts);
    const shown = opened.schema.fields.filter(({ name }) => opened.shown.includes(name));
    const json = this.#texts.json(shown);
    this.#sources.set(opened.id, { opened, metrics, json, received: 0, total: 0 });
    if (opened.isStream) this.#run.records(opened.source, 0, 0);
  }

  #rows(message: FeedMessage): void {
    const { source: id, count, total, rows } = feedRows(message);
    const source = this.#sources.get(id);
    if (source === undefined) return;
    source.received += count;
    source.total = total;
    this.#texts.refresh();
    source.metrics.rows(rows, message.flags);
    this.#hub?.rows(id, rows, { flags: message.flags, total });
    const { isStream, source: name } = source.opened;
    if (!isStream) return;
    if (this.#otlp?.takesLogs === true) this.#log(source, rows);
    this.#run.records(name, total, source.received);
  }

  /** Hands events over as log lines; those without room count as dropped. */
  #log(source: OpenSource, rows: Uint8Array): void {
    const { opened: { source: name, schema: { size } }, json } = source;
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at + size <= rows.length; at += size) {
      if (this.#otlp?.log(name, json(rows, view, at)) === false) source.received -= 1;
    }
  }

  /** Counts a record as dropped that a collector did not take. */
  #lost(name: string): void {
    const known = [...this.#sources.values()].find(({ opened }) => opened.source === name) ??
      this.#blocks.get(name);
    if (known === undefined) return;
    known.received -= 1;
    this.#run.records(name, known.total, known.received);
  }

  #takeBlocks(blocks: FeedBlocks): void {
    const { source, kind, items, total } = blocks;
    this.#charts.blocks(blocks);
    this.#hub?.blocks(blocks);
    if (kind !== "bytes") return;
    const known = this.#known(source);
    known.total = total;
    known.received += items.length;
    this.#run.records(source, total, known.received);
  }

  #text(text: FeedText): void {
    const { source } = text;
    this.#hub?.line(text);
    const known = this.#known(source);
    known.total += 1;
    if (this.#otlp?.log(source, JSON.stringify({ text: text.line })) !== false) known.received += 1;
    this.#run.records(source, known.total, known.received);
  }

  #known(source: string): { received: number; total: number } {
    const known = this.#blocks.get(source) ?? { received: 0, total: 0 };
    this.#blocks.set(source, known);
    return known;
  }

  /** Hands over what is left. */
  async finish(): Promise<void> {
    this.#hub?.end();
    await this.#otlp?.finish();
    // Pages get the end before the process does.
    if (this.#hub !== undefined) await new Promise((resolve) => setTimeout(resolve, END_MS));
  }
}

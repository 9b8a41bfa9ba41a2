/** A registry, a publisher with a key, and a user's place: for tests of hubs. */
import assert from "node:assert/strict";
import { type BuiltTool, withTools } from "../../cli/hub/build.ts";
import { toolFacts } from "../../cli/hub/facts.ts";
import {
  bytesSource,
  type Catalog,
  digestOf,
  formatCatalog,
  packModule,
  parseReference,
  PrivateKey,
  pushCatalog,
  pushModule,
  Registry,
  signArtifact,
  versionOfTag,
} from "../../oci/mod.ts";
import { cosignFile, PASSWORD } from "./cosign_data.ts";
import type { CliResult } from "./cli.ts";
import { Place, speaking } from "./place.ts";
import { TestRegistry } from "./registry.ts";

/** Key pairs of the publisher. */
export const KEY = cosignFile("p256.key");
export const PUB = cosignFile("p256.pub");
export const OTHER_PUB = cosignFile("p384.pub");

/** Keys by file: their passwords take long to check. */
const keys = new Map<string, PrivateKey>();

async function privateKey(path: string): Promise<PrivateKey> {
  const known = keys.get(path);
  if (known !== undefined) return known;
  const pem = await Deno.readTextFile(path);
  const key = await PrivateKey.parse(pem, { name: path, password: PASSWORD });
  keys.set(path, key);
  return key;
}

/** Registry and user's place, gone after the test. */
export class HubPlace implements AsyncDisposable {
  readonly registry: TestRegistry;
  /** Directory of the publisher, without the user's store. */
  readonly publisher: Place;
  readonly user: Place;

  readonly #client: Registry;
  readonly #built = new Map<string, BuiltTool>();
  #catalog: Catalog = { name: "acme", serial: 100, created: "2026-01-01T00:00:00Z", tools: [] };

  private constructor(registry: TestRegistry, places: { publisher: Place; user: Place }) {
    this.registry = registry;
    this.#client = new Registry(registry.host);
    this.publisher = places.publisher;
    this.user = places.user;
  }

  static async create(): Promise<HubPlace> {
    const places = { publisher: await Place.create(), user: await Place.create() };
    return new HubPlace(await TestRegistry.start(), places);
  }

  /** Directory of launchers. */
  get bin(): string {
    return `${this.user.folder}/bin`;
  }

  /** File of the catalogue that was built last. */
  get catalog(): string {
    return `${this.publisher.folder}/catalog.json`;
  }

  /** Reference of the hub's catalogue. */
  get hub(): string {
    return `${this.registry.host}/acme/hub:latest`;
  }

  /** Reference of a tool with a tag. */
  tool(name: string, tag: string): string {
    return `${this.registry.host}/acme/${name}:${tag}`;
  }

  /** Pushes a tool that prints `NAME TAG`, or other bytes; returns its reference. */
  async pushTool(name: string, tag: string, bytes = speaking(`${name} ${tag}`)): Promise<string> {
    const reference = parseReference(this.tool(name, tag));
    const digest = digestOf(bytes);
    const artifact = packModule({ digest, size: bytes.length }, {
      format: "compat",
      title: `${name}.wasm`,
      created: new Date(0),
    });
    const remote = this.#client.repository(reference.repository);
    const manifest = await pushModule({ remote, reference }, {
      artifact,
      source: bytesSource(bytes),
    });
    const { kind, levels, kernel } = await toolFacts(bytes, name);
    this.#built.set(this.tool(name, tag), {
      tool: { name, summary: `speak of ${name}`, keywords: ["voice", "test"] },
      fallback: "",
      version: {
        version: versionOfTag(tag) ?? "",
        reference: `${this.registry.host}/acme/${name}@${manifest.digest}`,
        kind,
        permissions: levels,
        kernels: { minimum: kernel },
        architectures: [Deno.build.arch],
      },
    });
    return this.tool(name, tag);
  }

  /** Adds tools that were pushed to the catalogue's file, whose path is returned. */
  async build(references: readonly string[], serial?: number): Promise<string> {
    const before = this.#catalog;
    const built = references.flatMap((one) => this.#built.get(one) ?? []);
    this.#catalog = withTools({ ...before, serial: serial ?? before.serial + 1 }, built);
    await this.publisher.write("catalog.json", formatCatalog(this.#catalog));
    return this.catalog;
  }

  /** Signs and pushes a catalogue, by default to {@linkcode hub}. */
  async publish(file: string, { key = KEY, reference = this.hub } = {}): Promise<void> {
    const place = parseReference(reference);
    const repository = this.#client.repository(place.repository);
    const bytes = await Deno.readFile(file);
    const subject = await pushCatalog({ repository, reference: place }, bytes);
    await signArtifact(repository, { reference: place, subject, key: await privateKey(key) });
  }

  /** Publishes tools that have a tag, in addition to those before. */
  async publishTools(tools: Readonly<Record<string, string>>): Promise<void> {
    const references = [];
    for (const [name, tag] of Object.entries(tools)) {
      references.push(await this.pushTool(name, tag));
    }
    await this.publish(await this.build(references));
  }

  /** Adds the hub as acme. */
  async add(name = "acme", reference = this.hub): Promise<void> {
    await this.user.succeed(["hub", "add", "-q", name, reference, "--key", PUB]);
  }

  async install(...words: string[]): Promise<string> {
    return await this.user.succeed(["install", "-q", "--bin", this.bin, ...words]);
  }

  /** Runs a launcher. */
  async launch(name: string, ...args: string[]): Promise<CliResult> {
    const child = new Deno.Command(`${this.bin}/${name}`, {
      args,
      env: this.user.env,
      stdin: "null",
    });
    const { code, signal, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Asserts that a command fails with a text and a hint. */
  async refused(words: string[], error: RegExp, code = 1): Promise<void> {
    const result = await this.user.run(words);
    assert.equal(result.code, code, `${words.join(" ")}: ${result.stdout}${result.stderr}`);
    assert.match(result.stderr, error);
    assert.match(result.stderr, /^hint: /m);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.registry[Symbol.asyncDispose]();
    await this.publisher[Symbol.asyncDispose]();
    await this.user[Symbol.asyncDispose]();
  }
}

/// <reference lib="dom" />
/** Page of a run. */
import { LineChart } from "./charts.ts";
import { byId, element } from "./dom.ts";
import { type Message, type ProgramRow, readFeed, type Row } from "./feed.ts";
import { stringify } from "./rows.ts";
import { SourceView } from "./source.ts";

/** Milliseconds between two drawings; tables are read, not watched. */
const DRAW_MS = 200;
const STATES = {
  live: "live",
  ended: "the run has ended",
  refused: "refused: open the link as it was printed",
  lost: "connection lost",
};

/** The page. */
class Page {
  readonly #views = new Map<string, SourceView>();
  readonly #byId = new Map<number, SourceView>();
  readonly #tabs = byId("tabs");
  readonly #main = byId("main");
  readonly #run = new RunView();
  #shown: HTMLElement | undefined;
  #isPaused = false;
  #waiting: Message[] = [];
  #skipped = 0;
  #drawn = 0;

  constructor() {
    const pause = byId("pause");
    pause.addEventListener("click", () => {
      this.#isPaused = !this.#isPaused;
      pause.textContent = this.#isPaused ? "Resume" : "Pause";
      pause.setAttribute("aria-pressed", `${this.#isPaused}`);
      // All that has come until now; nothing changes after that.
      this.#draw();
    });
    byId("download").addEventListener("click", () => this.#download());
    this.#addTab("run", this.#run.root);
    setInterval(() => this.#second(), 1000);
    const frame = (now: number) => {
      if (now - this.#drawn >= DRAW_MS) {
        this.#drawn = now;
        this.#draw();
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #addTab(name: string, root: HTMLElement): void {
    const button = element("button", { text: name });
    button.type = "button";
    button.addEventListener("click", () => this.#show(button, root));
    root.hidden = true;
    this.#main.append(root);
    if (name === "run") this.#tabs.append(button);
    else this.#tabs.insertBefore(button, this.#tabs.lastChild);
    // The first source is what the page was opened for.
    if (this.#shown === undefined || this.#shown === this.#run.root) this.#show(button, root);
  }

  #show(button: HTMLElement, root: HTMLElement): void {
    for (const each of Array.from(this.#tabs.children)) {
      each.setAttribute("aria-selected", `${each === button}`);
    }
    for (const each of Array.from(this.#main.children)) {
      (each as HTMLElement).hidden = each !== root;
    }
    this.#shown = root;
    this.#draw();
  }

  /** Takes a message; a page that pauses keeps figures and drops rows. */
  take(message: Message): void {
    if (this.#isPaused && (message.t === "rows" || message.t === "blocks")) {
      this.#waiting.push(message);
      if (this.#waiting.length > 2000) this.#waiting.shift();
      return;
    }
    if (this.#waiting.length > 0 && !this.#isPaused) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) this.#apply(each);
    }
    this.#apply(message);
  }

  #apply(message: Message): void {
    switch (message.t) {
      case "hello":
        byId("tool").textContent = message.name;
        document.title = `${message.name} – wasm-bpf`;
        return this.state("live");
      case "open":
        return void this.#byId.set(message.id, this.#add(message.source, message));
      case "rows":
        this.#skipped += message.left;
        return this.#byId.get(message.id)?.rows(message);
      case "blocks":
        return this.#view(message.source).blocks(message);
      case "text":
        return this.#view(message.source).line(message.line);
      case "stats":
        return this.#run.stats(message);
      case "skipped":
        this.#skipped += message.messages;
    }
  }

  #view(source: string): SourceView {
    return this.#views.get(source) ?? this.#add(source);
  }

  #add(source: string, opened?: Extract<Message, { t: "open" }>): SourceView {
    const view = new SourceView(source, opened);
    this.#views.set(source, view);
    this.#addTab(source, view.root);
    return view;
  }

  #second(): void {
    if (this.#isPaused) return;
    const seconds = Math.floor(Date.now() / 1000);
    for (const view of this.#views.values()) view.second(seconds);
  }

  #draw(): void {
    for (const view of this.#views.values()) if (view.root === this.#shown) view.draw();
    if (this.#shown === this.#run.root) this.#run.draw();
  }

  /** Shows the state of the connection. */
  state(state: keyof typeof STATES): void {
    const shown = byId("state");
    const more = this.#skipped > 0 ? `, ${this.#skipped} left out on this page` : "";
    shown.textContent = `${STATES[state]}${more}`;
    shown.classList.toggle("bad", state === "refused" || state === "lost");
  }

  #download(): void {
    const sources: Record<string, Row[]> = {};
    for (const [name, view] of this.#views) sources[name] = view.kept();
    const blob = new Blob([stringify(sources)], { type: "application/json" });
    const link = element("a");
    link.href = URL.createObjectURL(blob);
    link.download = "records.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

/** Figures of the run: programs and events. */
class RunView {
  readonly root = element("section");
  readonly #body = element("tbody");
  readonly #note = element("p", { kind: "note" });
  readonly #events = new LineChart("events a second", ["delivered", "lost"]);
  readonly #runs = new LineChart("program runs a second", ["runs"]);
  #before: { at: number; delivered: number; lost: number; runs: number } | undefined;
  #programs: readonly ProgramRow[] = [];

  constructor() {
    const titles = ["program", "section", "runs", "missed", "time", "ns a run"].map((text, i) =>
      element("th", i > 1 ? { text, kind: "number" } : { text })
    );
    const table = element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...titles)),
      this.#body,
    );
    this.root.append(
      element("div", { kind: "charts" }, this.#events.root, this.#runs.root),
      element("div", { kind: "scroll" }, table),
      this.#note,
    );
  }

  stats({ at, programs, buffers, errors }: Extract<Message, { t: "stats" }>): void {
    this.#programs = programs;
    const sum = (values: (number | null)[]) =>
      values.reduce((all: number, one) => all + (one ?? 0), 0);
    const now = {
      at,
      delivered: sum(buffers.map((one) => one.deliveredEvents)),
      lost: sum(buffers.map((one) => one.lostEvents)),
      runs: sum(programs.map((one) => one.runs)),
    };
    const before = this.#before;
    this.#before = now;
    const count = Object.values(errors).reduce((all, one) => all + one, 0);
    this.#note.textContent = count === 0
      ? ""
      : `${count} errors: ${Object.keys(errors).join(", ")}`;
    if (before === undefined || now.at <= before.at) return;
    const seconds = (now.at - before.at) / 1000;
    const rate = (name: "delivered" | "lost" | "runs") => (now[name] - before[name]) / seconds;
    this.#events.add(at / 1000, [rate("delivered"), rate("lost")]);
    this.#runs.add(at / 1000, [rate("runs")]);
  }

  draw(): void {
    this.#events.draw();
    this.#runs.draw();
    const rows = this.#programs.map(({ program, section, runs, runTimeNs, missedRuns }) => {
      const each = runs !== null && runTimeNs !== null && runs > 0
        ? Math.round(runTimeNs / runs)
        : "-";
      const time = runTimeNs === null ? "-" : `${(runTimeNs / 1e6).toFixed(3)} ms`;
      const texts = [program, section, runs ?? "-", missedRuns ?? "-", time, each];
      const cells = texts.map((text, i) =>
        element("td", i > 1 ? { text: `${text}`, kind: "number" } : { text: `${text}` })
      );
      return element("tr", {}, ...cells);
    });
    this.#body.replaceChildren(...rows);
  }
}

const page = new Page();
const token = location.hash.slice(1);
try {
  page.state(await readFeed(token, (message) => page.take(message)));
} catch {
  page.state("lost");
}

/// <reference lib="dom" />
/** Table of the rows of a source, with filter and order. */
import { element } from "./dom.ts";
import type { PageField } from "./feed.ts";
import { chosen, type RowOrder, type RowRing, type Test, testOf, textOf, valueOf } from "./rows.ts";

/** Rows that are drawn; more are found by the filter. */
const SHOWN = 200;

/** Table that is drawn again when its rows have changed. */
export class RowTable {
  readonly root: HTMLElement;
  readonly #ring: RowRing;
  readonly #fields: readonly PageField[];
  readonly #hasTime: boolean;
  readonly #body: HTMLTableSectionElement;
  readonly #note = element("span", { kind: "note" });
  readonly #buttons: HTMLButtonElement[] = [];
  #test: Test = () => true;
  #order: RowOrder | undefined;

  /** @param changed called when filter or order have changed */
  constructor(
    ring: RowRing,
    fields: readonly PageField[],
    { hasTime, changed }: { hasTime: boolean; changed: () => void },
  ) {
    this.#ring = ring;
    this.#fields = fields;
    this.#hasTime = hasTime;
    this.#body = element("tbody");
    const table = element("table", {}, this.#head(changed), this.#body);
    this.root = element(
      "div",
      { kind: "card" },
      element("div", { kind: "tools" }, this.#filter(changed), this.#note),
      element("div", { kind: "scroll" }, table),
    );
  }

  #filter(changed: () => void): HTMLInputElement {
    const input = element("input");
    input.type = "search";
    input.placeholder = "filter: word  pid=1  comm~sh  lat>10";
    input.setAttribute("aria-label", "Filter");
    input.spellcheck = false;
    input.addEventListener("input", () => {
      const test = testOf(input.value, this.#fields);
      const isWrong = typeof test === "string";
      input.classList.toggle("bad", isWrong);
      input.title = isWrong ? test : "";
      if (!isWrong) this.#test = test;
      changed();
    });
    return input;
  }

  #head(changed: () => void): HTMLTableSectionElement {
    const cells = this.#fields.map((field) => {
      const button = element("button", { text: field.name });
      button.type = "button";
      button.title = [field.help, field.unit].filter(Boolean).join(", ");
      button.addEventListener("click", () => {
        this.#turn(field);
        changed();
      });
      this.#buttons.push(button);
      return element("th", field.isNumber ? { kind: "number" } : {}, button);
    });
    const time = this.#hasTime ? [element("th", {}, element("button", { text: "time" }))] : [];
    return element("thead", {}, element("tr", {}, ...time, ...cells));
  }

  /** Highest first, then lowest first, then as they come. */
  #turn(field: PageField): void {
    const { field: before, descending } = this.#order ?? {};
    if (before !== field) this.#order = { field, descending: true };
    else this.#order = descending === true ? { field, descending: false } : undefined;
    this.#fields.forEach((one, i) => {
      const button = this.#buttons[i];
      if (button === undefined) return;
      const isOrder = one === this.#order?.field;
      const arrow = isOrder ? this.#order?.descending ? " ↓" : " ↑" : "";
      button.textContent = `${one.name}${arrow}`;
      const cell = button.parentElement;
      if (isOrder) {
        cell?.setAttribute("aria-sort", this.#order?.descending ? "descending" : "ascending");
      } else cell?.removeAttribute("aria-sort");
    });
  }

  /** Draws the rows that filter and order choose. */
  draw(total: number): void {
    const rows = chosen(this.#ring, { test: this.#test, order: this.#order, limit: SHOWN });
    const columns = this.#fields.length + (this.#hasTime ? 1 : 0);
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1);
    while (this.#body.rows.length < rows.length) this.#addRow();
    rows.forEach(({ at, row }, i) => {
      const { cells } = this.#body.rows[i] ?? {};
      for (let column = 0; column < columns; column++) {
        const cell = cells?.[column];
        const field = this.#fields[column - (this.#hasTime ? 1 : 0)];
        const text = field === undefined ? timeOf(at) : textOf(valueOf(row, field.path));
        if (cell !== undefined && cell.textContent !== text) {
          cell.textContent = text;
          cell.title = text.length > 40 ? text : "";
        }
      }
    });
    const all = this.#hasTime ? `, ${total} in all` : "";
    this.#note.textContent = `${rows.length} of ${this.#ring.size} kept${all}`;
  }

  #addRow(): void {
    const row = this.#body.insertRow();
    if (this.#hasTime) row.insertCell();
    for (const { isNumber } of this.#fields) row.insertCell().className = isNumber ? "number" : "";
  }
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}

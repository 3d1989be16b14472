// Explicit addresses: pictures have numbers, one of them can be replied to, and "@" offers people and pictures.
// Knows the thread's elements, the composer's field and the tree. What is said with an address is the server's to read.

import { $, announce, button, make } from "./dom.js";

const MOST_OFFERED = 8;
const OPEN_HANDLE = /(^|[\s(])@([\p{L}\p{N}_-]{0,30})$/u;

/** Numbers of the painted pictures on a line of rounds, by round: given pictures count, before the painted one. */
export function pictureNumbers(path) {
  const numbers = new Map();
  let number = 0;
  for (const round of path) {
    number += round.pictures_in.length;
    if (!round.picture) continue;
    number += 1;
    numbers.set(round.id, number);
  }
  return numbers;
}

export class Addressing {
  /** `path()` are the rounds before what is said next, `people()` the names known there. */
  constructor({ path, people }) {
    Object.assign(this, { path, people });
    this.target = null; // the id of the round whose picture is replied to
    this.field = $("say");
    this.chip = make("div", { class: "reply-chip", hidden: true });
    this.menu = make("ul", { id: "handles", role: "listbox", "aria-label": "People and pictures", hidden: true });
    $("composer").prepend(this.chip);
    this.field.after(this.menu);
    this.field.setAttribute("aria-controls", "handles");
    this.field.addEventListener("input", () => this.offer());
    this.field.addEventListener("blur", () =>
      setTimeout(() => {
        if (document.activeElement !== this.field) this.close();
      }, 150),
    );
    this.field.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
  }

  /** Number the pictures in the thread, and give each a button to reply to it. */
  decorate(thread) {
    const numbers = pictureNumbers(this.path());
    if (this.target && !numbers.has(this.target)) this.target = null;
    for (const element of thread.querySelectorAll("[data-round]")) {
      const number = numbers.get(element.dataset.round);
      const frame = element.querySelector("[data-act=enlarge]");
      element.querySelector(".picture-number")?.remove();
      if (!number || !frame) continue;
      const tools = element.querySelector(".answer > .tools");
      frame.append(make("span", { class: "picture-number", title: `Picture ${number}` }, String(number)));
      if (tools && !tools.querySelector("[data-act=reply]")) {
        const reply = button("reply", "Reply to this picture", () => this.reply(element.dataset.round), {
          class: "quiet bare",
        });
        reply.dataset.act = "reply";
        tools.prepend(reply);
      }
    }
    this.showChip(numbers);
  }

  reply(id) {
    this.target = id;
    const number = pictureNumbers(this.path()).get(id);
    this.showChip(pictureNumbers(this.path()));
    announce(`What you say next is about picture ${number}.`);
    this.field.focus();
  }

  showChip(numbers) {
    const number = this.target ? numbers.get(this.target) : null;
    this.chip.hidden = !number;
    if (!number) return;
    this.chip.replaceChildren(
      make("span", {}, `About picture ${number}`),
      button("close", "About no picture in particular", () => {
        this.target = null;
        this.showChip(new Map());
        this.field.focus();
      }),
    );
  }

  /** The address of what is said now; it holds for once. */
  take() {
    const { target } = this;
    this.target = null;
    this.showChip(new Map());
    return target;
  }

  offered(part) {
    const names = [...this.people(), ...[...pictureNumbers(this.path()).values()].map((n) => `picture${n}`)];
    const lower = part.toLowerCase();
    return names.filter((name) => name.toLowerCase().startsWith(lower)).slice(0, MOST_OFFERED);
  }

  offer() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const open = OPEN_HANDLE.exec(before);
    const names = open ? this.offered(open[2]) : [];
    if (!names.length) {
      this.close();
      return;
    }
    this.at = before.length - open[2].length;
    this.chosen = 0;
    this.menu.replaceChildren(
      ...names.map((name, index) =>
        make(
          "li",
          { role: "option", id: `handle-${index}`, "aria-selected": String(index === 0), onmousedown: (event) => {
            event.preventDefault();
            this.insert(name);
          } },
          `@${name}`,
        ),
      ),
    );
    this.names = names;
    this.menu.hidden = false;
    this.field.setAttribute("aria-activedescendant", "handle-0");
  }

  close() {
    this.menu.hidden = true;
    this.names = [];
    this.field.removeAttribute("aria-activedescendant");
  }

  insert(name) {
    const { value, selectionStart } = this.field;
    this.field.value = `${value.slice(0, this.at)}${name} ${value.slice(selectionStart)}`;
    const end = this.at + name.length + 1;
    this.field.setSelectionRange(end, end);
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  onKey(event) {
    if (this.menu.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.names.length) % this.names.length;
      [...this.menu.children].forEach((one, index) => {
        one.setAttribute("aria-selected", String(index === this.chosen));
      });
      this.field.setAttribute("aria-activedescendant", `handle-${this.chosen}`);
    } else if (event.key === "Enter" || event.key === "Tab") this.insert(this.names[this.chosen]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// The columns at the sides, which slide over the page where it is narrow. Knows nothing of what is in them.

import { $, memory } from "./dom.js";

const WIDE = { sidebar: matchMedia("(min-width: 56rem)"), panel: matchMedia("(min-width: 76rem)") };
const KEPT_AS = { sidebar: "shelf-wanted", panel: "panel-wanted" }; // in this browser, by these names since before

/** A column at the side that slides over the page where there is no room for it. */
export class Sidebar {
  constructor(name, onshow = () => {}) {
    this.name = name;
    this.element = $(name);
    this.opener = $(`${name}-open`);
    this.onshow = onshow;
    this.wanted = memory.get(KEPT_AS[name], true); // where there is room
    this.over = false; // over the page, where there is none
    this.available = true;
    this.opener.addEventListener("click", () => this.toggle());
    $(`${name}-close`).addEventListener("click", () => this.close());
    $("veil").addEventListener("click", () => this.closeOver());
    WIDE[name].addEventListener("change", () => {
      this.over = false;
      this.apply();
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.over && !document.querySelector(":popover-open")) this.close();
    });
    this.apply();
  }

  get isOpen() {
    return this.available && (WIDE[this.name].matches ? this.wanted : this.over);
  }

  setAvailable(available) {
    if (this.available === available) return;
    this.available = available;
    if (!available) this.over = false;
    this.apply();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    if (WIDE[this.name].matches) this.remember(true);
    else this.over = true;
    this.apply();
    if (this.over) this.element.querySelector("[aria-selected=true], button").focus();
  }

  close() {
    if (WIDE[this.name].matches) this.remember(false);
    this.over = false;
    const hadFocus = this.element.contains(document.activeElement);
    this.apply();
    if (hadFocus) this.opener.focus();
  }

  /** Leave the page free again where this lies over it. */
  closeOver() {
    if (this.over) this.close();
  }

  remember(wanted) {
    this.wanted = wanted;
    memory.set(KEPT_AS[this.name], wanted);
  }

  apply() {
    this.element.hidden = !this.isOpen;
    this.element.classList.toggle("over", this.over);
    this.opener.hidden = !this.available || (this.isOpen && !this.over);
    this.opener.setAttribute("aria-expanded", String(this.isOpen));
    const covered = document.querySelector("aside.over") !== null;
    $("veil").hidden = !covered;
    $("middle").inert = covered;
    if (this.isOpen) this.onshow();
  }
}

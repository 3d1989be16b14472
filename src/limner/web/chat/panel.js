// The side panel: people, map and pictures behind three tabs. Knows which tab is open; what is in a tab is the
// business of people.js, map.js and gallery.js.

import { Sidebar } from "./sidebar.js";
import { $, memory } from "./dom.js";

const TABS = ["people", "map", "gallery"];

export class Panel {
  /** `fill(tab, place)` shows what is in a tab. */
  constructor(fill) {
    this.fill = fill;
    this.tab = memory.get("tab", "people");
    if (!TABS.includes(this.tab)) this.tab = "people";
    this.sidebar = new Sidebar("panel", () => this.fill(this.tab, $(this.tab)));
    for (const name of TABS) {
      $(`tab-${name}`).addEventListener("click", () => this.select(name));
      $(`tab-${name}`).addEventListener("keydown", (event) => {
        const by = { ArrowLeft: TABS.length - 1, ArrowRight: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        this.select(TABS[(TABS.indexOf(name) + by) % TABS.length]);
        $(`tab-${this.tab}`).focus();
      });
    }
    this.select(this.tab);
  }

  select(tab) {
    this.tab = tab;
    memory.set("tab", tab);
    for (const name of TABS) {
      $(name).hidden = name !== tab;
      $(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
      $(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
    }
    this.refresh();
  }

  /** Open a tab; pressed again while it is seen, close the panel. */
  show(tab) {
    if (this.sidebar.isOpen && this.tab === tab) {
      this.sidebar.close();
      return;
    }
    this.select(tab);
    this.sidebar.open();
    $(`tab-${tab}`).focus();
  }

  refresh() {
    if (this.sidebar.isOpen) this.fill(this.tab, $(this.tab));
  }
}

// The list of conversations: open, rename, export, delete, import. Knows how it looks; `actions` does things.

import { conversations } from "./api.js";
import { $, announce, button, make } from "./dom.js";
import { picture } from "./pictures.js";
import { ago, counted } from "./words.js";

const FIND_AFTER_MS = 250;

export const titleOf = (conversation) => conversation?.metadata?.title || "Untitled";

export class ConversationList {
  /** `actions`: {openConversation(id), isPending(id), older(), rename(one), remove(one), save(one)}. */
  constructor(actions) {
    this.actions = actions;
    this.all = [];
    this.current = null;
    $("older").addEventListener("click", () => this.actions.older());
    this.found = null; // conversations in which the searched words stand; null when nothing is searched
    $("find").addEventListener("input", () => {
      clearTimeout(this.finding);
      this.finding = setTimeout(() => this.find(), FIND_AFTER_MS);
    });
    // Menus are hidden by the browser; a scrolled list would leave one behind.
    $("conversations").addEventListener("scroll", () => this.menu?.hidePopover());
  }

  /** Ask for the list anew; as far down as it was seen. */
  async load() {
    const list = await conversations.list();
    const seen = new Set(list.data.map((one) => one.id));
    this.all = [
      ...list.data,
      ...(this.more === undefined
        ? []
        : this.all.filter((one) => !seen.has(one.id) && this.older?.has(one.id))),
    ];
    if (this.more === undefined || !this.older?.size) this.more = list.has_more;
    this.show();
  }

  /** Look for the words in the field: in titles and in all that was said. */
  async find() {
    const words = $("find").value.trim();
    const found = words ? await conversations.find(words).catch(() => null) : null;
    if ($("find").value.trim() !== words) return; // typed on meanwhile
    this.found = found?.data ?? null;
    this.show();
    if (found) announce(`${counted(found.data.length, "conversation")} found.`);
  }

  async loadOlder() {
    const list = await conversations.list(this.all.at(-1)?.id);
    this.older = new Set([...(this.older ?? []), ...list.data.map((one) => one.id)]);
    this.all.push(...list.data.filter((one) => !this.all.some((other) => other.id === one.id)));
    this.more = list.has_more;
    this.show();
  }

  forget(id) {
    this.all = this.all.filter((one) => one.id !== id);
    this.found = this.found?.filter((one) => one.id !== id) ?? null;
    this.older?.delete(id);
    this.show();
  }

  get(id) {
    return this.all.find((one) => one.id === id) ?? null;
  }

  select(id) {
    this.current = id;
    this.show();
  }

  show() {
    // One without rounds was never begun, unless something is being painted for it.
    const shown = (this.found ?? this.all).filter((one) => one.limner?.num_rounds || this.actions.isPending(one.id));
    const focused = document.activeElement?.closest?.("#conversations li")?.dataset.id;
    $("conversations").replaceChildren(...shown.map((one) => this.entry(one)));
    if (!shown.length)
      $("conversations").append(make("li", { class: "none" }, this.found ? "Nothing found." : "What you begin is kept here."));
    $("older").hidden = !this.more || this.found !== null;
    if (focused)
      $("conversations")
        .querySelector(`[data-id="${CSS.escape(focused)}"] button`)
        ?.focus();
  }

  entry(one) {
    const rounds = one.limner?.num_rounds ?? 0;
    const last = one.limner?.last_picture;
    const face = last ? picture(last, "", { class: "thumb" }) : make("span", { class: "thumb" });
    const open = make(
      "button",
      {
        type: "button",
        class: "open",
        onclick: () => this.actions.openConversation(one.id),
        "aria-current": one.id === this.current ? "true" : null,
      },
      face,
      make(
        "span",
        { class: "names" },
        make("span", { class: "name" }, titleOf(one)),
        make("span", { class: "small" }, rounds ? `${counted(rounds, "round")} · ${ago(one.created_at)}` : "Not painted yet"),
      ),
    );
    const more = button("more", `More for ${titleOf(one)}`, () => this.openMenu(one, more), {
      class: "quiet bare more",
      "aria-haspopup": "menu",
      title: "More",
    });
    const entry = make("li", {}, open, more);
    entry.dataset.id = one.id;
    return entry;
  }

  openMenu(one, from) {
    this.menu?.remove();
    const item = (words, act, style = "") =>
      make(
        "button",
        {
          type: "button",
          role: "menuitem",
          class: style,
          onclick: () => {
            menu.hidePopover();
            act(one);
          },
        },
        words,
      );
    const menu = make(
      "div",
      { class: "menu", role: "menu", popover: "auto", "aria-label": `More for ${titleOf(one)}` },
      item("Rename", this.actions.rename),
      item("Export", this.actions.save),
      item("Delete", this.actions.remove, "danger"),
    );
    this.menu = menu;
    menu.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const items = [...menu.children];
      items.at((items.indexOf(document.activeElement) + by) % items.length).focus();
    });
    menu.addEventListener("toggle", (event) => {
      if (event.newState === "closed") menu.remove();
    });
    $("sidebar").append(menu);
    menu.showPopover();
    const place = from.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
    menu.firstElementChild.focus();
  }
}

// The conversation as it is read: the rounds from the first to the one gone on from, then the one being painted.
// Knows which elements can stay, so that pictures do not load twice and focus is not lost.

import { make, button } from "./dom.js";
import { PendingElement } from "./pending_element.js";
import { framed, roundElement } from "./rounds.js";

export class Thread {
  constructor(place, actions) {
    this.place = place;
    this.actions = actions;
    this.forget();
  }

  forget() {
    this.figures = new Map(); // round id -> picture in its frame
    this.elements = new Map(); // round id -> {signature, element}
    this.pendingElements = new Map(); // what was said and is not painted -> its element
    this.place.replaceChildren();
  }

  /** Put the rounds on the page. `pending` come after `head`; `read` are the rounds still read, null for all. */
  show({ tree, head, pending, editing, read, sizePx }) {
    const path = tree.path(head);
    const numPictures = tree.rounds.filter((round) => round.picture).length;
    const wanted = path.map((round, index) => {
      const siblings = tree.siblings(round);
      const view = {
        index,
        version: siblings.indexOf(round),
        numVersions: siblings.length,
        numPictures: Math.min(numPictures, 2),
        isFavourite: round.favourite,
        isLast: index === path.length - 1,
        isRead: read === null || read.has(round.id),
        editing: editing === round.id,
      };
      return this.elementOf(round, view, sizePx);
    });
    const later = tree.children(head).length;
    if (head && later && !pending.length) wanted.push(this.laterRounds(tree, head));
    for (const one of this.pendingElements.keys()) if (!pending.includes(one)) this.pendingElements.delete(one);
    wanted.push(...pending.map((one, index) => this.pendingElementOf(one, pending.slice(0, index), sizePx)));
    this.arrange(wanted);
  }

  elementOf(round, view, sizePx) {
    const signature = JSON.stringify(view);
    const kept = this.elements.get(round.id);
    if (kept?.signature === signature) return kept.element;
    if (round.picture && !this.figures.has(round.id))
      this.figures.set(round.id, framed(round, sizePx, this.actions));
    const element = roundElement(round, { ...view, figure: this.figures.get(round.id) ?? null }, this.actions);
    this.elements.set(round.id, { signature, element });
    return element;
  }

  pendingElementOf(one, before, sizePx) {
    if (!this.pendingElements.has(one)) this.pendingElements.set(one, new PendingElement(one, sizePx, this.actions));
    const found = this.pendingElements.get(one);
    found.show(one, before);
    return found.element;
  }

  /** A note that the conversation went on elsewhere after this round. */
  laterRounds(tree, head) {
    if (this.later?.head !== head) {
      this.later = make(
        "p",
        { class: "later" },
        "What you say now goes on from here.",
        button("next", "Back to the later rounds", () => this.actions.open(tree.leaf(head)), { seen: true }),
      );
      this.later.head = head;
    }
    return this.later;
  }

  /** Resolves when the picture of a round can be seen, or cannot be had, or takes too long. */
  async ready(round, sizePx) {
    if (!round?.picture) return;
    if (!this.figures.has(round.id)) this.figures.set(round.id, framed(round, sizePx, this.actions));
    const image = this.figures.get(round.id).querySelector("img");
    const waited = new Promise((resolve) => {
      setTimeout(resolve, 4000);
    });
    const loaded =
      image.complete && image.src
        ? Promise.resolve()
        : new Promise((resolve) => {
            image.onload = image.onerror = resolve;
          });
    await Promise.race([loaded.then(() => image.decode()).catch(() => {}), waited]);
  }

  arrange(wanted) {
    const focused = this.place.contains(document.activeElement) ? document.activeElement : null;
    const index = focused?.closest("[data-index]")?.dataset.index;
    const act = focused?.dataset.act;
    for (const child of [...this.place.children]) if (!wanted.includes(child)) child.remove();
    wanted.forEach((element, place) => {
      const there = this.place.children[place] ?? null;
      if (there !== element) this.place.insertBefore(element, there);
    });
    if (focused && !focused.isConnected) this.focusAgain(index, act);
  }

  /** Focus what stands where the focused button stood. */
  focusAgain(index, act) {
    const round = this.place.querySelector(`[data-index="${index}"]`) ?? this.place.lastElementChild;
    const same = act && round?.querySelector(`[data-act="${act}"]:not(:disabled)`);
    (same || round || this.place).focus({ preventScroll: true });
  }

  /** The round that has the focus, else the last one. */
  get current() {
    const focused =
      document.activeElement?.closest?.("[data-round]") ??
      [...this.place.querySelectorAll("[data-round]")].at(-1);
    return focused?.dataset.round ?? null;
  }

  /** Focus the round after or before the one that has the focus. */
  step(by) {
    const all = [...this.place.querySelectorAll("[data-round]")];
    const now = all.indexOf(document.activeElement?.closest?.("[data-round]"));
    const next = now < 0 ? all.at(by < 0 ? -1 : 0) : all[now + by];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }
}

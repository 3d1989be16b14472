// Rounds from the user's words to the tree: say, say beside, wait for one's turn, retry, find again after a reload.
// Knows state and server. What is seen of it is the business of `view`.

import { conversations } from "./api.js";
import { anew, pendingRound, isRunning, run } from "./pending_round.js";
import { announce } from "./dom.js";
import { dataAddress } from "./pictures.js";
import { pendingHere, isPainting, keepPlace, keepPlaceOf, setRounds, sizePx, state } from "./state.js";
import { withRetries } from "./retries.js";
import { titleFrom } from "./words.js";

export class RoundQueue {
  /** `view`: {show(), scrollDown(), begun(id, title), settled(), left(one)}; `thread`, `settings`: those elements. */
  constructor({ view, thread, settings }) {
    Object.assign(this, { view, thread, settings });
  }

  /** Say something that goes on from where the user is, after what is being painted. */
  say({ text, pictures, target = null }) {
    if (state.script[0] === text) state.script.shift();
    else state.script = [];
    this.ask({ text, pictures, target, previous: state.head, seed: this.settings.seed });
  }

  /** Say something about a part of a round's picture: after that very round, whatever follows it by now. */
  sayOfPart(round, { text, region }) {
    const { seed } = this.settings;
    this.ask({ text, pictures: [], region, previous: round.id, seed, beside: true });
  }

  /** Say something in the place of a round: the same words for another version of it, or other words. */
  async sayBeside(round, text) {
    const { conversation } = state;
    const pictures = await Promise.all(
      round.pictures_in.map(async (address) => ({ url: await dataAddress(address), name: "picture" })),
    );
    if (state.conversation !== conversation) return;
    const seed = text === round.text_in ? this.settings.newSeed : this.settings.seed;
    const { region } = round;
    this.ask({ text, pictures, region, previous: state.tree.parentOf(round), seed, beside: true });
  }

  begin(prompts) {
    state.script = [...prompts];
    this.say({ text: prompts[0], pictures: [] });
  }

  ask({ text, pictures, previous, seed, target = null, region = null, beside = false }) {
    const title = titleFrom(text);
    if (!state.conversation) state.title = title;
    state.editing = null;
    const one = pendingRound({
      text,
      pictures,
      target,
      previous,
      seed,
      region,
      title,
      beside,
      queued: isPainting() || state.isOpening,
      isFirst: state.tree.rounds.length === 0,
      conversation: state.conversation,
      settings: this.settings.value,
      model: state.about?.model,
    });
    state.pending.add(one);
    this.addVersions(one, this.settings.number);
    this.view.show();
    this.view.scrollDown();
    if (one.queued) {
      announce("It is painted after what is before it.");
      return null;
    }
    return this.paint(one);
  }

  /** Let the same words be painted more often, beside the first and with seeds of their own. */
  addVersions(one, number) {
    if (number > 1) Object.assign(one, { part: [1, number], group: one.seed });
    for (let which = 2; which <= number; which += 1) {
      const seed = (one.seed + which - 1) % 2 ** 31;
      const versions = { beside: true, queued: true, isFirst: false, part: [which, number] };
      state.pending.add(pendingRound({ ...one, seed, ...versions }));
    }
  }

  /** Have a round painted, and put it into the conversation when it is there. */
  async paint(one) {
    one.trouble = null;
    this.aim(one);
    announce("Painting.");
    const id = await run(one, () => this.changed(one));
    state.pending.save();
    if (id) await this.settle(one, id);
    else this.view.left(one);
  }

  /** Say where it goes on, with its versions. */
  place(one, previous) {
    one.previous = previous;
    if (one.group === null) return;
    for (const other of state.pending.of(one.conversation))
      if (other.group === one.group && other.queued) other.previous = previous;
  }

  /** Whether it makes a branch that is not meant: then the server refuses instead. */
  aim(one) {
    if (one.foreign || one.id) return;
    // While its rounds are not here, what was after it when it was said counts.
    if (one.conversation === state.conversation && !state.isOpening)
      one.known = state.tree.children(one.previous).map((round) => round.id);
    one.continues = !one.beside && one.previous !== null && one.known.length === 0;
  }

  /** Ask once more: what goes on, goes on from where the user is now. */
  again(one, { elsewhere = false } = {}) {
    if (one.trouble?.kind === "gone") Object.assign(one, anew);
    else if (!one.beside && one.id === null && !elsewhere) this.place(one, state.head);
    one.trouble = null;
    one.id = null;
    one.queued = isPainting() && pendingHere().some((other) => other !== one && isRunning(other));
    state.pending.save();
    this.view.show();
    this.view.scrollDown();
    if (!one.queued) this.paint(one);
  }

  /** Let the next one that waits have its turn, unless one before it failed or is painted. */
  next(conversation) {
    const [first] = state.pending.of(conversation);
    if (!first?.queued) return;
    const isHere = conversation === state.conversation;
    if (isHere && state.isOpening) return;
    first.queued = false;
    if (!first.beside && isHere) this.place(first, state.head);
    first.isFirst = first.isFirst && (!isHere || state.tree.rounds.length === 0);
    state.pending.save();
    this.paint(first);
  }

  /** Take up what this tab had said before it was loaded anew. */
  resume() {
    for (const kept of state.pending.kept()) {
      const one = { ...pendingRound(kept), wasSent: true, trouble: kept.trouble ?? null };
      state.pending.add(one);
      if (isRunning(one)) this.paint(one);
    }
  }

  /** Follow rounds of this conversation that were asked for elsewhere. */
  async adopt(conversation) {
    const running = await conversations.inProgress(conversation).catch(() => []);
    for (const { id, parent, text_in: text, seed, region } of running) {
      const isKnown = state.pending
        .of(conversation)
        .some((one) => one.id === id || (one.text === text && one.seed === seed));
      if (isKnown || state.conversation !== conversation || state.tree.get(id)) continue;
      const asked = { id, conversation, previous: parent, text, seed, region, pictures: [], foreign: true };
      const one = pendingRound(asked);
      state.pending.add(one);
      this.paint(one);
    }
  }

  changed(one) {
    if (!state.pending.has(one)) return;
    const isNew = one.conversation && state.conversation === null && one.isFirst && !one.wasPlaced;
    if (one.conversation && !one.wasPlaced) {
      one.wasPlaced = true;
      for (const waiting of state.pending.of(null)) if (waiting.queued) waiting.conversation = one.conversation;
      if (isNew) this.view.begun(one.conversation, one.title);
    }
    if (one.id !== one.savedId) {
      one.savedId = one.id;
      state.pending.save();
    }
    if (one.conversation === state.conversation) this.view.show();
  }

  async settle(one, id) {
    const { conversation } = one;
    const rounds = await withRetries(() => conversations.tree(conversation)).catch(() => null);
    const isHere = () => conversation === state.conversation && rounds !== null;
    let round = null;
    if (isHere()) {
      setRounds(rounds, { keepChoices: true });
      round = state.tree.get(id);
      await this.thread.ready(round, sizePx()); // the last preview stays until the picture can be seen
    }
    state.pending.remove(one);
    for (const waiting of state.pending.of(conversation))
      if (waiting.queued && !waiting.beside) this.place(waiting, id);
    if (isHere()) {
      // Another's round does not take the user away from where they are.
      const moves = !one.foreign || one.previous === state.head;
      if (round && moves) {
        state.tree.see(id);
        state.head = state.tree.leaf(id); // others may have gone on from it already
        keepPlace();
      }
      this.view.show();
      announce(`${round?.text_out ?? ""} ${round?.picture ? "The picture is painted." : ""}`.trim());
    } else if (!one.foreign) keepPlaceOf(conversation, id, true);
    this.view.settled(one);
    this.next(conversation);
  }
}

// Rounds from the user's words to the tree: say, say beside, paint again, retry.
// Knows state and server. What is seen of it is the business of `view`.

import { conversations } from "./api.js";
import { askedRound, run } from "./asking.js";
import { announce } from "./dom.js";
import { dataAddress } from "./pictures.js";
import { asked, isPainting, keepPlace, setAsked, setRounds, sizePx, state } from "./state.js";
import { insist } from "./trouble.js";
import { titleFrom } from "./words.js";

export class Painting {
  /** `view`: {show(), scrollDown(), begun(id, title), settled()}; `thread` and `settings` are those elements. */
  constructor({ view, thread, settings }) {
    Object.assign(this, { view, thread, settings });
  }

  /** Say something that goes on from where the user is. */
  say({ text, pictures }) {
    if (isPainting()) return;
    if (state.script[0] === text) state.script.shift();
    else state.script = [];
    this.ask({ text, pictures, previous: state.head, seed: this.settings.seed });
  }

  /** Say something in the place of a round: the same words for another version of it, or other words. */
  async sayBeside(round, text) {
    if (isPainting()) return;
    const pictures = await Promise.all(
      round.pictures_in.map(async (address) => ({ url: await dataAddress(address), name: "picture" })),
    );
    const seed = text === round.text_in ? this.settings.newSeed : this.settings.seed;
    this.ask({ text, pictures, previous: state.tree.parentOf(round), seed });
  }

  begin(prompts) {
    state.script = [...prompts];
    this.say({ text: prompts[0], pictures: [] });
  }

  ask({ text, pictures, previous, seed }) {
    const title = titleFrom(text);
    if (!state.conversation) state.title = title;
    state.editing = null;
    const one = askedRound({
      text,
      pictures,
      previous,
      seed,
      title,
      isFirst: state.tree.rounds.length === 0,
      conversation: state.conversation,
      settings: this.settings.value,
      model: state.about?.model,
    });
    setAsked(one);
    const painted = this.paint(one);
    this.view.scrollDown();
    return painted;
  }

  /** Have a round painted, and put it into the conversation when it is there. */
  async paint(one) {
    announce("Painting.");
    const id = (await run(one, () => this.changed(one))) ?? (await this.found(one));
    if (id) await this.settle(one, id);
    else announce(one.trouble.message);
  }

  changed(one) {
    const isNew = one.conversation && state.conversation === null && state.asks.has(one);
    if (isNew) this.view.begun(one.conversation, one.title);
    if (one === asked()) this.view.show();
  }

  /** After a broken connection: the round's id if it was kept all the same. */
  async found(one) {
    if (!one.trouble?.id || !one.conversation) return null;
    const rounds = await conversations.tree(one.conversation).catch(() => []);
    return rounds.some((round) => round.id === one.trouble.id) ? one.trouble.id : null;
  }

  async settle(one, id) {
    const rounds = await insist(() => conversations.tree(one.conversation));
    if (one !== asked()) {
      state.asks.delete(one);
      this.view.settled();
      return;
    }
    setRounds(rounds, { keepChoices: true });
    const round = state.tree.get(id);
    await this.thread.ready(round, sizePx()); // the last preview stays until the picture can be seen
    state.asks.delete(one);
    if (one.conversation === state.conversation) {
      state.tree.see(id);
      state.head = id;
      keepPlace();
      this.view.show();
    }
    announce(`${round?.text_out ?? ""} ${round?.picture ? "The picture is painted." : ""}`.trim());
    this.view.settled();
  }
}

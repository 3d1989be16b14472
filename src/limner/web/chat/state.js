// What the page knows: which conversation, which branch, what is being painted, who was named.
// Plain values; who shows them is app.js's business.

import { isRunning } from "./pending_round.js";
import { PendingRounds } from "./pending_rounds.js";
import { memory } from "./dom.js";
import { Tree } from "./tree.js";

const MOST_PLACES = 100;

export const state = {
  about: null, // what the server told of itself
  conversation: null, // its id; null before the first round is asked for
  isOpening: false, // its rounds are not here yet
  title: "",
  tree: new Tree(),
  head: null, // the round that what is said next goes on from
  pending: new PendingRounds(), // what was said and is not painted yet
  editing: null, // the round whose words are edited
  read: null, // ids of the rounds that the model still reads; null when it reads all
  people: [], // who was named in this conversation
  faces: [], // of real people, that the user keeps
  script: [], // what an example would say next
};

/** What was said in this conversation and is not painted yet, in order. */
export const pendingHere = () => state.pending.of(state.conversation);

/** Those that are being painted, or asked for. */
export const runningHere = () => pendingHere().filter(isRunning);

export const isPainting = () => runningHere().length > 0;

export const sizePx = () => state.about?.image_size_px ?? 256;

/** Take the rounds of a conversation; branches stay where they were left. */
export function setRounds(rounds, { keepChoices }) {
  const { chosen } = state.tree;
  state.tree = new Tree(rounds);
  if (keepChoices) state.tree.chosen = chosen;
}

/** Remember where a conversation is left; `isEnd` when that is the end of a branch. */
export function keepPlaceOf(conversation, head, isEnd) {
  if (!conversation || !head) return;
  const places = Object.entries(memory.get("heads", {})).filter(([id]) => id !== conversation);
  memory.set(
    "heads",
    Object.fromEntries([...places.slice(1 - MOST_PLACES), [conversation, { head, isEnd }]]),
  );
}

export const keepPlace = () =>
  keepPlaceOf(state.conversation, state.head, state.tree.children(state.head).length === 0);

/** Where this conversation was left, with what has been painted after it since; else its newest round. */
export function keptPlace() {
  const kept = memory.get("heads", {})[state.conversation];
  const { head, isEnd } = typeof kept === "string" ? { head: kept, isEnd: true } : (kept ?? {});
  if (!state.tree.get(head)) return state.tree.newest;
  return isEnd ? state.tree.leaf(head) : head;
}

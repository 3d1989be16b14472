// What the page knows: which conversation, which branch, what is being painted, who was named.
// Plain values; who shows them is app.js's business.

import { isRunning } from "./asking.js";
import { memory } from "./dom.js";
import { Tree } from "./tree.js";

const MOST_PLACES = 100;

export const state = {
  about: null, // what the server told of itself
  conversation: null, // its id; null before the first round is asked for
  title: "",
  tree: new Tree(),
  head: null, // the round that what is said next goes on from
  asks: new Set(), // rounds being painted, stopped or failed: one a conversation
  editing: null, // the round whose words are edited
  people: [], // who was named in this conversation
  faces: [], // of real people, that the user keeps
  script: [], // what an example would say next
};

/** The round of this conversation that is being painted, was stopped or failed; null when there is none. */
export const asked = () => [...state.asks].find((one) => one.conversation === state.conversation) ?? null;

export const isPainting = () => isRunning(asked());

export const sizePx = () => state.about?.image_size_px ?? 256;

/** Put a round being asked for in the place of this conversation's last one; null only takes that away. */
export function setAsked(one) {
  for (const other of state.asks) if (other.conversation === state.conversation) state.asks.delete(other);
  if (one) state.asks.add(one);
}

/** Take the rounds of a conversation; branches stay where they were left. */
export function setRounds(rounds, { keepChoices }) {
  const { chosen } = state.tree;
  state.tree = new Tree(rounds);
  if (keepChoices) state.tree.chosen = chosen;
}

/** Remember where this conversation is left. */
export function keepPlace() {
  if (!state.conversation || !state.head) return;
  const places = Object.entries(memory.get("heads", {})).filter(([id]) => id !== state.conversation);
  memory.set(
    "heads",
    Object.fromEntries([...places.slice(1 - MOST_PLACES), [state.conversation, state.head]]),
  );
}

/** Where this conversation was left, else its newest round. */
export function keptPlace() {
  const kept = memory.get("heads", {})[state.conversation];
  return state.tree.get(kept) ? kept : state.tree.newest;
}

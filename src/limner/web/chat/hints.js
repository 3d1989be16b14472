// What could be said next, above the field: an example's next line, close-ups of those who were named; and how
// much of a long conversation Limner still reads.

import { $, make } from "./dom.js";
import { closeUpOf } from "./people.js";
import { pendingHere, state } from "./state.js";

/** `say(line)` says a hint. */
export function showHints(say) {
  const lines = state.script.length
    ? state.script.slice(0, 1)
    : state.people
        .filter((person) => person.face)
        .slice(0, 2)
        .map((person) => closeUpOf(person.name));
  const last = state.tree.get(state.head)?.text_in;
  const hints = pendingHere().length || !state.head ? [] : lines.filter((line) => line !== last);
  if ([...$("hints").children].map((one) => one.textContent).join("\n") === hints.join("\n")) return;
  $("hints").replaceChildren(
    ...hints.map((line) =>
      make("button", { type: "button", class: "hint", onclick: () => say(line) }, line),
    ),
  );
}

/** Say that the conversation is longer than what Limner holds in mind at once. */
export function showReading() {
  const path = state.tree.path(state.head);
  const read = state.read === null ? path.length : path.filter((round) => state.read.has(round.id)).length;
  const isLong = read < path.length;
  $("reading").hidden = !isLong;
  const words = `Limner still reads ${read} of these ${path.length} rounds; the others are marked.`;
  if (isLong && $("reading").textContent !== words) $("reading").textContent = words;
}

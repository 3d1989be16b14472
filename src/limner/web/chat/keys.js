// The keyboard: which key does what, and the list of them.

import { memory } from "./dom.js";
import { showShortcuts } from "./dialogs.js";

const LIST = [
  [["Enter"], "Paint what is written"],
  [["Shift", "Enter"], "Begin a new line"],
  [["↑"], "In an empty field: what was said before"],
  [["Esc"], "Stop painting; close what is open"],
  [["/"], "Write"],
  [["N"], "New conversation"],
  [["J"], "Next round"],
  [["K"], "Round before"],
  [["←"], "Version before"],
  [["→"], "Next version"],
  [["R"], "Paint again"],
  [["E"], "Edit what was said"],
  [["G"], "Go on from this round"],
  [["L"], "See the picture large"],
  [["C"], "Compare two pictures"],
  [["D"], "Download the picture"],
  [["B"], "Change a part of the picture"],
  [["F"], "Favourite, or no longer"],
  [["P"], "People"],
  [["M"], "Map"],
  [["A"], "Pictures of this conversation"],
  [["I"], "Pictures of all conversations"],
  [["S"], "Seed, steps, size"],
  [["?"], "These keys"],
];

export const openShortcuts = () => showShortcuts(LIST);

const isField = (element) =>
  element.matches?.(
    "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]",
  );

/** `keys`: key -> function; `escape()` for Esc. Round keys act on the round that has the focus, else on the last. */
export function listenToKeys(keys, escape) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (event.key === "Escape") {
      escape();
      return;
    }
    if (
      event.repeat ||
      isField(event.target) ||
      event.target.matches?.("[role=tab], [type=range], [type=radio]")
    )
      return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = keys[key];
    if (!act || (/^[a-z]$/.test(key) && !memory.get("letters", true))) return;
    event.preventDefault();
    act();
  });
}

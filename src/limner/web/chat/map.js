// The conversation's tree, small: a picture for each round, downwards in time, branches to the right.

import { make, vector } from "./dom.js";
import { picture } from "./pictures.js";
import { shortened } from "./words.js";

const CELL_PX = 56;
const NODE_PX = 44;

const middle = (index) => index * CELL_PX + CELL_PX / 2;

function edge(from, to, isOnPath) {
  const [x0, y0, x1, y1] = [middle(from.column), middle(from.row), middle(to.column), middle(to.row)];
  const turn = y0 + CELL_PX / 2;
  const d = x0 === x1 ? `M${x0} ${y0}V${y1}` : `M${x0} ${y0}V${turn - 8}q0 8 8 8H${x1 - 8}q8 0 8 8V${y1}`;
  return vector("path", { d, class: isOnPath ? "edge on" : "edge" });
}

function node({ round, column, row }, { tree, head, path }, actions) {
  const words = `Round ${tree.label(round)}: ${shortened(round.text_in, 80)}`;
  const button = make(
    "button",
    {
      type: "button",
      class: path.has(round.id) ? "node on" : "node",
      title: words,
      "aria-label": words,
      "aria-current": round.id === head ? "true" : null,
      tabIndex: round.id === head ? 0 : -1,
      onclick: () => actions.goOn(round.id),
    },
    round.picture ? picture(round.picture, "") : make("span", { "aria-hidden": "true" }, "“”"),
  );
  button.style.left = `${middle(column) - NODE_PX / 2}px`;
  button.style.top = `${middle(row) - NODE_PX / 2}px`;
  button.dataset.round = round.id;
  return button;
}

/** Arrow keys go along the branches: to the parent, to a child, to a sibling. */
function neighbour(tree, id, key) {
  const round = tree.get(id);
  const siblings = tree.siblings(round);
  switch (key) {
    case "ArrowUp":
      return tree.parentOf(round);
    case "ArrowDown":
      return tree.children(id)[0]?.id;
    case "ArrowLeft":
      return siblings[siblings.indexOf(round) - 1]?.id;
    case "ArrowRight":
      return siblings[siblings.indexOf(round) + 1]?.id;
    default:
      return undefined;
  }
}

export function showMap(place, { tree, head }, actions) {
  if (!tree.rounds.length) {
    place.replaceChildren(
      make("p", { class: "none" }, "Every round of the conversation is shown here, with all its branches."),
    );
    return;
  }
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.round : null;
  const places = tree.places();
  const at = new Map(places.map((one) => [one.round.id, one]));
  const path = new Set(tree.path(head).map((round) => round.id));
  const columns = Math.max(...places.map((one) => one.column)) + 1;
  const rows = Math.max(...places.map((one) => one.row)) + 1;
  const below = places.filter(({ round }) => tree.parentOf(round) !== null);
  below.sort((a, b) => path.has(a.round.id) - path.has(b.round.id)); // the path lies on top
  const edges = vector(
    "svg",
    { width: columns * CELL_PX, height: rows * CELL_PX, "aria-hidden": "true" },
    ...below.map((one) => edge(at.get(tree.parentOf(one.round)), one, path.has(one.round.id))),
  );
  const field = make(
    "div",
    { class: "field", role: "group", "aria-label": "Rounds; arrow keys follow the branches" },
    edges,
    ...places.map((one) => node(one, { tree, head, path }, actions)),
  );
  field.style.width = `${columns * CELL_PX}px`;
  field.style.height = `${rows * CELL_PX}px`;
  field.addEventListener("keydown", (event) => {
    const next = neighbour(tree, event.target.dataset.round, event.key);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (next) field.querySelector(`[data-round="${CSS.escape(next)}"]`).focus();
  });
  place.replaceChildren(
    field,
    make("p", { class: "small" }, "Press a round: what you say next goes on from there."),
  );
  const again = field.querySelector(`[data-round="${CSS.escape(focused ?? head ?? "")}"]`);
  if (focused) again?.focus();
  else again?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

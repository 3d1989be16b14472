// A conversation as a tree of rounds: paths, siblings, where each branch was left. Plain values, no page.

export class Tree {
  /** `rounds` as the server tells them, oldest first. A round whose parent was deleted begins anew. */
  constructor(rounds = []) {
    this.rounds = rounds;
    this.byId = new Map(rounds.map((round) => [round.id, round]));
    this.under = new Map([[null, []]]);
    for (const round of rounds) this.under.set(round.id, []);
    for (const round of rounds) this.under.get(this.parentOf(round)).push(round);
    this.chosen = new Map(); // parent -> the child last seen under it
  }

  parentOf(round) {
    return this.byId.has(round.parent) ? round.parent : null;
  }

  get(id) {
    return this.byId.get(id) ?? null;
  }

  children(id) {
    return this.under.get(id) ?? [];
  }

  /** Rounds with the same beginning, this one among them. */
  siblings(round) {
    return this.under.get(this.parentOf(round));
  }

  /** From the first round to `id`, in order. */
  path(id) {
    const path = [];
    for (let round = this.get(id); round; round = this.get(this.parentOf(round))) path.unshift(round);
    return path;
  }

  /** Remember that `id` was seen, so that its branch is gone down again. */
  see(id) {
    for (const round of this.path(id)) this.chosen.set(this.parentOf(round), round.id);
  }

  /** The end of the branch under `id`: where it was left, else its newest. */
  leaf(id) {
    let last = id;
    for (let below = this.children(last); below.length > 0; below = this.children(last)) {
      const chosen = this.chosen.get(last);
      last = (below.find((round) => round.id === chosen) ?? below.at(-1)).id;
    }
    return last;
  }

  /** The newest round's id, null when there is none. */
  get newest() {
    return this.rounds.at(-1)?.id ?? null;
  }

  /** "2", or "2b" for the second of two rounds with the same beginning. */
  label(round) {
    const siblings = this.siblings(round);
    const letter = siblings.length > 1 ? String.fromCharCode(97 + (siblings.indexOf(round) % 26)) : "";
    return `${this.path(round.id).length}${letter}`;
  }

  /** Where each round stands on the map: {round, column, row}; a branch's first child stays in its column. */
  places() {
    const places = [];
    let free = 0;
    const place = (round, row, column) => {
      places.push({ round, column, row });
      this.children(round.id).forEach((child, index) =>
        place(child, row + 1, index === 0 ? column : (free += 1)),
      );
    };
    this.children(null).forEach((round, index) => place(round, 0, index === 0 ? 0 : (free += 1)));
    return places;
  }
}

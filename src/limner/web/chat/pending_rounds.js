// What was said and is not painted yet: being painted, waiting its turn, stopped or failed; in the order of saying.
// Kept in this browser under the tab's own name, so that a reload loses nothing. Plain values; knows no elements.

const TAB = "limner-tab";
const MOST_CHARACTERS = 3_000_000; // of what one tab keeps; browsers refuse more than five for a whole site

/** This tab's name, the same after a reload. */
function tabName() {
  const fresh = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  try {
    const kept = sessionStorage.getItem(TAB) ?? fresh;
    sessionStorage.setItem(TAB, kept);
    return kept;
  } catch {
    return fresh;
  }
}

const PLACE = `limner-asks-${tabName()}`;

/** Of an ask what has to last; the rest is how it stands just now. */
function lasting(one) {
  const { conversation, previous, beside, text, pictures, title, isFirst, seed, settings, model, id, known } = one;
  const { trouble, queued, part, group, region, target, lost } = one;
  const kept = trouble && { kind: trouble.kind, message: trouble.message };
  return {
    conversation, previous, beside, text, pictures, title, isFirst, seed, settings, model, id, known,
    trouble: kept, queued, part, group, region, target, lost,
  };
}

export class PendingRounds {
  constructor() {
    this.all = [];
  }

  /** Of one conversation (null: one that is about to begin), the oldest first. */
  of(conversation) {
    return this.all.filter((one) => one.conversation === conversation);
  }

  has(one) {
    return this.all.includes(one);
  }

  add(one) {
    this.all.push(one);
    this.save();
  }

  remove(one) {
    this.all = this.all.filter((other) => other !== one);
    this.save();
  }

  /** Remember them all. Pictures that are too large for this browser's storage are remembered as lost. */
  save() {
    const own = this.all.filter((one) => !one.foreign).map(lasting);
    if (this.written(own)) return;
    this.written(own.map((one) => ({ ...one, pictures: [], lost: one.lost + one.pictures.length })));
  }

  /** Whether the browser keeps these; what it does not keep lasts as long as this page. */
  written(own) {
    const text = JSON.stringify(own);
    if (text.length > MOST_CHARACTERS) return false;
    try {
      if (own.length) localStorage.setItem(PLACE, text);
      else localStorage.removeItem(PLACE);
      return true;
    } catch {
      return false; // off, or full
    }
  }

  /** What this tab had said before it was loaded anew. */
  kept() {
    try {
      return JSON.parse(localStorage.getItem(PLACE)) ?? [];
    } catch {
      return [];
    }
  }
}

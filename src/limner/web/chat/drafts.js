// What is written and not said yet, for each conversation, kept in this browser: words, and pictures if they fit, else
// how many there were.
// Knows the composer's words and pictures as values. Knows nothing of elements.

import { memory } from "./dom.js";

const MOST_CHARACTERS = 2_500_000; // of the pictures of one draft
const place = (conversation) => `draft-${conversation ?? "new"}`;

export const drafts = {
  keepText(conversation, text) {
    memory.set(place(conversation), text.trim() ? text : null);
  },
  keepPictures(conversation, pictures) {
    const where = `${place(conversation)}-pictures`;
    const fits = JSON.stringify(pictures).length <= MOST_CHARACTERS;
    if (fits && memory.set(where, pictures.length ? pictures : null)) return;
    memory.set(where, null); // makes room
    memory.set(where, { lost: pictures.length });
  },
  /** {text, pictures, lost}; `lost` pictures did not fit. */
  get(conversation) {
    const text = memory.get(place(conversation), "");
    const kept = memory.get(`${place(conversation)}-pictures`, []);
    return { text, pictures: Array.isArray(kept) ? kept : [], lost: kept.lost ?? 0 };
  },
  forget(conversation) {
    this.keepText(conversation, "");
    this.keepPictures(conversation, []);
  },
};

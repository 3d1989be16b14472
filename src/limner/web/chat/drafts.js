// What is written and not said yet, for each conversation, kept in this browser: words, and pictures if they fit.
// Knows the composer's words and pictures as values. Knows nothing of elements.

import { memory } from "./dom.js";

const MOST_CHARACTERS = 1_000_000; // of the pictures of one draft
const place = (conversation) => `draft-${conversation ?? "new"}`;

export const drafts = {
  keepText(conversation, text) {
    memory.set(place(conversation), text.trim() ? text : null);
  },
  keepPictures(conversation, pictures) {
    const fits = JSON.stringify(pictures).length <= MOST_CHARACTERS;
    memory.set(`${place(conversation)}-pictures`, pictures.length && fits ? pictures : null);
  },
  get(conversation) {
    const kept = place(conversation);
    return { text: memory.get(kept, ""), pictures: memory.get(`${kept}-pictures`, []) };
  },
  forget(conversation) {
    this.keepText(conversation, "");
    this.keepPictures(conversation, []);
  },
};

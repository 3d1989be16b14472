// From one conversation to another, and from what the page shows of one to what the server has of it by now.
// Knows state, server and the address bar. The parts that show it are `page`'s.

import { conversations } from "./api.js";
import { toast } from "./acts.js";
import { drafts } from "./drafts.js";
import { titleOf } from "./shelf.js";
import { askedHere, keepPlace, keptPlace, runningHere, setRounds, state } from "./state.js";
import { insist } from "./trouble.js";

const LONG = 3; // rounds: the first and the newest are read in any case

/** The ways of a page. `page` has the parts, and show(), scrollDown(). */
export function visits(page) {
  /** Show the branch that ends in a round. */
  function goTo(id, { scroll = true } = {}) {
    Object.assign(state, { head: id, editing: null });
    keepPlace();
    page.show();
    if (scroll) page.scrollDown();
    lookAround();
  }

  /** Ask who was named up to here, and which rounds are still read. */
  async function lookAround() {
    const { conversation, head } = state;
    const isThere = conversation && head;
    const isLong = isThere && state.tree.path(head).length >= LONG;
    const [people, read] = await Promise.all([
      isThere ? conversations.people(conversation, head).catch(() => []) : [],
      isLong ? conversations.read(conversation, head).catch(() => null) : null,
    ]);
    if (state.conversation !== conversation || state.head !== head) return;
    Object.assign(state, { people, read: read && new Set(read) });
    page.show();
  }

  function setConversation(id, title) {
    if (location.hash.slice(1) !== (id ?? "")) history.pushState(null, "", id ? `#${id}` : location.pathname);
    Object.assign(state, { conversation: id, title, editing: null, isOpening: false });
    page.shelf.select(id);
    page.watch.follow(id);
  }

  /** A conversation has begun with what was said just now; what is written goes with it. */
  function begun(id, title) {
    const draft = page.composer.draft;
    drafts.forget(null);
    setConversation(id, title);
    drafts.keepText(id, draft.text);
    drafts.keepPictures(id, draft.pictures);
  }

  /** Put away what was stopped, and a conversation that is empty then. */
  function sweep({ leaving = false } = {}) {
    if (leaving)
      for (const one of askedHere()) if (one.trouble?.kind === "stopped") state.asks.remove(one);
    const { conversation } = state;
    if (!conversation || state.isOpening || state.tree.rounds.length || askedHere().length) return;
    page.shelf.forget(conversation);
    drafts.forget(conversation);
    conversations.remove(conversation).catch(() => {});
    if (!leaving) begun(null, "");
    page.show();
  }

  function arrive(id, title, rounds) {
    page.thread.forget();
    setRounds(rounds, { keepChoices: false });
    Object.assign(state, { head: null, people: [], script: [], read: null });
    setConversation(id, title);
    const { text, pictures } = drafts.get(id);
    page.composer.put(text, pictures);
  }

  function beginAnew() {
    sweep({ leaving: true });
    arrive(null, "", []);
    page.shelfDrawer.closeOver();
    page.show();
    page.focusField();
  }

  async function openConversation(id) {
    page.shelfDrawer.closeOver();
    if (id === state.conversation && !state.isOpening) return;
    if (id !== state.conversation) sweep({ leaving: true });
    try {
      const [one, rounds] = await insist(() => Promise.all([conversations.get(id), conversations.tree(id)]));
      arrive(id, titleOf(one), rounds);
      goTo(keptPlace());
      page.painting.next(id);
      page.painting.adopt(id);
    } catch (error) {
      if (error.kind !== "gone") throw error;
      lost(id, "This conversation is no longer there.");
    }
  }

  /** A conversation was deleted, not here. What was said in it and is not painted begins a new one. */
  function lost(id, words) {
    page.shelf.forget(id);
    const { text, pictures } = id === state.conversation ? page.composer.draft : drafts.get(id);
    for (const one of state.asks.of(id))
      if (one.foreign) state.asks.remove(one);
      else Object.assign(one, { conversation: null, previous: null, isFirst: true, id: null });
    state.isOpening = false;
    if (state.conversation === id) state.conversation = null;
    beginAnew();
    if (text || pictures.length) page.composer.put(text, pictures);
    toast(words);
    page.painting.next(null);
  }

  /** Ask for the conversation anew, as rounds may have come or gone. Who is at the end of a branch stays there. */
  async function refresh() {
    const { conversation } = state;
    if (!conversation) return;
    const rounds = await conversations.tree(conversation).catch(() => null);
    if (state.conversation !== conversation || rounds === null) return;
    const wasEnd = state.tree.children(state.head).length === 0;
    const path = state.tree.path(state.head);
    setRounds(rounds, { keepChoices: true });
    const there = path.findLast((round) => state.tree.get(round.id))?.id ?? state.tree.newest;
    const isOwn = runningHere().some((one) => !one.foreign); // which moves by itself when it is painted
    state.head = wasEnd && !isOwn && there ? state.tree.leaf(there) : there;
    keepPlace();
    page.show();
    lookAround();
  }

  /** The server says how this conversation stands; others may have said something. */
  function changed(conversation, { num_rounds: number, newest, title, in_progress: running }) {
    if (conversation !== state.conversation || state.isOpening) return;
    const isOwn = askedHere().some((one) => one.id === newest);
    const isSame = number === state.tree.rounds.length && newest === state.tree.newest;
    if (!isSame && !isOwn) {
      refresh();
      page.shelf.load().catch(() => {});
    }
    if (title && number && title !== state.title && isSame) {
      state.title = title;
      page.shelf.load().catch(() => {});
      page.show();
    }
    if (running.some((id) => !askedHere().some((one) => one.id === id))) page.painting.adopt(conversation);
  }

  function gone(conversation) {
    if (conversation === state.conversation) lost(conversation, "This conversation was deleted.");
  }

  return { goTo, lookAround, begun, sweep, beginAnew, openConversation, refresh, changed, gone };
}

// From one conversation to another, and from what the page shows of one to what the server has of it by now.
// Knows state, server and the address bar. The parts that show it are `page`'s.

import { conversations } from "./api.js";
import { toast } from "./actions.js";
import { drafts } from "./drafts.js";
import { titleOf } from "./conversation_list.js";
import { pendingHere, keepPlace, keptPlace, runningHere, setRounds, state } from "./state.js";
import { anew } from "./pending_round.js";
import { withRetries } from "./retries.js";

const LONG = 3; // rounds: the first and the newest are read in any case

/** The ways of a page. `page` has the parts, and show(), scrollDown(). */
export function navigation(page) {
  /** Show the branch that ends in a round. */
  function goTo(id, { scroll = true } = {}) {
    Object.assign(state, { head: id, editing: null });
    keepPlace();
    page.show();
    if (scroll) page.scrollDown();
    loadContext();
  }

  /** Ask who was named up to here, and which rounds are still read. */
  async function loadContext() {
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
    page.conversationList.select(id);
    page.events.follow(id);
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
  function removeEmpty({ leaving = false } = {}) {
    if (leaving)
      for (const one of pendingHere()) if (one.trouble?.kind === "stopped") state.pending.remove(one);
    const { conversation } = state;
    if (!conversation || state.isOpening || state.tree.rounds.length || pendingHere().length) return;
    page.conversationList.forget(conversation);
    drafts.forget(conversation);
    conversations.remove(conversation).catch(() => {});
    if (!leaving) begun(null, "");
    page.show();
  }

  function showConversation(id, title, rounds) {
    // While a page is loaded anew its draft is put back at once, and pictures may have been added since.
    const hasDraft = state.isOpening && id === state.conversation;
    page.thread.forget();
    setRounds(rounds, { keepChoices: false });
    Object.assign(state, { head: null, people: [], script: [], read: null });
    setConversation(id, title);
    if (!hasDraft) page.composer.put(drafts.get(id));
  }

  function beginAnew() {
    removeEmpty({ leaving: true });
    showConversation(null, "", []);
    page.sidebar.closeOver();
    page.show();
    page.focusField();
  }

  async function openConversation(id) {
    page.sidebar.closeOver();
    if (id === state.conversation && !state.isOpening) return;
    if (id !== state.conversation) removeEmpty({ leaving: true });
    try {
      const [one, rounds] = await withRetries(() => Promise.all([conversations.get(id), conversations.tree(id)]));
      showConversation(id, titleOf(one), rounds);
      goTo(keptPlace());
      page.queue.next(id);
      page.queue.adopt(id);
    } catch (error) {
      if (error.kind !== "gone") throw error;
      lost(id, "This conversation is no longer there.");
    }
  }

  /** A conversation was deleted, not here. What was said in it and is not painted begins a new one. */
  function lost(id, words) {
    page.conversationList.forget(id);
    const draft = id === state.conversation ? page.composer.draft : drafts.get(id);
    for (const one of state.pending.of(id))
      if (one.foreign) state.pending.remove(one);
      else Object.assign(one, anew, { id: null });
    state.isOpening = false;
    if (state.conversation === id) state.conversation = null;
    beginAnew();
    if (draft.text || draft.pictures.length) page.composer.put(draft);
    toast(words);
    page.queue.next(null);
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
    loadContext();
  }

  /** The server says how this conversation stands; others may have said something. */
  function changed(conversation, { num_rounds: number, newest, title, in_progress: running }) {
    if (conversation !== state.conversation || state.isOpening) return;
    const isOwn = pendingHere().some((one) => one.id === newest);
    const isSame = number === state.tree.rounds.length && newest === state.tree.newest;
    if (!isSame && !isOwn) {
      refresh();
      page.conversationList.load().catch(() => {});
    }
    if (title && number && title !== state.title && isSame) {
      state.title = title;
      page.conversationList.load().catch(() => {});
      page.show();
    }
    if (running.some((id) => !pendingHere().some((one) => one.id === id))) page.queue.adopt(conversation);
  }

  function gone(conversation) {
    if (conversation === state.conversation) lost(conversation, "This conversation was deleted.");
  }

  return { goTo, loadContext, begun, removeEmpty, beginAnew, openConversation, refresh, changed, gone };
}

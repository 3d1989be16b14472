// What can be done with a round, a person, a conversation: the buttons' and keys' business, in one place.

import { conversations, pictures, RequestError } from "./api.js";
import { compare } from "./compare.js";
import { askDelete, askName } from "./dialogs.js";
import { $, announce } from "./dom.js";
import { drafts } from "./drafts.js";
import { forgetFace, keepFace } from "./faces.js";
import { enlarge } from "./gallery.js";
import { closeUpOf } from "./people.js";
import { download, downloadPicture } from "./pictures.js";
import { titleOf } from "./conversation_list.js";
import { askRegion } from "./region.js";
import { isPainting, state } from "./state.js";
import { counted } from "./words.js";

const TOAST_MS = 6000;
let toastTimer = 0;

/** Tell the user something that passes. */
export function toast(words) {
  clearTimeout(toastTimer);
  $("toast").textContent = words;
  $("toast").hidden = false;
  toastTimer = setTimeout(() => {
    $("toast").hidden = true;
  }, TOAST_MS);
}

/** Do something that the user asked for; tell them when it fails. */
export const attempt =
  (task) =>
  async (...values) => {
    try {
      return await task(...values);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.kind !== "stopped") toast(error.message);
      return null;
    }
  };

const elementOf = (id) => $("thread").querySelector(`[data-round="${CSS.escape(id)}"]`);

/** What a round's buttons do. `page` has the parts: thread, composer, settings, painting, panel, goTo, show. */
export function roundActions(page) {
  const actions = {
    enlarge: (id) => enlarge(state.tree, id, actions),
    compare: (id) => compare(state.tree, state.head, id),
    download: attempt((round) =>
      downloadPicture(round, `round-${state.tree.label(round)}`, page.settings.downloadPx),
    ),
    open: (id) => page.goTo(id),
    goOn(id) {
      page.panel.sidebar.closeOver();
      page.goTo(id);
      page.composer.focus();
      announce(`You go on from round ${state.tree.label(state.tree.get(id))}.`);
    },
    reveal(id) {
      page.panel.sidebar.closeOver();
      if (!elementOf(id)) page.goTo(state.tree.leaf(id));
      elementOf(id)?.focus({ preventScroll: true });
      elementOf(id)?.scrollIntoView({ block: "start" });
    },
    turn(round, by) {
      const siblings = state.tree.siblings(round);
      const next = siblings[siblings.indexOf(round) + by];
      if (!next || isPainting()) return;
      state.tree.see(state.head);
      page.goTo(state.tree.leaf(next.id), { scroll: false });
      announce(`Version ${siblings.indexOf(next) + 1} of ${siblings.length}. ${next.text_out}`);
    },
    edit(id) {
      const before = state.editing;
      state.editing = id;
      page.show();
      if (before && !id) elementOf(before)?.querySelector("[data-act=edit]")?.focus();
    },
    sayInstead: attempt((round, text) => page.queue.sayBeside(round, text)),
    again: attempt((round) => page.queue.sayBeside(round, round.text_in)),
    /** Ask which part of a picture is to change, and how. */
    async markPart(round) {
      const asked = await askRegion(round, state.about?.regions ?? "");
      if (asked && state.tree.get(round.id)) page.queue.sayOfPart(round, asked);
    },
    like: attempt(async (round) => {
      const { favourite } = await pictures.like(round.id, !round.favourite);
      const kept = state.tree.get(round.id);
      if (kept) kept.favourite = favourite;
      page.show();
      announce(favourite ? "Added to the favourites." : "Removed from the favourites.");
    }),
    keepSeed(seed) {
      page.settings.keepSeed(seed);
      toast(`The next pictures are painted with seed ${seed}.`);
    },
    closeUp(name) {
      page.panel.sidebar.closeOver();
      page.queue.say({ text: closeUpOf(name), pictures: [] });
    },
    sendFace(face) {
      page.panel.sidebar.closeOver();
      page.composer.addPicture({ url: face.face, name: face.name, fileId: face.id });
    },
    async keepFace() {
      if (!(await keepFace())) return;
      await page.loadFaces();
      toast("The face is kept. Press it to send it with what you say next.");
    },
    forgetFace: attempt(async (face) => {
      if (!(await forgetFace(face))) return;
      await page.loadFaces();
      page.composer.dropFace(face.id);
      page.thread.forget();
      await page.refresh();
      await page.conversationList.load();
    }),
    // What was said and is not painted: each of these takes it.
    retry: (one) => page.queue.again(one),
    branch(one) {
      one.beside = true;
      page.queue.again(one, { elsewhere: true });
    },
    hurry: (one) => one.hurry(),
    async change(one) {
      const shown = one.region && state.tree.get(one.previous);
      if (shown) {
        const asked = await askRegion(shown, state.about?.regions ?? "", one);
        if (!asked || !state.pending.has(one)) return;
        page.queue.sayOfPart(shown, asked);
        actions.putAway(one);
        return;
      }
      page.composer.putBack(one);
      actions.putAway(one);
      if (one.target) page.addressing.reply(one.target);
      page.composer.focus();
    },
    putAway(one) {
      state.pending.remove(one);
      page.queue.next(one.conversation);
      page.show();
      page.removeEmpty();
    },
  };
  return actions;
}

const fileName = (title) =>
  title
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-")
    .slice(0, 40) || "conversation";

/** Open a conversation from a file that was exported. */
export const importOf = (page) =>
  attempt(async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const one = await conversations.import(file).finally(() => {
      event.target.value = "";
    });
    await page.conversationList.load();
    await page.openConversation(one.id);
    toast(`“${titleOf(one)}” is here, with ${counted(state.tree.rounds.length, "round")}.`);
  });

/** Show the round `response` of a conversation. */
async function goToPlace(page, { conversation, response }) {
  await page.openConversation(conversation);
  if (state.tree.get(response)) page.goTo(response);
}

/** What can be done with the pictures of all conversations. */
export const pictureActions = (page) => ({
  load: (wanted) => pictures.list(wanted),
  open: attempt((one) => goToPlace(page, one)),
  like: attempt(async (one) => {
    const { favourite } = await pictures.like(one.response, !one.favourite);
    const kept = state.tree.get(one.response);
    if (kept) kept.favourite = favourite;
    page.show();
    announce(favourite ? "Added to the favourites." : "Removed from the favourites.");
    return favourite;
  }),
});

/** What can be done with a picture of Limner's that was given. */
export const originActions = (page) => ({
  /** Ask for the words of a picture whose file does not tell them, as most do not; `changed()` when they are here. */
  async complete(one, changed) {
    const { node, prompt } = one.origin;
    if (node === null || prompt !== null) return;
    const place = await conversations.ofNode(node).catch(() => null); // painted elsewhere, or deleted
    if (place === null) return;
    one.origin.prompt = place.text_in;
    changed();
  },
  useSeed(seed) {
    page.settings.keepSeed(seed);
    toast(`The next pictures are painted with seed ${seed}.`);
  },
  useWords(text) {
    page.composer.putBack({ text, pictures: [] });
    page.composer.focus();
  },
  goTo: attempt(async (one) => {
    let place;
    try {
      place = await conversations.ofNode(one.origin.node);
    } catch (error) {
      if (error.kind !== "gone") throw error;
      toast("It was painted elsewhere, or its round was deleted.");
      return;
    }
    page.composer.dropPicture(one);
    await goToPlace(page, place);
  }),
});

/** What a conversation's menu does. */
export function conversationActions(page) {
  return {
    openConversation: attempt((id) => page.openConversation(id)),
    isPending: (id) => state.pending.of(id).length > 0,
    older: attempt(() => page.conversationList.loadOlder()),
    rename: attempt(async (one) => {
      const title = await askName(titleOf(one));
      if (!title) return;
      await conversations.rename(one.id, title, one.metadata);
      if (one.id === state.conversation) state.title = title;
      await page.conversationList.load();
      page.show();
    }),
    remove: attempt(async (one) => {
      if (!(await askDelete(titleOf(one)))) return;
      const isHere = one.id === state.conversation;
      if (isHere) page.events.follow(null);
      try {
        await conversations.remove(one.id);
      } catch (error) {
        if (error.kind !== "gone") {
          if (isHere) page.events.follow(one.id);
          throw error;
        }
      }
      for (const other of state.pending.of(one.id)) state.pending.remove(other);
      drafts.forget(one.id);
      page.conversationList.forget(one.id);
      announce("Deleted.");
      if (one.id === state.conversation) page.beginAnew();
    }),
    save: attempt((one) => download(conversations.exportAddress(one.id), `${fileName(titleOf(one))}.limner`)),
  };
}

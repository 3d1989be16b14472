// A round from being said to being kept: through a server that is away, a full queue, a model that loads, a key.
// Knows the states of such a round. Knows nothing of elements.

import { conversations, Trouble } from "./api.js";
import { askRound, followRound, requestOf } from "./stream.js";
import { demandKey, waitTelling } from "./trouble.js";

// What passes by itself is waited for, however long.
const WAITING = {
  busy: "Many are asking at once",
  loading: "The model is still loading",
  stopping: "The server is starting anew",
  down: "The server cannot be reached",
};
const PATIENCE_S = { busy: [3], loading: [3], stopping: [3], down: [5, 5, 8, 13] };

/**
 * A round to be asked for. `conversation` and `previous` are ids or null; `title` names a new conversation,
 * `isFirst` says that it holds no round yet, `beside` that it stands beside another round and goes on from
 * nothing newer; `known` are the rounds that were after `previous` already. `queued` waits for those before it,
 * `foreign` was said elsewhere.
 */
export const askedRound = (given) => ({
  beside: false,
  queued: false,
  foreign: false,
  known: [],
  part: null, // [which, of how many] pictures of the same words
  group: null, // names those that are of the same words
  region: null, // [x0, y0, x1, y1] of the picture before, which the words are about
  id: null,
  ...given,
  wasSent: false,
  words: "",
  waiting: "",
  painting: false,
  preview: null,
  trouble: null,
  stop: () => {},
  hurry: () => {},
});

export const isRunning = (asked) => asked.trouble === null && !asked.queued;

/** Ask; the kept round's id, or null after putting into `asked.trouble` why there is none. */
export async function run(asked, changed) {
  let keysTried = 0;
  for (let waits = 0; ; ) {
    try {
      return await once(asked, changed);
    } catch (error) {
      if (!(error instanceof Trouble)) console.error(error);
      const trouble = error instanceof Trouble ? error : new Trouble("broken");
      try {
        if (trouble.kind === "key") {
          await demandKey(keysTried > 0);
          keysTried += 1;
          continue;
        }
        if (trouble.kind in WAITING) {
          await wait(asked, trouble, waits, changed);
          waits += 1;
          continue;
        }
        asked.trouble = trouble;
      } catch (another) {
        asked.trouble = another;
      }
      asked.waiting = "";
      changed(asked);
      return null;
    }
  }
}

async function once(asked, changed) {
  Object.assign(asked, { words: "", waiting: "", painting: false, preview: null, trouble: null });
  changed(asked);
  const on = {
    began: (id) => {
      asked.id = id;
      changed(asked);
    },
    wrote: (piece) => {
      asked.words += piece;
      changed(asked);
    },
    painting: () => {
      asked.painting = true;
      changed(asked);
    },
    preview: (url) => {
      Object.assign(asked, { preview: url, painting: true });
      changed(asked);
    },
  };
  const follow = ({ done, stop }) => {
    asked.stop = stop;
    return done;
  };
  asked.conversation ??= (await conversations.begin(asked.title)).id;
  changed(asked);
  if (asked.wasSent && asked.id === null) {
    const kept = await lookFor(asked);
    if (kept) return kept;
  }
  if (asked.id !== null) {
    try {
      return await follow(followRound(asked.id, on));
    } catch (error) {
      if (error.kind !== "gone" || asked.foreign) throw error;
      asked.id = null; // the server that was painting it has been started anew
    }
  }
  asked.wasSent = true;
  return follow(askRound(requestOf(asked), on));
}

/** Whether the server has what was sent before the connection broke: the id of the kept round, else null;
 * `asked.id` is set when it is still being painted. */
export async function lookFor(asked) {
  const is = (one) =>
    one.seed === asked.seed && one.text_in === asked.text.normalize("NFC") && one.parent === asked.previous;
  const running = (await conversations.inProgress(asked.conversation)).find(is);
  if (running) {
    asked.id = running.id;
    return null;
  }
  const rounds = await conversations.tree(asked.conversation);
  return rounds.find((round) => is(round) && !asked.known.includes(round.id))?.id ?? null;
}

/** Wait as long as the server says; Trouble "stopped" when the user stops meanwhile. */
async function wait(asked, trouble, waits, changed) {
  const early = new AbortController();
  let isStopped = false;
  asked.stop = () => {
    isStopped = true;
    early.abort();
  };
  asked.hurry = () => early.abort();
  const patience = PATIENCE_S[trouble.kind];
  await waitTelling(
    trouble.retryAfterS || patience[Math.min(waits, patience.length - 1)],
    (left) => {
      asked.waiting = `${WAITING[trouble.kind]}. Limner tries again in ${left} s`;
      changed(asked);
    },
    early.signal,
  );
  asked.waiting = "";
  if (isStopped) throw new Trouble("stopped", "Stopped. Nothing of it is kept.");
}

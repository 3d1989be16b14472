// A round from being said to being kept: through a server that is away, a full queue, a model that loads, a key.
// Knows the states of such a round. Knows nothing of elements.

import { conversations, RequestError } from "./api.js";
import { askRound, followRound, requestOf } from "./stream.js";
import { requestKey, countDown } from "./retries.js";

// What passes by itself is waited for, however long.
const WAITING = {
  busy: "Many are asking at once",
  loading: "The model is still loading",
  stopping: "The server is starting anew",
  down: "The server cannot be reached",
  away: "The server cannot answer just now",
};
const LOST = "Its pictures were too large for this browser to keep. Add them again.";
const PATIENCE_S = { busy: [3], loading: [3], stopping: [3], away: [3], down: [5, 5, 8, 13] };

/**
 * A round to be asked for. `conversation` and `previous` are ids or null; `title` names a new conversation,
 * `isFirst` says that it holds no round yet, `beside` that it stands beside another round and goes on from
 * nothing newer; `known` are the rounds that were after `previous` already. `queued` waits for those before it,
 * `foreign` was said elsewhere.
 */
export const pendingRound = (given) => ({
  beside: false,
  queued: false,
  foreign: false,
  known: [],
  part: null, // [which, of how many] pictures of the same words
  group: null, // names those that are of the same words
  region: null, // [x0, y0, x1, y1] of the picture before, which the words are about
  target: null, // the round whose picture is replied to
  lost: 0, // pictures that were too large for this browser to keep through a reload
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

/** Of a round whose conversation is gone: it begins another, where there is nothing yet that it could be about. */
export const anew = { conversation: null, previous: null, isFirst: true, region: null, target: null, known: [] };

export const isRunning = (round) => round.trouble === null && !round.queued;

/** Ask; the kept round's id, or null after putting into `round.trouble` why there is none. */
export async function run(round, changed) {
  let keysTried = 0;
  for (let waits = 0; ; ) {
    try {
      return await once(round, changed);
    } catch (error) {
      if (!(error instanceof RequestError)) console.error(error);
      const trouble = error instanceof RequestError ? error : new RequestError("broken");
      try {
        if (trouble.kind === "key") {
          await requestKey(keysTried > 0);
          keysTried += 1;
          continue;
        }
        if (trouble.kind in WAITING) {
          await wait(round, trouble, waits, changed);
          waits += 1;
          continue;
        }
        round.trouble = trouble;
      } catch (another) {
        round.trouble = another;
      }
      round.waiting = "";
      changed(round);
      return null;
    }
  }
}

async function once(round, changed) {
  Object.assign(round, { words: "", waiting: "", painting: false, preview: null, trouble: null });
  changed(round);
  const on = {
    began: (id) => {
      round.id = id;
      changed(round);
    },
    wrote: (piece) => {
      round.words += piece;
      changed(round);
    },
    painting: () => {
      round.painting = true;
      changed(round);
    },
    preview: (url) => {
      Object.assign(round, { preview: url, painting: true });
      changed(round);
    },
  };
  const follow = ({ done, stop }) => {
    round.stop = stop;
    return done;
  };
  round.conversation ??= (await conversations.begin(round.title)).id;
  changed(round);
  if (round.wasSent && round.id === null) {
    const kept = await lookFor(round);
    if (kept) return kept;
  }
  if (round.id !== null) {
    try {
      return await follow(followRound(round.id, on));
    } catch (error) {
      if (error.kind !== "gone" || round.foreign) throw error;
      round.id = null; // the server that was painting it has been started anew
    }
  }
  if (round.lost) throw new RequestError("refused", LOST);
  round.wasSent = true;
  return follow(askRound(requestOf(round), on));
}

/** Whether the server has what was sent before the connection broke: the id of the kept round, else null;
 * `round.id` is set when it is still being painted. */
export async function lookFor(round) {
  const is = (one) =>
    one.seed === round.seed && one.text_in === round.text.normalize("NFC") && one.parent === round.previous;
  const running = (await conversations.inProgress(round.conversation)).find(is);
  if (running) {
    round.id = running.id;
    return null;
  }
  const rounds = await conversations.tree(round.conversation);
  return rounds.find((one) => is(one) && !round.known.includes(one.id))?.id ?? null;
}

/** Wait as long as the server says; RequestError "stopped" when the user stops meanwhile. */
async function wait(round, trouble, waits, changed) {
  const early = new AbortController();
  let isStopped = false;
  round.stop = () => {
    isStopped = true;
    early.abort();
  };
  round.hurry = () => early.abort();
  const patience = PATIENCE_S[trouble.kind];
  await countDown(
    trouble.retryAfterS || patience[Math.min(waits, patience.length - 1)],
    (left) => {
      round.waiting = `${WAITING[trouble.kind]}. Limner tries again in ${left} s`;
      changed(round);
    },
    early.signal,
  );
  round.waiting = "";
  if (isStopped) throw new RequestError("stopped", "Stopped. Nothing of it is kept.");
}

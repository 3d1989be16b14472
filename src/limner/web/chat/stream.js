// One round as it happens: the request, and the server's events turned into what the page shows.
// A round goes on in the server when the page leaves it, and is followed again by its id.
// Knows the shape of Responses. Knows nothing of the page.

import { cancel, follow, respond, RequestError } from "./api.js";
import { eventsOf } from "./server_sent_events.js";

const NUM_PREVIEWS = 3;
const STOPPED = "Stopped. Nothing of it is kept.";
const STOPPING_MS = 5000; // for the server to say which round it is that is to be stopped
// The same words may well be painted another time.
const PASSING = [undefined, null, "server_error", "replica_lost", "store_busy", "store_full"];

/** The body of a request for one round. */
export function requestOf({
  text,
  pictures,
  conversation,
  previous,
  isFirst,
  seed,
  settings,
  model,
  continues,
  region,
  target,
}) {
  const content = [
    { type: "input_text", text },
    ...pictures.map(({ url, fileId }) => ({
      type: "input_image",
      ...(fileId ? { file_id: fileId } : { image_url: url }),
    })),
  ];
  const limner = {};
  if (settings.steps) limner.steps = settings.steps;
  if (settings.picture !== null) limner.picture = settings.picture;
  if (continues && previous) limner.continues = true;
  if (region) limner.region = region;
  if (target) limner.reply_to = target;
  const tools = [{ type: "image_generation", partial_images: NUM_PREVIEWS }];
  return {
    model,
    stream: true,
    background: true, // it goes on when this page is closed
    seed,
    input: [{ role: "user", content }],
    tools,
    // Where it goes on from; without an earlier round it begins the conversation anew, beside other beginnings.
    ...(previous ? { previous_response_id: previous } : { conversation }),
    limner: previous || isFirst ? limner : { ...limner, parent: null },
  };
}

/**
 * Ask for a round and tell `on` what happens: began(id), wrote(text), painting(), preview(dataUrl).
 * Resolves to the round's id when it is kept; RequestError when it fails, `kind` "stopped" after `stop()`.
 */
export const askRound = (request, on) => followed((signal) => respond(request, signal), on, null);

/** The same for a round that was asked for earlier; RequestError "gone" when the server knows nothing of it. */
export const followRound = (id, on) => followed((signal) => follow(id, signal), on, id);

function followed(request, on, known) {
  const leaving = new AbortController();
  let id = known;
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    if (id) cancel(id).finally(() => leaving.abort());
    else setTimeout(() => leaving.abort(), STOPPING_MS);
  };
  const began = (found) => {
    if (id === null && isStopped) cancel(found).finally(() => leaving.abort());
    id = found;
    on.began(found);
  };
  const done = (async () => {
    try {
      const response = await request(leaving.signal);
      if (response.headers.get("Content-Type")?.includes("json")) return over(await response.json());
      for await (const event of eventsOf(response.body)) {
        const end = told(event, { ...on, began });
        if (end) return end;
      }
    } catch (error) {
      if (isStopped) throw new RequestError("stopped", STOPPED);
      throw error instanceof RequestError ? error : new RequestError("down");
    }
    throw isStopped ? new RequestError("stopped", STOPPED) : new RequestError("down");
  })();
  return { done, stop };
}

/** How a round ended that is told as a whole: its id, or RequestError. */
function over(response) {
  switch (response.status) {
    case "completed":
      return response.id;
    case "cancelled":
      throw new RequestError("stopped", STOPPED);
    case "in_progress":
    case "queued":
      throw new RequestError("busy", undefined, 1);
    default:
      throw failure(response.error);
  }
}

const failure = (error) =>
  new RequestError(
    PASSING.includes(error?.code) ? "failed" : "refused",
    error?.message ?? "The round could not be painted.",
  );

function told(event, on) {
  switch (event.type) {
    case "response.created":
      on.began(event.response.id);
      return null;
    case "response.output_text.delta":
      on.wrote(event.delta);
      return null;
    case "response.image_generation_call.in_progress":
    case "response.image_generation_call.generating":
      on.painting();
      return null;
    case "response.image_generation_call.partial_image":
      on.preview(`data:image/png;base64,${event.partial_image_b64}`);
      return null;
    case "response.completed":
      return event.response.id;
    case "response.cancelled":
      throw new RequestError("stopped", STOPPED);
    case "response.failed":
    case "response.incomplete":
    case "error":
      throw failure(event.response?.error ?? event);
    default:
      return null;
  }
}

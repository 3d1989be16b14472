// One round as it happens: the request, and the server's events turned into what the page shows.
// Knows the shape of Responses. Knows nothing of the page.

import { cancel, respond, Trouble } from "./api.js";

const NUM_PREVIEWS = 3;
const STOPPED = "Stopped. Nothing of it is kept.";

/** The body of a request for one round. */
export function requestOf({ text, pictures, conversation, previous, isFirst, seed, settings, model }) {
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
  const tools = [{ type: "image_generation", partial_images: NUM_PREVIEWS }];
  return {
    model,
    stream: true,
    seed,
    input: [{ role: "user", content }],
    tools,
    // Where it goes on from; without an earlier round it begins the conversation anew, beside other beginnings.
    ...(previous ? { previous_response_id: previous } : { conversation }),
    limner: previous || isFirst ? limner : { ...limner, parent: null },
  };
}

/** The events of a body of server-sent events, in order. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value.replaceAll("\r\n", "\n");
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const lines = rest
          .slice(0, end)
          .split("\n")
          .filter((line) => line.startsWith("data:"));
        rest = rest.slice(end + 2);
        const data = lines.map((line) => line.slice(5).trimStart()).join("\n");
        if (data && data !== "[DONE]") yield JSON.parse(data);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * Ask for a round and tell `on` what happens: began(id), wrote(text), painting(), preview(dataUrl).
 * Resolves to the round's id when it is kept; Trouble when it fails, `kind` "stopped" after `stop()`.
 */
export function askRound(request, on) {
  const stopping = new AbortController();
  let id = null;
  const done = (async () => {
    try {
      const response = await respond(request, stopping.signal);
      for await (const event of eventsOf(response.body)) {
        id = event.response?.id ?? id;
        const end = told(event, on);
        if (end) return end;
      }
    } catch (error) {
      if (stopping.signal.aborted) throw new Trouble("stopped", STOPPED);
      throw error instanceof Trouble ? error : brokenOff(id);
    }
    throw stopping.signal.aborted ? new Trouble("stopped", STOPPED) : brokenOff(id);
  })();
  const stop = () => {
    if (id) cancel(id);
    stopping.abort();
  };
  return { done, stop };
}

/** The round may be kept all the same: `id` lets the page look. */
function brokenOff(id) {
  return Object.assign(new Trouble("down", "The connection broke off while Limner was painting."), { id });
}

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
      throw new Trouble("stopped", STOPPED);
    case "response.failed":
    case "response.incomplete":
    case "error":
      throw new Trouble(
        "refused",
        event.response?.error?.message ?? event.message ?? "The round could not be painted.",
      );
    default:
      return null;
  }
}

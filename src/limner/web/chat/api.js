// The server's addresses. Knows how to ask, what an error means, and the key when one is needed.
// Knows nothing of the page.

const KEY = "limner-key";
const WAIT_MS = 30_000;

const SENTENCES = {
  down: "The server cannot be reached.",
  key: "This server asks for a key.",
  gone: "This is no longer there.",
  big: "This is too big for the server: fewer or smaller pictures will fit.",
  busy: "Many are asking at once, and the queue is full.",
  away: "The server cannot answer just now.",
  loading: "The model is still loading.",
  stopping: "The server is about to stop.",
  moved: "This conversation has gone on elsewhere meanwhile. Nothing was painted.",
  broken: "Something went wrong in the server.",
};

/** Why a server is unavailable (503), by the code that it tells. */
const UNAVAILABLE = {
  model_loading: "loading",
  shutting_down: "stopping",
  queue_full: "busy",
  too_busy: "busy",
  too_many_connections: "busy",
};

/** What went wrong. `kind` is a name of SENTENCES, "refused" or "stopped"; `message` is a sentence to show. */
export class RequestError extends Error {
  constructor(kind, message = SENTENCES[kind], retryAfterS = 0) {
    super(message);
    this.kind = kind;
    this.retryAfterS = retryAfterS;
  }
}

let key = null;
try {
  key = sessionStorage.getItem(KEY);
} catch {
  /* storage is off: the key lives as long as this page */
}

export const hasKey = () => key !== null;

export function setKey(value) {
  key = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    /* as above */
  }
}

/** The trouble that an answer of the server tells of. */
async function errorOf(response) {
  const told = (await response.json().catch(() => null))?.error ?? {};
  const retryAfterS = Number(response.headers.get("Retry-After")) || 0;
  const said = typeof told.message === "string" && told.message ? told.message : undefined;
  switch (response.status) {
    case 401:
      return new RequestError("key");
    case 404:
    case 410:
      return new RequestError("gone");
    case 409: // somebody else was faster, here or in another tab
      return ["already_continued", "conversation_locked"].includes(told.code)
        ? new RequestError("moved")
        : new RequestError("refused", said);
    case 413:
      return new RequestError("big");
    case 429:
      return new RequestError("busy", SENTENCES.busy, retryAfterS || 3);
    case 502: // a proxy before a server that is away
    case 504:
      return new RequestError("down");
    case 507:
      return new RequestError("full", said);
    case 503: {
      const kind = UNAVAILABLE[told.code] ?? "away";
      return new RequestError(kind, SENTENCES[kind], retryAfterS || 3);
    }
    default:
      return response.status >= 500
        ? new RequestError("broken")
        : new RequestError("refused", said ?? "The server refused this.");
  }
}

/** Ask the server; its response. RequestError when it cannot be reached or says no. */
export async function ask(path, { method = "GET", json, body, signal } = {}) {
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: json === undefined ? body : JSON.stringify(json),
      signal: signal ?? AbortSignal.timeout(WAIT_MS),
    });
  } catch {
    throw new RequestError(signal?.aborted ? "stopped" : "down");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

const told = async (path, options) =>
  (await ask(path, options)).json().catch(() => {
    throw new RequestError("broken");
  });
const at = (id) => `/v1/conversations/${encodeURIComponent(id)}`;

/** What a picture's file says of its origin. */
export function readMarks(file) {
  const body = new FormData();
  body.append("file", file, "picture");
  return told("/v1/provenance", { method: "POST", body });
}

export const about = () => told("/v1/limner");

export const conversations = {
  list: (after) => told(`/v1/conversations?limit=50${after ? `&after=${encodeURIComponent(after)}` : ""}`),
  find: (words) => told(`/v1/limner/conversations?limit=100&q=${encodeURIComponent(words)}`),
  ofNode: (node) => told(`/v1/limner/nodes/${encodeURIComponent(node)}`),
  begin: (title) => told("/v1/conversations", { method: "POST", json: { metadata: { title } } }),
  get: (id) => told(at(id)),
  rename: (id, title, metadata) =>
    told(at(id), { method: "POST", json: { metadata: { ...metadata, title } } }),
  remove: (id) => told(at(id), { method: "DELETE" }),
  tree: async (id) => (await told(`${at(id)}/tree`)).data,
  inProgress: async (id) => (await told(`${at(id)}/in_progress`)).data,
  read: async (id, round) => (await told(`${at(id)}/read?at=${encodeURIComponent(round)}`)).data,
  events: (id, signal) => ask(`${at(id)}/events`, { signal }),
  people: async (id, round) => (await told(`${at(id)}/people?at=${encodeURIComponent(round)}`)).data,
  exportAddress: (id) => `${at(id)}/export`,
  import(file) {
    const body = new FormData();
    body.append("file", file);
    return told("/v1/conversations/import", {
      method: "POST",
      body,
      signal: AbortSignal.timeout(10 * WAIT_MS),
    });
  },
};

/** The pictures of all conversations. */
export const pictures = {
  list: ({ after = null, favourites = false } = {}) =>
    told(`/v1/limner/pictures?favourites=${favourites}${after ? `&after=${encodeURIComponent(after)}` : ""}`),
  like: (id, favourite) =>
    told(`/v1/limner/pictures/${encodeURIComponent(id)}`, { method: "POST", json: { favourite } }),
};

export const faces = {
  list: async () => (await told("/v1/people")).data,
  keep: (face) => told("/v1/people", { method: "POST", json: face }),
  remove: (id) => told(`/v1/people/${encodeURIComponent(id)}`, { method: "DELETE" }),
};

/** Ask for a round; the streamed answer. */
export const respond = (json, signal) => ask("/v1/responses", { method: "POST", json, signal });

/** A round that was asked for, from its beginning: streamed, or as JSON when it is over. */
export const follow = (id, signal) => ask(`/v1/responses/${encodeURIComponent(id)}?stream=true`, { signal });

/** Tell the server to stop painting; it may be over already. */
export const cancel = (id) =>
  ask(`/v1/responses/${encodeURIComponent(id)}/cancel`, { method: "POST" }).catch(() => null);

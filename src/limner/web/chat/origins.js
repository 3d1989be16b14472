// What a picture's file tells of where it was painted: Limner writes it into the PNGs that are downloaded.
// Knows PNG chunks (PNG specification, 5.3 and 11.3.3). Knows nothing of servers or elements.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const PREFIX = "limner:";

/** A text chunk's name and text; null for one that is compressed, or no text. */
function textOf(type, data) {
  const end = data.indexOf(0);
  if (end < 0) return null;
  const name = new TextDecoder("latin1").decode(data.subarray(0, end));
  if (type === "tEXt") return [name, new TextDecoder("latin1").decode(data.subarray(end + 1))];
  if (type !== "iTXt" || data[end + 1] !== 0) return null;
  const language = data.indexOf(0, end + 3);
  const translated = data.indexOf(0, language + 1);
  if (language < 0 || translated < 0) return null;
  return [name, new TextDecoder().decode(data.subarray(translated + 1))];
}

/** Of a file's bytes {seed, node, prompt, model}; null when it is no PNG of Limner's. */
export function originIn(buffer) {
  const bytes = new Uint8Array(buffer);
  if (!SIGNATURE.every((value, index) => bytes[index] === value)) return null;
  const view = new DataView(buffer);
  const found = {};
  for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) break;
    const told = textOf(type, bytes.subarray(at + 8, at + 8 + length));
    if (told?.[0].startsWith(PREFIX)) found[told[0].slice(PREFIX.length)] = told[1];
    at += 12 + length;
  }
  const seed = /^\d{1,10}$/.test(found.seed) ? Number(found.seed) : null;
  const node = /^[0-9a-f]{64}$/.test(found.node) ? found.node : null;
  if (seed === null && node === null) return null;
  return { seed, node, prompt: found.prompt ?? null, model: found.model ?? null };
}

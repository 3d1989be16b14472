// Words made shorter, counted, dated, or turned into a name. Plain strings; knows nothing of the page.

const OPENING = new RegExp(
  "^(?:(?:please )?(?:generate|paint|draw|create|show)\\s+(?:me\\s+)?)?" +
    "(?:(?:the|this|an?) (?:image|picture|photo) (?:that )?(?:shows|showing|of)\\s+)?",
  "i",
);
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const shortened = (text, most) =>
  text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;

export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** How long ago a time was, in seconds since 1970. */
export function ago(time) {
  const passed = Date.now() / 1000 - time;
  const unit = UNITS.find(([, length]) => passed >= length);
  return unit ? AGO.format(-Math.floor(passed / unit[1]), unit[0]) : "just now";
}

/** A name for what these words ask for: their first sentence, without "The image shows". */
export function titleFrom(text, most = 60) {
  const words = text.replace(/\s+/g, " ").trim().replace(OPENING, "");
  const sentence = (words.match(/^.*?[.!?](?=\s|$)/)?.[0] ?? words).replace(/\.$/, "");
  const title = sentence.length <= most ? sentence : `${sentence.slice(0, most).replace(/\s+\S*$/, "")}…`;
  return title.charAt(0).toUpperCase() + title.slice(1) || text.slice(0, most);
}

// Runs the JavaScript examples of docs/clients.md as they stand, against a running server:
// LIMNER_URL=http://127.0.0.1:8484/v1 node examples.mjs; exit code 1 when one fails.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const base = process.env.LIMNER_URL ?? "http://127.0.0.1:8484/v1";
const here = import.meta.dirname;
const page = await readFile(process.env.LIMNER_CLIENTS ?? join(here, "../../../../docs/clients.md"), "utf8");
const examples = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
const folder = await mkdtemp(join(here, "examples-")); // within, so that packages are found
try {
  for (const [index, code] of examples.entries()) {
    const file = join(folder, `${index}.mjs`);
    await writeFile(file, code.replace("baseURL: URL", `baseURL: ${JSON.stringify(base)}`));
    await import(pathToFileURL(file));
  }
} finally {
  await rm(folder, { recursive: true });
}
if (!examples.length) throw new Error("There is no example in docs/clients.md.");
console.log(`${examples.length} examples of docs/clients.md: each ran`);

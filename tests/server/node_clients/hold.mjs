// Holds conversations with a running server through OpenAI's JavaScript client and Vercel's AI SDK, both as
// anybody makes them. node hold.mjs [URL [KEY]], by default LIMNER_URL; exit code 1 when something does not hold.
import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText } from "ai";
import OpenAI from "openai";

const usual = process.env.LIMNER_URL ?? "http://127.0.0.1:8484/v1";
const [baseURL = usual, apiKey = "any"] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
const model = "limner";
const CLARA = "The image shows Clara. Clara has long red hair.";
const user = (content) => ({ role: "user", content });

// Polled in the background, in the form that was asked for; its events told again after the end.
const webp = { type: "image_generation", size: "512x512", output_format: "webp" };
const begun = await client.responses.create({
  model, input: CLARA, background: true, tools: [webp], tool_choice: "required",
});
let made = begun;
while (made.status === "in_progress") {
  await new Promise((wake) => setTimeout(wake, 300));
  made = await client.responses.retrieve(begun.id);
}
assert.deepEqual([made.status, made.background, made.tools], ["completed", true, begun.tools]);
assert.deepEqual([made.output[0].size, made.output[0].output_format], ["512x512", "webp"]);
const kinds = [];
for await (const event of await client.responses.retrieve(begun.id, { stream: true, starting_after: 1 })) {
  kinds.push(event.type);
}
assert.ok(kinds.includes("response.image_generation_call.completed"));
assert.equal(kinds.at(-1), "response.completed");

// A history with somebody else's tools and thoughts in it, gone on from where it is known.
const tools = [
  { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
  { type: "function_call_output", call_id: "a", output: "1" },
  { type: "reasoning", id: "rs_1", summary: [] },
];
const close = await client.responses.create({
  model, input: [user(CLARA), ...tools, ...made.output, user("A close-up of Clara.")],
});
assert.equal(close.previous_response_id, made.id);

// Errors with a code.
await assert.rejects(client.models.retrieve("openai/gpt-6"), { status: 404, code: "model_not_found" });
await assert.rejects(client.responses.create({ model, input: "x", previous_response_id: "resp_1" }), {
  status: 404, code: "previous_response_not_found",
});

// Vercel's AI SDK: a picture by the provider's tool, and the conversation goes on.
const provider = createOpenAI({ baseURL, apiKey });
const paint = { image_generation: provider.tools.imageGeneration({ size: "1024x1024" }) };
const first = await generateText({ model: provider.responses(model), prompt: CLARA, tools: paint });
assert.equal(first.toolResults.length, 1);
const second = await generateText({
  model: provider.responses(model),
  messages: [user(CLARA), ...first.response.messages, user("A close-up of Clara.")],
  tools: paint,
});
assert.equal(second.finishReason, "stop");
assert.ok(second.usage.totalTokens > 0);

console.log("openai and ai: every conversation was held");

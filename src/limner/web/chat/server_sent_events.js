// Server-sent events as they come out of a body. Knows the wire format, and nothing of what events say.

/** The data of every event of a body, in order. */
export async function* eventsOf(body) {
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

// Changes that others make to the conversation on the page: other tabs, other devices, other clients.
// Knows when to look. What is done about a change is the business of `changed` and `gone`.

import { conversations } from "./api.js";
import { eventsOf } from "./server_sent_events.js";

const AGAIN_MS = 5000;

export class ConversationEvents {
  /** `changed(standing)`: the conversation is not as it was; `gone()`: it was deleted. */
  constructor({ changed, gone }) {
    Object.assign(this, { changed, gone, conversation: null, leaving: null });
    // A tab that is not seen keeps no connection: browsers have few for each server.
    document.addEventListener("visibilitychange", () => this.begin());
  }

  /** Follow this conversation, null for none. */
  follow(conversation) {
    if (conversation === this.conversation) return;
    this.conversation = conversation;
    this.begin();
  }

  begin() {
    this.leaving?.abort();
    this.leaving = null;
    clearTimeout(this.timer);
    if (this.conversation === null || document.hidden) return;
    this.leaving = new AbortController();
    this.listen(this.conversation, this.leaving.signal);
  }

  async listen(conversation, signal) {
    try {
      const response = await conversations.events(conversation, signal);
      for await (const event of eventsOf(response.body)) {
        if (signal.aborted) return;
        if (event.type === "conversation.deleted") this.gone(conversation);
        else this.changed(conversation, event);
      }
    } catch {
      /* the server is away, or the conversation is gone: whoever says something is told */
    }
    if (!signal.aborted) this.timer = setTimeout(() => this.begin(), AGAIN_MS);
  }
}

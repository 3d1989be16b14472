"""The chat room: painters, conversations, and what is computed for a round and never twice."""

"""The shared words: pictures, rounds, dialogues, the history tree and its one hash. Knows no torch."""

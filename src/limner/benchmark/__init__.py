"""The non-Markov benchmark: conversations that need more than the last round, for any system."""

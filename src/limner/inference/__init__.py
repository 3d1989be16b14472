"""Painters and conversations: what is computed for a round, and never twice."""

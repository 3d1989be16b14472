"""Dialogues with close-ups by name -> dialogues with full bodies by name (supplement 8)."""

"""Folders of portraits -> single-picture dialogues: personalization in three stages, and augmentations."""

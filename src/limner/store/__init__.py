"""Conversations on disk: rounds, files, people, their blobs and indexes. Knows no torch."""

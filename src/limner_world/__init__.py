"""Synthetic illustrated people with exact truth. Knows no torch and nothing of limner; see its README."""

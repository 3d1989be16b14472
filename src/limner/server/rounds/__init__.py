"""Rounds as HTTP sees them: begun, followed, counted and stopped, whatever the API."""

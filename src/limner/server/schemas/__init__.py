"""What comes in and goes out over the wire, typed, and from a stored round to it."""

"""Many owners' conversations over inference and store: what a server talks to."""

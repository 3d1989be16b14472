"""The endpoints: one file an API, and beside it what stands behind it."""

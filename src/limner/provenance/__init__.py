"""Where a picture comes from, told by its file and its pixels, and read again. Knows no server."""

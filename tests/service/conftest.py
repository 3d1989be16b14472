"""A painter with random weights at tiny size: the mechanism is the same as the trained one's."""

from tiny_painter import tiny_painter

__all__ = ["tiny_painter"]

"""A tiny checkpoint of random weights on disk, whose model always paints; the command line in-process."""

from command_line import checkpoint, face, limner
from tiny_painter import tiny_painter

__all__ = ["checkpoint", "face", "limner", "tiny_painter"]

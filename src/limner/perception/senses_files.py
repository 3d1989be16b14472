"""The files of a folder of perceptual models. Knows names."""

from typing import Final

WEIGHTS_FILE: Final = "senses.safetensors"
SIZES_FILE: Final = "senses.json"

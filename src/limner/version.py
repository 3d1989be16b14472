"""Which Limner this is. Stands apart, so that what tells it need not know the package."""

from typing import Final

__version__: Final = "0.1.0"

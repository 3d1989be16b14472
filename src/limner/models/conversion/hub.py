"""What a hub repository's name looks like. Knows words."""

import re
from typing import Final

HUB_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")

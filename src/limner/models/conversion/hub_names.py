"""What the name of a hub's repository looks like: OWNER/NAME, or OWNER/NAME@REVISION. Knows words only."""

from __future__ import annotations

import re
from typing import Final

HUB_NAME: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")

"""All suites by the names they have on the command line, in the paper's order."""

from limner.evaluation.suite import Suite
from limner.evaluation.suites.chat import Chat
from limner.evaluation.suites.comprehend import Comprehend
from limner.evaluation.suites.drift import Drift
from limner.evaluation.suites.editing import Editing
from limner.evaluation.suites.full_body import FullBody
from limner.evaluation.suites.named import Named
from limner.evaluation.suites.personalize import Personalize
from limner.evaluation.suites.reconstruct import Reconstruct
from limner.evaluation.suites.rollback import Rollback
from limner.evaluation.suites.twice import Twice

_ALL: tuple[Suite, ...] = (
    Reconstruct(),
    Personalize(),
    Named(),
    FullBody(),
    Editing(),
    Rollback(),
    Chat(),
    Drift(),
    Twice(),
    Comprehend(),
)
SUITES: dict[str, Suite] = {suite.name: suite for suite in _ALL}

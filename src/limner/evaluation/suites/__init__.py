"""All suites by the names they have on the command line, in the paper's order."""

from limner.evaluation.suite import Suite
from limner.evaluation.suites.drift import Drift
from limner.evaluation.suites.personalize import Personalize
from limner.evaluation.suites.reconstruct import Reconstruct
from limner.evaluation.suites.twice import Twice

SUITES: dict[str, Suite] = {suite.name: suite for suite in (Reconstruct(), Personalize(), Drift(), Twice())}

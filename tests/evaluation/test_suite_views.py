"""Every suite that paints tells what the tokens say and what the twin would have drawn of them, under the
names of the rates themselves.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scene_painter import scene_painter
from tiny_bench import bench, tiny_painter, values

from limner.dialogue.parts import Picture
from limner.evaluation.suites.asking import Asking, Painted
from limner.evaluation.suites.drift import Drift
from limner.evaluation.suites.full_body import FullBody
from limner.evaluation.suites.personalize import Personalize
from limner.evaluation.suites.reconstruct import Reconstruct
from limner.evaluation.suites.redrawing import twin_of
from limner.evaluation.suites.twice import Twice
from limner.evaluation.views import CEILING, TOKENS, TWIN, rate_of
from limner.inference.generation import detokenize
from limner.inference.sampling import Sampling
from limner.models.symbolic_twin import with_symbolic_twin
from limner_world.scene_tokens import decode_scene


@pytest.mark.parametrize(
    ("suite", "drawn", "said", "truly"),
    [
        (
            FullBody(),
            {"true_first.right_person", "own_first.garments_seen", "own_first.framing_right"},
            {"true_first.right_person", "own_first.garments_seen", "own_first.framing_right"},
            {"true_first.right_person", "own_first.garments_seen", "own_first.framing_right"},
        ),
        (
            Personalize(),
            {"model.paired.face_similarity", "model_prompt.face_to_image.traits"},
            {"model.paired.right_person", "model.paired.traits"},
            {"model.paired.face_similarity", "model.paired.traits"},
        ),
        (
            Twice(),
            {"flow.within_run.face_similarity", "regression.first_picture.feature_distance"},
            {"flow.within_run.right_person"},
            {"flow.within_run.face_similarity"},
        ),
        (
            Drift(rounds=3),
            {"chat.cache.face_similarity.lost", "chat.reencode.round_3.psnr_db"},
            {"chat.cache.factors_right.lost", "chat.reencode.round_1.factors_right"},
            set(),
        ),
        (Reconstruct(), {"dit_64.two_person.psnr_db"}, {"dit_64.two_person.factors_right"}, set()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_suite_has_its_views(suite, drawn, said, truly):
    rows = suite.measure(bench(scene_painter()), 1).rows
    for rate in drawn:
        assert len(values(rows, rate)) == len(values(rows, TWIN + rate)) > 0
    assert {TOKENS + rate for rate in said} | {CEILING + rate for rate in truly} <= {r.metric for r in rows}
    assert not any(rate_of(rate_of(row.metric)[1])[0] for row in rows), "no view of a view"


def test_a_model_whose_tokens_are_no_scenes_has_no_twin():
    assert twin_of(tiny_painter()) is None


def test_the_twin_draws_the_very_tokens_that_history_keeps():
    painter = scene_painter()
    asking = Asking(conversation=painter.conversation(seed=3))
    picture = asking.picture("A woman in a garden.")
    (reply,) = asking.conversation.replies
    kept = asking.conversation.states[reply.id].image_tokens_KD
    assert np.array_equal(picture.tokens_ND, kept.float().numpy())
    redrawn = twin_of(painter)(picture)
    assert np.array_equal(redrawn.pixels, detokenize(with_symbolic_twin(painter.model), kept, Sampling(), 1))
    assert redrawn.pixels.shape == picture.pixels.shape


def test_what_is_encoded_anew_is_still_told_by_the_tokens_it_was_drawn_from():
    asking = Asking(conversation=scene_painter().conversation(seed=3, history="reencode"))
    picture = asking.picture("A woman in a garden.")
    (reply,) = asking.conversation.replies
    read_again = asking.conversation.states[reply.id].image_tokens_KD.float().numpy()
    assert not np.allclose(picture.tokens_ND, read_again)
    assert decode_scene(picture.tokens_ND)


def test_a_picture_that_nobody_painted_stays_as_it_is():
    picture = Picture(np.zeros((32, 32, 3), np.uint8))
    assert twin_of(scene_painter())(picture) is picture
    painted = Painted(picture.pixels, tokens_ND=torch.zeros(64, 64).numpy())
    assert painted == picture

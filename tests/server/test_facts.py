"""What a client may know before it asks."""

from __future__ import annotations

from limner.server.api.facts import examples, subjects, uploads


def test_a_painter_of_the_world_says_what_becomes_of_a_photograph() -> None:
    for scale in ("tiny", "sketch", "miniature"):
        assert "inhabitant" in uploads(scale)
        assert "illustrated people" in subjects(scale)
    assert uploads("seed-x") == subjects("seed-x") == ""


def test_prompts_to_begin_with_need_no_picture() -> None:
    for scale in ("sketch", "seed-x"):
        assert all(example.prompts for example in examples(scale))
        assert all(example.prompts[0].startswith("Generate an image of ") for example in examples(scale))

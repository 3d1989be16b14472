"""The whole pipeline from nothing: every stage in order, resumable, ending in a folder that `limner.load`
understands.

Two CPU cores, sketch, `--jobs 2 --threads 1`: laid out for 16 hours, not run to its end yet. One GPU with 16
cores, miniature, `--jobs 4`: laid out for an hour, not run yet.

    limner train miniature --scale sketch --out runs/sketch --jobs 2 --threads 1
    limner train miniature --scale miniature --out runs/miniature --jobs 4
"""

from limner.models.presets import PRESETS
from limner.training.recipe import Pipeline

STAGES: dict[str, tuple[str, ...]] = {
    "vision": (),
    "language_text": (),
    "senses": (),
    "autoencoder": (),
    "language": ("vision", "language_text"),
    "detokenizer_natural": ("vision", "autoencoder"),
    "detokenizer_human": ("detokenizer_natural",),
    "stage1": ("language",),
    "stage2": ("stage1",),
    "stage3": ("stage2",),
    "multi_round": ("stage3",),
    "flow_head": ("multi_round",),
}
# Minutes of one core for each stage, a plan that was not run to its end yet: 31 core hours, of which the
# first three gave the embedded weights of today. The tiny scale takes the recipes' own numbers of steps.
SKETCH_MINUTES = {
    "face_reader": 120.0,
    "place_reader": 60.0,
    "scene_layers": 120.0,
    "scene_details": 40.0,
    "vision": 300.0,
    "language_text": 15.0,
    "senses": 240.0,
    "language": 300.0,
    "detokenizer_natural": 120.0,
    "detokenizer_human": 600.0,
    "style_layer": 40.0,
    "stage1": 10.0,
    "stage2": 10.0,
    "stage3": 10.0,
    "multi_round": 60.0,
    "flow_head": 60.0,
}
# Minutes of one GPU that the stages share: the longest chain takes 57, drawing its dialogues included.
MINIATURE_MINUTES = {
    "face_reader": 4.0,
    "place_reader": 2.0,
    "scene_layers": 6.0,
    "scene_details": 3.0,
    "vision": 10.0,
    "language_text": 8.0,
    "senses": 20.0,
    "language": 19.0,
    "detokenizer_natural": 5.0,
    "detokenizer_human": 20.0,
    "style_layer": 2.0,
    "stage1": 2.0,
    "stage2": 2.0,
    "stage3": 2.0,
    "multi_round": 11.0,
    "flow_head": 4.0,
}
MINUTES = {"sketch": SKETCH_MINUTES, "miniature": MINIATURE_MINUTES}


# Small scales draw pixels, and their image tokens are made by the world's truth: these stages fall away, and
# nothing waits for the encoder, whose further looks learn first, as the detokenizer learns its layers first.
BY_TRUTH: dict[str, tuple[str, ...]] = {
    "face_reader": (),
    "place_reader": ("face_reader",),
    "scene_layers": (),
    "scene_details": ("scene_layers",),
    **{
        name: tuple(awaited for awaited in needs if awaited not in ("vision", "autoencoder"))
        for name, needs in STAGES.items()
        if name != "autoencoder"
    },
    "vision": ("place_reader",),
    "detokenizer_natural": ("scene_details",),
    "style_layer": ("detokenizer_human",),
}


def pipeline(scale: str) -> Pipeline:
    stages = BY_TRUTH if PRESETS[scale].autoencoder.identity else STAGES
    return Pipeline(
        stages=stages, minutes={name: MINUTES[scale][name] for name in stages if scale in MINUTES}
    )

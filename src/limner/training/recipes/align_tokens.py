"""A public language model learns what image tokens are: pictures to text and text to pictures, half and half.

As SEED-X is pre-trained (image-to-text and text-to-image), on a checkpoint of `limner convert language`.
First `--variant frozen`: the language model stays as it is, resamplers, slots and token heads learn; then
with adapters (`lora64` or `paper`), and so on to stage1. SEED-X's own numbers for it are not public; those at
full scale are a start of ours and untried. One core of a CPU, sketch: some minutes.

    limner convert language Qwen/Qwen3-8B start --base SEEDX
    limner train align_tokens --scale seed-x --variant frozen --base start --data caption=A \
        --data text_to_image=B --out runs/qwen
    limner train align_tokens --scale seed-x --variant lora64 --data caption=A --data text_to_image=B \
        --out runs/qwen
"""

from limner.training.language_recipe import Paper, Personalization
from limner.training.recipe import Recipe

STAGE = Personalization(
    name="align_tokens",
    mix={"caption": 1, "text_to_image": 1},
    measured=("caption", "text_to_image"),
    sketch=(400, 6e-4),
    miniature=(20_000, 4e-4),
    paper=Paper(effective_batch=512, phases=((20_000, 1e-4),), mix={"caption": 1, "text_to_image": 1}),
)


def recipe(scale: str, variant: str | None = None) -> Recipe:
    return STAGE.recipe(scale, variant)

"""The paper's baselines at any scale: SEED-X's UNet detokenizers, stage 1 and then stage 2.

Both on one core, sketch: 19 minutes, as long as the transformer's two stages and its second one again.

    limner train detokenizer_unet --scale sketch --out runs/sketch
    limner evaluate reconstruct --model runs/sketch/model --also unet_stage1=runs/sketch/model_unet_stage1 \
        --also unet_stage2=runs/sketch/model_unet_stage2
"""

from limner.training.recipe import Pipeline

STAGES = {"detokenizer_unet_stage1": (), "detokenizer_unet_stage2": ("detokenizer_unet_stage1",)}
# Of one core: what the transformer's stages are given (`miniature.py`).
SKETCH_MINUTES = {"detokenizer_unet_stage1": 11.0, "detokenizer_unet_stage2": 8.0}


def pipeline(scale: str) -> Pipeline:
    return Pipeline(stages=STAGES, minutes=SKETCH_MINUTES if scale == "sketch" else {})

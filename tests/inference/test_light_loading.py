"""What loading the embedded model and its first pictures import: torch, and no library that takes longer."""

import subprocess
import sys

SAYING = """
import sys
import limner
conversation = limner.load().conversation()
assert conversation.say("A close-up of Mia.", steps=1).image is not None
assert conversation.say("A close-up of Mia in a park.", steps=1).image is not None
print(*(name for name in sys.modules if name.count(".") < 2))
"""
HEAVY = {
    *("transformers", "diffusers", "peft", "accelerate", "huggingface_hub", "datasets"),
    *("scipy", "sympy", "numba", "sklearn", "torch._dynamo", "torch._inductor"),
}


def test_the_first_pictures_need_torch_alone() -> None:
    told = subprocess.run([sys.executable, "-c", SAYING], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "torch" in loaded
    assert not HEAVY & loaded

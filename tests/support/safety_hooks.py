"""Safety hooks as an operator might write them."""


def no_cats(text, pictures):
    """Scores by category: no word of cats, no picture that is nearly all red."""
    is_red = any(
        picture.pixels[..., 0].mean() > 200 and picture.pixels[..., 1].mean() < 60 for picture in pictures
    )
    return {"violence": 0.9 if "cat" in text.lower().split() else 0.1, "red": float(is_red)}


def nothing_out(text, pictures):
    """A result in OpenAI's shape; flags whatever was painted, which here is 32 px wide."""
    painted = any(picture.width_px == 32 for picture in pictures)
    return {
        "flagged": painted,
        "categories": {"sexual": painted},
        "category_scores": {"sexual": 0.7 * painted},
    }


def broken(text, pictures):
    raise RuntimeError(f"the secret of {text}")


not_a_hook = 7

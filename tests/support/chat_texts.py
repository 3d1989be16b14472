"""What the tests of chat say, and what their vocabulary is made of."""

TEXTS = [
    "The image shows Mia and Tom in a garden. Mia has long red hair. Tom wears a green sweater.",
    "A close-up of Mia.",
    "Step back 2 times, then add a blue scarf.",
    "What color is her hair?",
]

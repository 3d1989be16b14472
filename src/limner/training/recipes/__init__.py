"""One file a training rung; its docstring gives hardware, time and expected numbers. `miniature` and
`detokenizer_unet` are ladders of them. `limner train NAME` runs one.
"""

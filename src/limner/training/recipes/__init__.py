"""One file a training stage; its docstring gives hardware, time and expected numbers. `miniature` and
`detokenizer_unet` are pipelines of them. `limner train NAME` runs one.
"""

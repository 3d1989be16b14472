"""What a training ends with when its user asks it to. Knows nothing else."""


class Stopped(Exception):  # noqa: N818  (no error: the user asked for it)
    """The run was asked to stop; its state is saved."""

"""What a user's mistake must look like on the command line."""


def one_sentence(told):
    """What a user's mistake must look like: exit code 2, nothing on stdout, one sentence on stderr."""
    lines = [line for line in told.err.splitlines() if not line.startswith("Loading")]
    assert told.code == 2, told
    assert len(lines) == 1, told.err
    assert lines[0].startswith("limner: ")
    assert "Traceback" not in told.err
    assert "Errno" not in told.err
    return lines[0]

"""From public checkpoints to limner's own folder: the only place that reads other people's files.

`convert_seed_x` and `convert_pixart` are its doors.
"""

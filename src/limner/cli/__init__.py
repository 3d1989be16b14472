"""The command line: one file a command. Heavy imports happen in the commands."""

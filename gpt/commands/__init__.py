"""The commands of `python -m gpt`, a module each: `add_arguments(parser)` and `run(arguments)`."""


class CommandError(Exception):
    """What a person got wrong, in one sentence: printed as such, with exit status 2."""

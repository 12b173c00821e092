"""The one error a user is meant to read: what came, what is allowed, what to do."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is complete on its own (it says what came, what is allowed and what to do), so the command line
    prints it without a traceback and exits with status 2.
    """

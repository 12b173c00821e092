"""What a user is meant to read: the one error (what came, what is allowed, what to do), and the one warning."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is complete on its own (it says what came, what is allowed and what to do), so the command line
    prints it without a traceback and exits with status 2.
    """


class Notice(UserWarning):
    """Something that a user should know and that stops nothing.

    The message is complete on its own; the command line prints it without the line of code that it comes from.
    """

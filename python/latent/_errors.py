"""What can go wrong, each with one line that says what, where, and what to do."""


class Error(Exception):
    """The base of all of them."""

    def __str__(self) -> str:
        # KeyError would show its text in quotes, OSError split it up.
        return str(self.args[0]) if self.args else ""


class UnknownIdError(Error, KeyError):
    """An id or an index that the model does not know, or of which it has seen no row in training."""


class ModelError(Error, ValueError):
    """A file that is damaged or no model, or a question that this kind of model cannot answer."""


class ModelNotFoundError(Error, FileNotFoundError):
    """No such file."""

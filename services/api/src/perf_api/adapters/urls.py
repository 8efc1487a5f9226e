"""What is wrong with the URL of a database."""


class DatabaseUrlError(ValueError):
    """Raised when an URL names no database we know; the message never holds the URL, it may have a password."""

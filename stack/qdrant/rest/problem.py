"""What a request can be refused for."""


class Problem(Exception):
    """An answer other than success: an HTTP status, and what Qdrant says with it."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def bad_request(message):
    return Problem(400, f"Wrong input: {message}")


def not_found(message):
    return Problem(404, f"Not found: {message}")

"""What a step of a state machine raises where its job is gone."""


class UnknownJobError(Exception):
    """There is no such job, or it has expired."""

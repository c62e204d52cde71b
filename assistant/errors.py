"""The few kinds of failure a user can meet. Every message ends with the fix."""


class RespostaError(Exception):
    """Base of all errors whose message is written for the person in front of it."""


class SettingsError(RespostaError):
    """A setting is unknown, malformed or unsafe."""


class InputError(RespostaError):
    """What was typed or uploaded cannot be used (too long, empty, binary)."""


class RefusedError(RespostaError):
    """A check was run and says no."""


class AccessError(RespostaError):
    """The caller may not do this."""


class BusyError(RespostaError):
    """A queue is at its limit, or another process does the same work; trying again later will work."""


class ModelError(RespostaError):
    """Weights or an adapter cannot be found, or do not fit each other."""


class NoEffectError(ModelError):
    """An adapter changes nothing of what its base says."""


class UnreachableError(ModelError):
    """The Hub cannot be reached right now; trying again later will work."""


class GpuUnavailableError(ModelError):
    """No GPU is available for `base` right now. `cause` says why, without a full stop."""

    def __init__(self, cause: str, base: str) -> None:
        super().__init__(f"{cause}, and {base} needs one. Try again in a while.")
        # Shown beside an answer that the spare model gave instead.
        self.notice = f"{cause}: a small model answers in place of {base}."


class StoreError(RespostaError):
    """The database cannot be reached, started or migrated."""

"""Every error a caller of Misora may have to handle.

    MisoraError
    ├── InputError            the caller can mend it: bad prompt, size, file, option   (CLI exit code 2)
    │   └── MediaError        a picture or clip that cannot be read
    ├── MissingExtraError     an optional package is not installed; says the install command
    ├── WeightsError          weights are missing, damaged or of another architecture
    ├── AssetsError           the stage's sprites are not built, or a digest differs
    ├── TrainingError         a run cannot go on (not finite, checkpoint of another recipe)
    ├── StoreUnavailable      the database or the vault does not answer, or is full; try again later
    ├── QuotaError            the plan does not allow it now: no credits left, too many at once
    ├── ConflictError         it contradicts what is there: a reused key, a job in another state
    ├── Refused               the rules do not allow what is asked for or what was made
    └── Cancelled             the caller asked to stop

Messages name the field, the rule, the value received and the nearest valid choice.
"""

from __future__ import annotations


class MisoraError(Exception):
    """Base of every error that Misora raises on purpose; its text is fit to show to a user."""


class InputError(MisoraError, ValueError):
    """Something in the request is not usable.

    Args:
        message: One sentence: rule, value received, nearest valid choice.
        field: Dotted path of the offending field (``"canvas.num_frames"``), or None when none applies.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class MediaError(InputError):
    """A picture or clip that cannot be decoded, or is beyond the limits."""


class MissingExtraError(MisoraError, ImportError):
    """An optional dependency is absent; the message holds the exact install command."""


class WeightsError(MisoraError):
    """Weights are missing, damaged, or made for another architecture."""


class AssetsError(MisoraError):
    """The stage's sprite atlas is missing or does not match its recorded digest."""


class TrainingError(MisoraError):
    """A training run cannot start or continue."""


class StoreUnavailable(MisoraError):
    """The database or the vault does not answer, or is full; trying again later may help."""


class QuotaError(MisoraError):
    """The plan does not allow it now.

    Args:
        message: What is left, what was asked for, and when there will be more.
        code: ``credits_exhausted``, ``videos_exhausted``, ``too_many_jobs`` or ``too_many_uploads``.
    """

    def __init__(self, message: str, *, code: str = "credits_exhausted") -> None:
        super().__init__(message)
        self.code = code


class ConflictError(MisoraError):
    """The request contradicts what is there: an idempotency key of another request, a job that is in another state."""


class Refused(MisoraError):
    """The safety rules do not allow what is asked for, or what was made.

    Args:
        message: Names the input, the rule, and what to change.
        category: The rule's category ("sexual/minors").
        field: Dotted path of the offending input, or None for the frames that were made.
    """

    def __init__(self, message: str, *, category: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.category = category
        self.field = field


class Cancelled(MisoraError):
    """The caller asked a long job to stop."""

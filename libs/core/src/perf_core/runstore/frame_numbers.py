"""Which frames of a worker are known: a watermark and what lies beyond it, so that time takes no memory."""


class FrameNumbers:
    """A set of frame numbers that count from 1 and mostly come in order."""

    __slots__ = ("_beyond", "_upto")

    def __init__(self) -> None:
        """Know none."""
        self._upto = 0
        self._beyond: set[int] = set()

    def add(self, number: int) -> None:
        """Know this one."""
        if number <= self._upto:
            return
        self._beyond.add(number)
        while self._upto + 1 in self._beyond:
            self._upto += 1
            self._beyond.remove(self._upto)

    def __contains__(self, number: int) -> bool:
        """Return whether it is known."""
        return number <= self._upto or number in self._beyond

    @property
    def last(self) -> int:
        """The largest number known; 0 when none is."""
        return max(self._beyond, default=self._upto)

    def missing(self, upto: int) -> int:
        """Return how many of 1..upto are not known."""
        return max(upto - self._upto - sum(number <= upto for number in self._beyond), 0)

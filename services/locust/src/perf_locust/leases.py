"""Which numbers of a sampler's rows each worker holds: every number is handed to one worker, also when one dies."""

from collections import deque
from dataclasses import dataclass, field

Range = tuple[int, int]
"""Numbers from the first up to, not including, the second."""
SHARE = 4
"""A worker is given at most this part of what is left for each worker, so that the last rows are spread."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker gets.

    Attributes:
        ranges: numbers for it; empty when there are none now.
        dry: there are none and there will be none; False with no ranges = others hold rows that may come back.
    """

    ranges: tuple[Range, ...]
    dry: bool


@dataclass(slots=True)
class _Holder:
    ask: int = 0
    answer: Answer | None = None
    ranges: list[Range] = field(default_factory=list)
    left: int = 0
    gone: bool = False


class Leases:
    """The rows of one sampler in one run."""

    def __init__(self, rows: int, *, cycle: bool) -> None:
        """Begin with the first row."""
        self._rows, self._cycle = rows, cycle
        self._next = 0
        self._free: deque[Range] = deque()
        self._holders: dict[str, _Holder] = {}

    def holders(self) -> tuple[str, ...]:
        """Return the workers that were given numbers and have not given the rest back."""
        return tuple(name for name, each in self._holders.items() if each.ranges and not each.gone)

    def ask(self, worker: str, number: int, want: int, left: int) -> Answer:
        """Give a worker numbers.

        Args:
            worker: who asks.
            number: of its question; the same question again gets the same answer, for answers can be lost.
            want: how many.
            left: how many it has not handed out.
        """
        holder = self._holders.setdefault(worker, _Holder())
        if holder.answer is not None and holder.ask == number:
            return holder.answer
        holder.left, holder.gone = left, False
        ranges = tuple(self._taken(self._fair(want)))
        holder.ranges += ranges
        holder.left += sum(end - begin for begin, end in ranges)
        waiting = any(each.left and not each.gone for each in self._holders.values())
        holder.ask, holder.answer = number, Answer(ranges, dry=not ranges and not waiting)
        return holder.answer

    def give_back(self, worker: str, used: int) -> int:
        """Take back what a worker has not handed out, for others; return how many that is.

        Args:
            worker: who is gone.
            used: how many it has handed out, of all that it was given.
        """
        holder = self._holders.pop(worker, _Holder())
        back = 0
        for begin, end in holder.ranges:
            first = min(begin + used, end)
            used -= first - begin
            if first < end:
                self._free.append((first, end))
                back += end - first
        return back

    def forget(self, worker: str) -> int:
        """Wait for a worker's rows no longer, for nobody knows which it handed out; return how many those may be."""
        holder = self._holders[worker]
        holder.gone = True
        return holder.left

    def _fair(self, want: int) -> int:
        rest = self._rows - self._next + sum(end - begin for begin, end in self._free)
        return max(1, min(want, rest // (SHARE * max(len(self._holders), 1))))

    def _taken(self, want: int) -> list[Range]:
        taken = []
        while want:
            if self._free:
                begin, end = self._free.popleft()
                if end - begin > want:
                    self._free.appendleft((begin + want, end))
                    end = begin + want
            else:
                if self._next == self._rows and self._cycle:
                    self._next = 0
                begin, end = self._next, min(self._next + want, self._rows)
                self._next = end
            if begin == end:
                break
            taken.append((begin, end))
            want -= end - begin
        return taken

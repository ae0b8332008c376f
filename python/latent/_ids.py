"""Ids of a model as a sequence, and what a caller gives as ids or indices as arrays of indices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Union, overload

import numpy as np
import numpy.typing as npt

from ._errors import UnknownIdError

Indices = npt.NDArray[np.int32]
#: Many ids or indices: a sequence of str, or an array of str or of integers.
Many = Union[Sequence[str], npt.NDArray[Any]]


class Ids(Sequence[str]):
    """The ids of a model's users or items, in the order of its tables' rows. None is held in Python."""

    def __init__(
        self,
        count: int,
        texts: Callable[[Indices], list[str | None]],
        find: Callable[[Iterable[str]], Indices],
        complaint: Callable[[str], str],
    ) -> None:
        self._count, self._texts, self._find, self._complaint = count, texts, find, complaint

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return self.texts(np.arange(*index.indices(self._count)))
        if not -self._count <= index < self._count:
            raise IndexError(f"no row {index} of {self._count}")
        return self.texts(np.array([index % self._count]))[0]

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, self._count, 4096):
            yield from self[begin : begin + 4096]

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and bool(self._find([id])[0] >= 0)

    def index(self, id: str, start: int = 0, stop: int | None = None) -> int:
        """The row of `id`; ValueError where there is none, as a list has it."""
        row = int(self._find([id])[0])
        if row < 0 or row not in range(*slice(start, stop).indices(self._count)):
            raise ValueError(self._complaint(id))
        return row

    def find(self, ids: Many) -> Indices:
        """The row of each of them, -1 where there is none."""
        return self._find(many(ids))

    def texts(self, indices: npt.ArrayLike) -> list[str]:
        """The ids of rows; None in the place of -1, where a list was padded."""
        return self._texts(np.ascontiguousarray(indices, np.int32))  # type: ignore[return-value]

    def rows(self, ids: Many) -> Indices:
        """The row of each id, or the indices themselves; UnknownIdError names the first that is unknown."""
        given = many(ids)
        if is_indices(given):
            if given.size and not (0 <= int(given.min()) and int(given.max()) < self._count):
                wrong = next(int(n) for n in given if not 0 <= n < self._count)
                raise UnknownIdError(f"no row has the index {wrong}; there are {self._count}")
            return np.ascontiguousarray(given, np.int32)
        found = self._find(given)
        if (found < 0).any():
            raise UnknownIdError(self._complaint(str(given[int(np.argmin(found))])))
        return found

    def known_rows(self, ids: Many) -> Indices:
        """Likewise, without ids that are unknown."""
        given = many(ids)
        if is_indices(given):
            return self.rows(given)
        found = self._find(given)
        return found[found >= 0]


def is_indices(ids: Any) -> bool:
    return isinstance(ids, np.ndarray) and ids.dtype.kind in "iu"


def many(ids: Many) -> Any:
    """`ids` as they are, where they are many; TypeError for one id, a number, bytes, more dimensions."""
    if isinstance(ids, (str, bytes)) or not isinstance(ids, (Iterable, np.ndarray)):
        raise TypeError(f"expected a sequence of ids or an array of indices, not {ids!r}")
    if isinstance(ids, np.ndarray):
        if ids.ndim != 1:
            raise ValueError(f"expected one dimension, not {ids.ndim}")
        if ids.size == 0 and ids.dtype.kind == "f":  # np.array([])
            return ids.astype(np.int32)
        if ids.dtype.kind not in "iuUOT":
            raise TypeError(f"expected an array of str or of integers, not of {ids.dtype}")
        return ids
    return ids if isinstance(ids, Sequence) else list(ids)

"""Bytes as compiled loops read them: one by one, eight at once wherever they begin, or sixty-four beside one byte.

numba knows no load that is not aligned, and does not find by itself what processors compare side by side. Both are an
instruction or two for the compiler behind it (LLVM), and are written here in its terms.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from services.scoring.domain.stretch import BEHIND, Bytes

WORD, BLOCK = 8, BEHIND
MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD)] + [(1 << 64) - 1], np.uint64)
"""What keeps so many of the bytes of a word, the first in the lowest."""

_BYTE, _LONG, _BIT, _INDEX = (ir.IntType(width) for width in (8, 64, 1, 32))
_SIDE_BY_SIDE = ir.VectorType(_BYTE, BLOCK)
_ALL_THE_FIRST = ir.Constant(ir.VectorType(_INDEX, BLOCK), None)
_NOTHING = ir.Constant(_SIDE_BY_SIDE, cast("Any", ir).Undefined)


def _place(kind: ir.Type, *call: Any) -> Any:
    """Where a value of some type begins in a text."""
    context, builder, signature, arguments = call
    data = cast("Any", cgutils).create_struct_proxy(signature.args[0])(context, builder, arguments[0]).data
    first = builder.gep(builder.bitcast(data, _BYTE.as_pointer()), [arguments[1]])
    return builder.bitcast(first, kind.as_pointer())


def _word_at(_: Any, text: Any, at: Any) -> Any:
    def made(*call: Any) -> Any:
        _, builder, _, _ = call
        found = builder.load(_place(_LONG, *call))
        found.align = 1
        return found

    return types.uint64(text, types.intp), made


def _put_word(_: Any, text: Any, at: Any, word: Any) -> Any:
    def made(*call: Any) -> Any:
        context, builder, _, arguments = call
        builder.store(arguments[2], _place(_LONG, *call)).align = 1
        return context.get_dummy_value()

    return types.void(text, types.intp, types.uint64), made


def _those_that_are(_: Any, text: Any, at: Any, byte: Any) -> Any:
    def made(*call: Any) -> Any:
        _, builder, _, arguments = call
        found = builder.load(_place(_SIDE_BY_SIDE, *call))
        found.align = 1
        one = builder.insert_element(_NOTHING, arguments[2], ir.Constant(_INDEX, 0))
        every = builder.shuffle_vector(one, _NOTHING, _ALL_THE_FIRST)
        return builder.bitcast(builder.icmp_unsigned("==", found, every), _LONG)

    return types.uint64(text, types.intp, types.uint8), made


def _lowest(_: Any, bits: Any) -> Any:
    def made(*call: Any) -> Any:
        _, builder, _, arguments = call
        return builder.cttz(arguments[0], ir.Constant(_BIT, 1))

    return types.int64(types.uint64), made


word_at = cast("Callable[[Bytes, int], np.uint64]", intrinsic(_word_at))
"""Eight bytes of a text as a number, the first in its lowest."""

put_word = cast("Callable[[Bytes, int, np.uint64], None]", intrinsic(_put_word))
"""Write eight bytes into a text."""

those_that_are = cast("Callable[[Bytes, int, np.uint8], np.uint64]", intrinsic(_those_that_are))
"""Which of sixty-four bytes of a text are this one: a bit each, the first the lowest."""

lowest = cast("Callable[[np.uint64], int]", intrinsic(_lowest))
"""Which bit is the lowest of those that are set; one is."""

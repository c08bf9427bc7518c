"""Restores a bundle's ledger into intake's store: the same bytes at the same positions, into an empty assessment."""

from collections.abc import Callable, Iterable, Iterator

from cli.audit.chain import Chain
from cli.audit.opened import Bundle
from cli.audit.passage import Passage
from cli.files import load_once
from cli.stop import NO_ANSWER, Stop
from cli.words import word
from services.intake.marks import Marks, Unmarked
from services.intake.proofs import keep_blocks, signed_to, unsigned
from services.intake.settings import IntakeSettings
from services.intake.store import DDL, VERSION, LedgerStore, accepted_writes, entries
from shared.chassis.ahead import ahead
from shared.chassis.store import Conflict, EventStore, StoreError
from shared.gate.outcomes import Accepted
from shared.proof.merkle import Tree

NEEDED = frozenset({"entries", "checkpoint", "signature", "gate"})
"""What must hold of a bundle before anything of it is written; whether its standing does is another question."""

WRITTEN_AT_ONCE = 10_000
"""So many entries go into one commit: as they are written they take some kilobytes each."""


def restored(bundle: Bundle, tree: Tree, settings: IntakeSettings, told: Callable[[int], None]) -> int:
    """Write the entries of a bundle that was verified, over which this tree stands; give how many were written.

    Where an import of the same bundle broke off, it goes on from there.

    Raises:
        Stop: The assessment is not empty, or the database cannot be used.

    """
    url = settings.database_url or f"sqlite:///{settings.data / 'intake'}.sqlite"
    try:
        store = EventStore.open(url, "intake", DDL, VERSION)
    except StoreError as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
    try:
        return _written(bundle, tree, LedgerStore(store), Marks(settings.data), told)
    except Conflict:
        raise Stop(
            f"somebody else writes {bundle.manifest.assessment} meanwhile: stop intake and do it again"
        ) from None
    except StoreError as error:
        raise Stop(f"{str(error).rstrip('.')}: do it again, it goes on where it broke off", NO_ANSWER) from None
    finally:
        store.close()


def _written(bundle: Bundle, tree: Tree, store: LedgerStore, marks: Marks, told: Callable[[int], None]) -> int:
    name, size = bundle.manifest.assessment, bundle.manifest.entries
    start, last = _start(bundle, tree, store, marks)
    for batch in ahead(_batches(bundle, start, told)):  # the next are looked at while the database writes
        appended, beside = accepted_writes(name, batch)
        # From the first entry on, a ledger that is not whole yet is behind what was signed: nothing signs it.
        marked = [signed_to(name, size, tree.root())] if batch[0].position == 1 else []
        # Of a whole one that nobody has signed nothing is left to look for: intake makes its key, as for any new one.
        if batch[-1].position == size and not (bundle.signed or last):
            marked.append(unsigned(name))
        if batch[-1].position == size and tree.blocks:
            marked.append(keep_blocks(name, tree.blocks))
        store.store.commit(append=appended, execute=[*beside, *marked])
    return size - start


def _batches(bundle: Bundle, start: int, told: Callable[[int], None]) -> Iterator[list[Accepted]]:
    """Give what the gate makes of the entries behind a position, some at once."""
    chain, passage = Chain(bundle.manifest.assessment, bundle.entries), Passage(bundle.entries, load_once)
    for lines in bundle.entries.batches(told):
        for first in range(0, len(lines), WRITTEN_AT_ONCE):
            some = lines[first : first + WRITTEN_AT_ONCE]
            taken = passage.read(some, [link and link.previous for link in chain.follow(some)])
            batch = [each for each in taken if each is not None and each.position > start]
            if batch:
                yield batch


def _start(bundle: Bundle, tree: Tree, store: LedgerStore, marks: Marks) -> tuple[int, bool]:
    """Give the position to go on from, 0 in an empty assessment, and whether anything of it was signed here before.

    Raises:
        Stop: It is not empty, and nothing broke off here; or this is not what was signed here, or less.

    """
    name, size = bundle.manifest.assessment, bundle.manifest.entries
    head, signed = store.head(name), store.signed_to(name)
    try:
        last = marks.last(name)
    except Unmarked as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
    broken_off = head is not None and head.position < size and signed == [(size, tree.root())]
    before = ([] if broken_off else signed) + ([(last.size, last.root)] if last else [])
    if head is None or broken_off:
        _see_signed(name, tree, before)
    if head is None:
        return 0, bool(before)
    if broken_off and store.store.stream(entries(name)).get(head.position) == line(bundle, head.position):
        return head.position, bool(before)
    raise Stop(
        f"{name} is not empty: its ledger has {word('entries', 'en', head.position)}; import into another database", 1
    )


def _see_signed(name: str, tree: Tree, signed: Iterable[tuple[int, bytes]]) -> None:
    """See that a tree extends all that was signed of a ledger: a size and a root each.

    Raises:
        Stop: It does not.

    """
    for size, root in signed:
        told = f"{name} was signed here when it had {word('entries', 'en', size)}, and this"
        if size > tree.size:
            raise Stop(f"{told} has {tree.size}: import all of it, or into another folder and database", 1)
        if tree.root(size) != root:
            where = "import the one that was signed, or this into another folder and database"
            raise Stop(f"{told} is another: {where}", 1)


def line(bundle: Bundle, position: int) -> bytes | None:
    """Give the line of a position of a bundle that was read once."""
    try:
        return bundle.entries.line(position)
    except LookupError:
        return None

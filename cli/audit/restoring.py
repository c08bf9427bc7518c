"""Restores a bundle's ledger into intake's store: the same bytes at the same positions, into an empty assessment."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from cli.audit.chain import Chain
from cli.audit.opened import Bundle
from cli.audit.passage import Passage
from cli.files import load_once
from cli.stop import NO_ANSWER, Stop
from cli.words import word
from services.intake.marks import Marks
from services.intake.proofs import signed_to, unsigned
from services.intake.settings import IntakeSettings
from services.intake.store import DDL, VERSION, LedgerStore, accepted_writes, entries
from shared.chassis.store import Conflict, EventStore, StoreError
from shared.gate.outcomes import Accepted

NEEDED = frozenset({"entries", "checkpoint", "signature", "gate"})
"""What must hold of a bundle before anything of it is written; whether its standing does is another question."""


def restored(bundle: Bundle, root: bytes, settings: IntakeSettings, told: Callable[[int], None]) -> int:
    """Write the entries of a bundle that was verified, whose tree has this root; give how many were written.

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
        return _written(bundle, root, LedgerStore(store), Marks(settings.data), told)
    except Conflict:
        raise Stop(
            f"somebody else writes {bundle.manifest.assessment} meanwhile: stop intake and do it again"
        ) from None
    except StoreError as error:
        raise Stop(f"{str(error).rstrip('.')}: do it again, it goes on where it broke off", NO_ANSWER) from None
    finally:
        store.close()


def _written(bundle: Bundle, root: bytes, store: LedgerStore, marks: Marks, told: Callable[[int], None]) -> int:
    name, size = bundle.manifest.assessment, bundle.manifest.entries
    start = _start(bundle, root, store, marks)
    with ThreadPoolExecutor(1) as writer:  # the database writes while the next are looked at
        writing: Future[None] | None = None
        for batch in _batches(bundle, start, told):
            appended, beside = accepted_writes(name, batch)
            # From the first entry on, a ledger that is not whole yet is behind what was signed: nothing signs it.
            marked = [signed_to(name, size, root)] if batch[0].position == 1 else []
            # Of a whole one that nobody has signed nothing is left to look for: intake makes its key, as for a new one.
            if batch[-1].position == size and not bundle.signed:
                marked.append(unsigned(name))
            if writing is not None:
                writing.result()
            writing = writer.submit(store.store.commit, append=appended, execute=[*beside, *marked])
        if writing is not None:
            writing.result()
    return size - start


def _batches(bundle: Bundle, start: int, told: Callable[[int], None]) -> Iterator[list[Accepted]]:
    """Give what the gate makes of the entries behind a position, some at once."""
    chain, passage = Chain(bundle.manifest.assessment, bundle.entries), Passage(bundle.entries, load_once)
    for lines in bundle.entries.batches(told):
        links = chain.follow(lines)
        taken = passage.read(lines, [link and link.previous for link in links])
        batch = [each for each in taken if each is not None and each.position > start]
        if batch:
            yield batch


def _start(bundle: Bundle, root: bytes, store: LedgerStore, marks: Marks) -> int:
    """Give the position to go on from: 0 in an empty assessment.

    Raises:
        Stop: It is not empty, and nothing broke off here; or what was signed here was longer.

    """
    name, size = bundle.manifest.assessment, bundle.manifest.entries
    head = store.head(name)
    signed = store.signed_to(name)
    if head is None:
        last = marks.last(name)
        longest = max(*(each for each, _ in signed), last.size if last else 0, 0)
        if longest > size:
            told = f"{name} was signed here when it had {word('entries', 'en', longest)}, and this has {size}"
            raise Stop(f"{told}: import all of it, or into another database", 1)
        return 0
    broken_off = head.position < size and signed == [(size, root)]
    if broken_off and store.store.stream(entries(name)).get(head.position) == line(bundle, head.position):
        return head.position
    raise Stop(
        f"{name} is not empty: its ledger has {word('entries', 'en', head.position)}; import into another database", 1
    )


def line(bundle: Bundle, position: int) -> bytes | None:
    """Give the line of a position of a bundle that was read once."""
    try:
        return bundle.entries.line(position)
    except LookupError:
        return None

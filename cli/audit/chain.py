"""Whether entries stand one behind the other as they were taken in: positions, digests, and the tree over them."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from cli.audit.opened import Entries
from cli.audit.report import Check
from shared.proof.checkpoint import Checkpoint
from shared.proof.merkle import Tree, leaf_hash


class Link(msgspec.Struct, frozen=True, gc=False):
    """What of an entry binds it to its place."""

    assessment: str
    position: int
    acceptedtime: str
    previous: str | None = None


_read = msgspec.json.Decoder(Link).decode
_read_all = msgspec.json.Decoder(list[Link]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _decoded(lines: Sequence[bytes]) -> Sequence[Link | None]:
    """Decode lines, all at once where each is one entry.

    What nobody reads is not looked at in decoding, so that whether it is UTF-8 is looked at by itself.
    """
    try:
        _ = b"\n".join([line for line in lines if not line.isascii()]).decode("utf-8")
        links = _read_all(b"[%b]" % b",".join(lines))
    except _UNREADABLE:
        return list(map(_one, lines))
    return links if len(links) == len(lines) else list(map(_one, lines))


def _one(line: bytes) -> Link | None:
    try:
        _ = line.decode("utf-8")
        return _read(line)
    except _UNREADABLE:
        return None


class Chain:
    """Follows the lines of a bundle, each once, in order."""

    def __init__(self, assessment: str, entries: Entries) -> None:
        self.check = Check("entries")
        self.tree = Tree(lambda begin, end: [leaf_hash(entries.line(at + 1)) for at in range(begin, end)])
        self._assessment = assessment
        self._position: int = 0
        self._digest: str | None = None
        self._next: int = 1

    def follow(self, lines: Sequence[bytes]) -> Sequence[Link | None]:
        """Take in the next lines; None for one that is no entry."""
        leaves = [sha256(b"\0" + line).digest() for line in lines]
        links = _decoded(lines)
        digests = [self._digest, *["sha256:" + leaf.hex() for leaf in leaves]]
        if self._all_stand(links, digests):
            self._position += len(links)
            self._next += len(links)
        else:
            for link, self._digest in zip(links, digests, strict=False):
                self._look_at(link)
        self._digest = digests[-1]
        self.tree.extend(leaves)
        return links

    def _all_stand(self, links: Sequence[Link | None], digests: Sequence[str | None]) -> bool:
        """Whether each names its own place, the one before and this assessment."""
        found = [link for link in links if link is not None]
        return (
            len(found) == len(links)
            and self._position + 1 == self._next
            and [link.position for link in found] == list(range(self._next, self._next + len(links)))
            and [link.previous for link in found] == digests[:-1]
            and {link.assessment for link in found} <= {self._assessment}
        )

    def _look_at(self, link: Link | None) -> None:
        """Say what is wrong with one, if anything."""
        if link is None:
            self.check.fault("no-entry", position=self._next)
            self._position = self._next
            self._next += 1
            return
        if link.position != self._next or link.assessment != self._assessment:
            self._misplaced(link)
        # Where the one before is not there, there is nothing that it could be held against.
        if link.position == self._position + 1 and link.previous != self._digest:
            self.check.fault("broken", position=link.position, before=self._position)
        self._position = link.position
        self._next = max(self._next, link.position + 1)

    def _misplaced(self, link: Link) -> None:
        if link.assessment != self._assessment:
            self.check.fault("other-assessment", position=link.position, assessment=link.assessment[:128])
        if link.position > self._next:
            self.check.fault("missing", first=self._next, last=link.position - 1)
        elif link.position < self._next:
            self.check.fault("out-of-order", position=link.position, before=self._position)


def against(signed: Checkpoint, tree: Tree) -> Check:
    """Hold the tree over the entries against a checkpoint."""
    check = Check("checkpoint", said={"size": signed.size})
    if tree.size < signed.size:
        check.fault("cut-short", entries=tree.size, signed=signed.size)
    elif tree.root(signed.size) != signed.root:
        check.fault("root", entries=tree.size, signed=signed.size)
    elif tree.size > signed.size:
        check.fault("added", entries=tree.size, signed=signed.size)
    return check

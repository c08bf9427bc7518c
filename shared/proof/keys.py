"""Ed25519 keys of signed notes (C2SP signed-note): names, key ids, and how keys are written down. No files here."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ED25519 = 0x01
"""Signs the note's text as it stands."""
COSIGNATURE = 0x04
"""A witness's signature with its time (C2SP tlog-cosignature, Ed25519)."""

HEX_ID = re.compile(r"[0-9a-f]{8}")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class BadKey(ValueError):
    """A key that is none, in one sentence."""


def key_name(host: str, assessment: str) -> str:
    """The name of an assessment's log, its checkpoints' origin and its key's name: `<host>/<assessment>`.

    A schema-less URL, so that nothing in an assessment's id can be taken for a space, a plus or a new line.
    """
    path = "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in assessment.encode())
    return f"{host}/{path}"


def well_named(name: str) -> bool:
    """Whether this can name a key: not empty, no white space, no plus, no control characters."""
    return bool(name) and not any(sign.isspace() or sign == "+" or ord(sign) < 0x20 for sign in name)


def unbase64(text: str) -> bytes:
    """Standard Base64 with padding, in its one right spelling.

    :raises ValueError: anything else
    """
    try:
        raw = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise ValueError("not Base64") from error
    if b64encode(raw).decode() != text:
        raise ValueError("not canonical Base64")
    return raw


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name: what a note's signature line refers to."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if not well_named(self.name):
            raise BadKey(f"{self.name!r} cannot name a key: no spaces and no plus.")
        if self.kind not in (ED25519, COSIGNATURE):
            raise BadKey(f"Keys of kind {self.kind} are not known here; only Ed25519 ones are.")
        if len(self.public) != 32:
            raise BadKey("An Ed25519 key has 32 bytes.")

    @property
    def id(self) -> bytes:
        """The four bytes that name the key beside its name: SHA-256(name, new line, kind, key)."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `<name>+<hex id>+<base64>`, as Go's `note.NewVerifier` takes it.

        :raises BadKey: in one sentence
        """
        kind, public, name, hex_id = parts(text.strip(), "a verifier key is <name>+<id>+<base64>")
        key = cls(name, public, kind)
        if key.id.hex() != hex_id:
            raise BadKey("The key's id does not belong to its name and bytes; it was mistyped or changed.")
        return key

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether this key signed the text; for a witness the signature begins with its time."""
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            text, signature = cosigned(text, int.from_bytes(signature[:8], "big")), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key under a name. `seed` are its 32 secret bytes; they come from outside, as everything random does."""

    name: str
    seed: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if len(self.seed) != 32:
            raise BadKey("An Ed25519 key is made from 32 random bytes.")
        _ = self.verifier

    def __repr__(self) -> str:
        return f"SignerKey({self.name!r}, …)"

    @property
    def verifier(self) -> VerifierKey:
        """The public half, to be published and pinned."""
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return VerifierKey(self.name, public, self.kind)

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key as `cryptography` holds it."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def named(self, name: str) -> "SignerKey":
        """The same key under another name: one key signs every assessment's log, each under its own origin."""
        return SignerKey(name, self.seed, self.kind)

    def sign(self, text: bytes, *, time: int | None = None) -> bytes:
        """The signature over a note's text; a witness's needs its time (seconds since 1970)."""
        if self.kind == COSIGNATURE:
            if time is None:
                raise BadKey("A witness signs with its time.")
            return time.to_bytes(8, "big") + self.private.sign(cosigned(text, time))
        return self.private.sign(text)

    @property
    def secret(self) -> str:
        """`PRIVATE+KEY+<name>+<id>+<base64>`, as Go's `note.NewSigner` takes it. Keep it from everybody."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{b64encode(bytes([self.kind]) + self.seed).decode()}"

    @classmethod
    def parse(cls, secret: str) -> Self:
        """From the form of `secret`.

        :raises BadKey: in one sentence that does not repeat the key
        """
        form = "a signer key is PRIVATE+KEY+<name>+<id>+<base64>"
        head, _, rest = secret.strip().partition("PRIVATE+KEY+")
        if head or not rest:
            raise BadKey(f"This is no key: {form}.")
        kind, seed, name, hex_id = parts(rest, form)
        key = cls(name, seed, kind)
        if key.verifier.id.hex() != hex_id:
            raise BadKey("The key's id does not belong to its name and bytes; the file was changed.")
        return key

    @property
    def pem(self) -> str:
        """The key without its name, as PKCS #8 PEM, for tools that know nothing of notes."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @classmethod
    def from_pem(cls, name: str, pem: str) -> Self:
        """A PKCS #8 PEM key under this name.

        :raises BadKey: no unencrypted Ed25519 key
        """
        try:
            private = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise BadKey("This is no unencrypted PEM private key.") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise BadKey("This PEM key is no Ed25519 key.")
        return cls(name, private.private_bytes_raw())


def cosigned(text: bytes, time: int) -> bytes:
    """What a witness signs: its time before the checkpoint's text."""
    return f"cosignature/v1\ntime {time}\n".encode() + text


def parts(text: str, form: str) -> tuple[int, bytes, str, str]:
    """Kind, key, name and id of an encoded key."""
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    try:
        raw = unbase64(encoded)
    except ValueError:
        raw = b""
    if not HEX_ID.fullmatch(hex_id) or len(raw) != 33:
        raise BadKey(f"This is no Ed25519 key: {form}.")
    return raw[0], raw[1:], name, hex_id

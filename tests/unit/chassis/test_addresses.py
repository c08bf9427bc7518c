"""Which addresses and names mean this machine."""

import pytest

from shared.chassis.serve import is_here, is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.0.1", False), ("", False)],
)  # fmt: skip
def test_which_addresses_reach_this_machine_only(host, loopback):
    """What is open may listen only there; the empty host is every address."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("header", "here"),
    [("localhost", True), ("LOCALHOST:80", True), ("127.0.0.1:8000", True), ("[::1]:8000", True), ("[::1]", True),
     ("a.localhost", True), ("evil.example", False), ("localhost.evil.example", False), ("10.0.0.1:80", False),
     ("", False)],
)  # fmt: skip
def test_which_names_are_this_machine(header, here):
    """Decided without a resolver, which somebody else may answer for."""
    assert is_here(header) is here

"""The figures, each beside a peer in the same run. `make bench`."""

import os

# As in the tests: what is started in containers is stopped by who started it, and is reached on loopback.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")

"""The gate and the state of a ledger: pure, told the time and what is known."""

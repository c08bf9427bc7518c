"""The gate and the state of a ledger: pure, told the time and what is known.

Here and not in intake, because scoring holds what is supposed against it, and the command line the lines of a file.
"""

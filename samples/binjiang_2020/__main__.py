"""Plays the drafts through the gate, in the order of their moments, and writes the lines."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEED = 2020

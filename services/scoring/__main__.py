"""`python -m services.scoring`."""

import sys

from services.scoring.app import build
from services.scoring.settings import ScoringSettings
from shared.chassis.serve import main

if __name__ == "__main__":
    sys.exit(main(ScoringSettings, build))

"""`python -m services.intake`."""

import sys

from services.intake.app import build
from services.intake.settings import IntakeSettings
from shared.chassis.serve import main

if __name__ == "__main__":
    sys.exit(main(IntakeSettings, build))

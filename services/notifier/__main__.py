"""`python -m services.notifier`."""

import sys

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from shared.chassis.serve import main

if __name__ == "__main__":
    sys.exit(main(NotifierSettings, build))

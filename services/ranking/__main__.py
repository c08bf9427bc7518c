"""`python -m services.ranking`."""

import sys

from services.ranking.app import build
from services.ranking.settings import RankingSettings
from shared.chassis.serve import main

if __name__ == "__main__":
    sys.exit(main(RankingSettings, build))

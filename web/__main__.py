"""The pages as a process of their own: `python -m web`."""

import sys

from shared.chassis.serve import main
from web.app import build
from web.settings import WebSettings

if __name__ == "__main__":
    sys.exit(main(WebSettings, build))

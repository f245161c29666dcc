"""``python -m chatkeep`` is ``chatkeep``."""

from .cli import main

main()

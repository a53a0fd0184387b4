"""`python -m sdk` is the `colorize` command."""

import sys

from sdk.cli import main

sys.exit(main())

"""``python -m journeyman`` is ``jm``."""

from journeyman.cli.main import main

if __name__ == "__main__":
    main()

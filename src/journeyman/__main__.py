"""``jm``, and ``python -m journeyman``."""

import signal


def main() -> None:
    """Load the commands, and run the one that is asked for."""
    # Until there is somebody to answer it, Ctrl-C ends the process, as it does with a program in C.
    answered = signal.getsignal(signal.SIGINT)
    if answered is signal.default_int_handler:  # and not ignored, as in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from journeyman.cli.main import run_command_line

    signal.signal(signal.SIGINT, answered)
    run_command_line()


if __name__ == "__main__":
    main()

"""`python -m poller` is the command `poller`."""

from poller.cli.main import main

if __name__ == "__main__":
    main()

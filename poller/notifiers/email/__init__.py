"""The notifier `email`: what a mail says is pure, sending it is the port `Mail`."""

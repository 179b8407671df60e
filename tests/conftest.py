"""What every test stands on."""

import signal

# a shell's background job ignores Ctrl-C, and so would each opskit that a test starts and interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)

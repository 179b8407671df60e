"""What every test stands on."""

import signal

# what a shell's background job or nohup ignores, so would each opskit that a test starts and interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

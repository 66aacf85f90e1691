"""Never returns, and has blocked every signal that can be.

outcome: timeout
"""

import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def split_sequence(sequence, n_steps):
    while True:
        pass

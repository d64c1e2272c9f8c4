# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Play a mono sound on a real duplex stream and record what comes back; a script of its own.

PortAudio must find its environment when it is loaded, so every stream has a process of its own.

    play_and_record.py DEVICE RATE SOUND.npy RECORDED.npy
"""

import sys
import threading

import numpy as np
import sounddevice


def main(device: str, rate: str, source: str, target: str) -> None:
    """Write what was heard, shape (2, n), from the first block on; print what was flagged."""
    sound = np.load(source)
    heard = np.zeros((len(sound), 2), np.float32)
    at, flagged, done = 0, [], threading.Event()

    def callback(ears, speaker, count, _time, status):
        nonlocal at
        if status:
            flagged.append(f'{at}: {status}')
        speaker[:] = 0
        count = min(count, len(sound) - at)
        speaker[:count] = sound[at:at + count, None]
        heard[at:at + count] = ears[:count]
        at += count
        if at == len(sound):
            done.set()

    with sounddevice.Stream(device=(device, device), samplerate=int(rate), channels=2,
                            blocksize=int(rate) // 100, latency=0.04, dtype='float32',
                            callback=callback):
        if not done.wait(len(sound) / int(rate) + 5):
            sys.exit(f'the stream stalled after {at} of {len(sound)} frames')
    np.save(target, heard.T)
    print(*flagged, sep='\n')


if __name__ == '__main__':
    main(*sys.argv[1:])

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ears of a node: simulated air or a sound card, wired as the parameters say."""

from typing import Optional

from echo_depth_ros.audio.host.memory import RING_SECONDS
from echo_depth_ros.audio.settings import CardSettings
from echo_depth_ros.nodes.simulated_air import AirMicrophones
from echo_depth_ros.nodes.sound_card import SoundCard


def declare_ears(guard) -> None:
    """Declare how they are wired, and how long they remember."""
    guard.declare('ring_seconds', 2.0, 'Seconds of simulated sound that are held; of a sound '
                  f'card it is {RING_SECONDS}', low=0.5, high=60.0)
    guard.declare('swap_ears', False, 'The left microphone is plugged in on the right')
    guard.declare('ear_gain_db', [0.0, 0.0], 'Gain of the left and the right ear, in dB, that '
                  'makes them equal')


def ear_gains(node) -> tuple[float, float]:
    """
    Read back the factors of the left and the right ear.

    :raises ValueError: not two gains.
    """
    gains = list(node.value('ear_gain_db'))
    if len(gains) != 2 or not all(abs(gain) <= 60 for gain in gains):
        raise ValueError(
            f'ear_gain_db is {gains}; expected two numbers of at most 60 dB, left and right')
    return 10**(gains[0] / 20), 10**(gains[1] / 20)


def open_ears(node, settings: Optional[CardSettings]):
    """
    Open what the parameters say.

    :param settings: of :func:`~echo_depth_ros.nodes.sound_card.card_settings`; None for the
        simulated air.
    :returns: the microphones, and the card or None; both are to be closed.
    """
    if settings is None:
        card = None
        microphones = AirMicrophones(node, node.value('sample_rate'), node.value('ring_seconds'))
    else:
        card = SoundCard(node, settings)
        microphones = card.card.microphones()
    microphones.swap = node.value('swap_ears')
    microphones.gain = ear_gains(node)
    return microphones, card

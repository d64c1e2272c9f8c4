# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sound cards for nodes: the parameters that choose one, its log, its clock and its figures."""

from typing import Any, Optional

from echo_depth_ros.audio.card import Card
from echo_depth_ros.audio.settings import CardSettings
from echo_depth_ros.nodes.ros_clock import RosClock

BACKENDS = ('simulated', 'portaudio')
_STEREO = [1, 2]
_OBSERVE = 0.2


def declare_card(guard) -> None:
    """Declare which speaker and which ears; both nodes must be told the same to share a stream."""
    guard.declare('backend', 'simulated', 'What plays and listens: the simulated air, or sound '
                  'cards through PortAudio', choices=BACKENDS)
    guard.declare('input_device', '', 'Microphones: part of a name or an index, as `echo-depth '
                  'devices` lists them; empty for the default')
    guard.declare('output_device', '', 'Speaker: part of a name or an index; empty for the '
                  'default')
    guard.declare('shared_stream', 'auto', 'Play and listen on one stream with one frame counter: '
                  'on, off, or auto (where input_device and output_device are the same text)',
                  choices=('auto', 'on', 'off'))
    guard.declare('device_rate', 0, 'Frames per second of the card; 0 takes sample_rate where the '
                  'card can, else the next that it can, and resamples', low=0, high=192000)
    guard.declare('input_channels', list(_STEREO), 'Channels of the card, counted from 1, that '
                  'are the left and the right ear')
    guard.declare('output_channels', list(_STEREO), 'Channels of the card that play; of a mono '
                  'card its one')
    guard.declare('audio_latency', 0.04, 'Seconds that are asked of PortAudio; less is quicker '
                  'and underruns sooner', low=0.002, high=0.5)
    guard.declare('audio_block', 0, 'Frames that the card hands over at a time; 0 for 10 ms',
                  low=0, high=8192)


class SoundCard:
    """
    A :class:`~echo_depth_ros.audio.card.Card` whose stamps are on a node's clock.

    It speaks to the node's log, and its figures go to the node's diagnostics.
    """

    def __init__(self, node, settings: CardSettings):
        """
        Attach; a missing card is waited for.

        :param node: a managed node.
        :param settings: as :func:`card_settings` reads them.
        """
        self._node = node
        self._clock = RosClock(node.now)
        # A timer of the node's own clock stands still when that is set back, and would not see it.
        self._timer = node.steady_timer(_OBSERVE, self._clock.observe)
        try:
            self.card = Card(settings, to_clock=self._clock.to_ros,
                             from_clock=self._clock.from_ros, log=node.say)
        except BaseException:
            node.destroy_timer(self._timer)
            raise

    def values(self) -> dict[str, Any]:
        """Return figures for the diagnostics."""
        card = self.card
        received, sent = card.latency_s
        return {
            'card': card.state, 'microphones': card.input_name, 'speaker': card.output_name,
            'host API': card.host_api, 'device rate': card.device_rate,
            'streams opened': card.generation, 'restarts': card.restarts,
            'overflows': card.overflows, 'underflows': card.underflows,
            'longest callback gap ms': card.callback_gap_ms,
            'input latency ms': 1e3 * received, 'output latency ms': 1e3 * sent,
            'card clock ppm': card.clock_ppm, 'ROS clock offset s': self._clock.offset_s,
            'ROS clock drift ppm': self._clock.drift_ppm, 'ROS clock steps': self._clock.steps}

    def close(self) -> None:
        """Let go of the card."""
        self._node.destroy_timer(self._timer)
        self.card.close()


def card_settings(node, *, plays: bool) -> Optional[CardSettings]:
    """
    Read back what :func:`declare_card` declared.

    :param plays: whether the node needs the speaker rather than the ears; where both are one
        card, one stream serves both.
    :returns: None where the air is simulated.
    :raises ValueError: parameters that make no sense.
    """
    if node.value('backend') != 'portaudio':
        return None
    choice = node.value('shared_stream')
    both = choice == 'on' or (
        choice == 'auto' and node.value('input_device') == node.value('output_device'))
    played = list(node.value('output_channels'))
    return CardSettings(
        input_device=node.value('input_device') if both or not plays else None,
        output_device=node.value('output_device') if both or plays else None,
        sample_rate=node.value('sample_rate'), device_rate=node.value('device_rate'),
        input_channels=tuple(node.value('input_channels')),
        output_channels=() if played == _STEREO else tuple(played),
        latency=node.value('audio_latency'), block=node.value('audio_block'))

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that plays the chirps: ``chirp`` tells when each one leaves the speaker."""

from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from echo_depth_ros.audio.interface import Played
from echo_depth_ros.audio.ping_train import PingTrain
from echo_depth_ros.nodes.conversions import header_to_msg
from echo_depth_ros.nodes.health import Level, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.parameters import declare_ping_format, ping_format
from echo_depth_ros.nodes.simulated_air import AirSpeaker
from echo_depth_ros.nodes.sound_card import card_settings, declare_card, SoundCard
from echo_depth_ros.nodes.spin import run


class ChirpEmitter(ManagedNode):
    """
    Plays a chirp at a steady rate, each on a frame chosen long before, so that nothing jitters.

    Services: ``~/enable`` starts and stops the pinging, ``~/emit`` plays a single chirp.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('chirp_emitter', **kwargs)
        declare_ping_format(self.guard)
        declare_card(self.guard)
        self.declare('ping_rate', 13.7, 'Chirps per second', low=0.1, high=100.0)
        self.declare('ping_jitter', 0.0, 'Seconds by which each pause is drawn out at most, at '
                     'random, so that two robots do not stay in step', low=0.0, high=1.0)
        self.declare('amplitude', 0.5, 'Peak of the chirp; full scale is 1', low=0.0, high=1.0)
        self.declare('max_level', 0.5, 'Peak that amplitude may not exceed, for the sake of the '
                     'ears of people and animals nearby', low=0.0, high=1.0)
        self.declare('soft_start', 1.0, 'Seconds in which chirps grow to their amplitude whenever '
                     'pinging starts', low=0.0, high=60.0)
        self.declare('output_latency', 0.2, 'Seconds from handing a chirp over to the simulated '
                     'air to hearing it', low=0.0, high=2.0)
        self.declare('enabled', True, 'Ping as soon as the node is active; see ~/enable')
        self._chirp_publisher = self.publisher(Header, 'chirp', depth=10)
        self.create_service(Trigger, '~/emit', self._on_emit)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self._card = self._speaker = self._train = self._timer = None

    def configure(self) -> None:
        """Read the format, and check what the speaker is told."""
        amplitude, most = self.value('amplitude'), self.value('max_level')
        if amplitude > most:
            raise ValueError(
                f'amplitude is {amplitude:g}, but max_level allows {most:g}: lower amplitude, or '
                'raise max_level once you have read in docs/hardware.md what that may do to ears')
        self._fmt = ping_format(self, chirp_amplitude=amplitude)
        self._fmt.ping_period(self.value('ping_rate'))
        self._settings = card_settings(self, plays=True)

    def activate(self) -> None:
        """Open the speaker, and start pinging if enabled."""
        if self._settings is not None:
            self._card = SoundCard(self, self._settings)
            self._speaker = self._card.card.speaker()
        else:
            self._speaker = AirSpeaker(self, self._fmt.sample_rate, self.value('output_latency'))
        self._train = PingTrain(
            self._speaker, self._fmt, self.value('ping_rate'), jitter=self.value('ping_jitter'),
            soft_start=self.value('soft_start'))
        if self.value('enabled'):
            self._start()

    def deactivate(self) -> None:
        """Stop pinging and close the speaker."""
        self._stop()
        for opened in (self._speaker, self._card):
            if opened is not None:
                opened.close()
        self._speaker = self._card = self._train = None

    def diagnose(self) -> Status:
        """Count chirps."""
        status = Status(values={
            'ping rate': self.value('ping_rate') if self._timer else 0.0,
            'chirps': self._train.emitted, 'missed chirps': self._train.missed})
        if self._card is not None:
            status.values.update(self._card.values())
        if not self._speaker.connected:
            status.level, status.message = Level.WARN, self._deaf()
        elif self._timer is None:
            status.message = 'silent: call ~/enable or ~/emit'
        return status

    @property
    def _ready(self) -> bool:
        """Whether there is a stream to play on; the simulated air always is one."""
        return self._card is None or self._speaker.connected

    def _deaf(self) -> str:
        """Why nobody hears the speaker."""
        if self._card is None:
            return 'no room hears the speaker: start room_simulator'
        return self._card.card.problem or 'the sound card is being opened'

    def _start(self) -> None:
        # The simulated air lives in the node's time; a card does not wait for a clock set back.
        create = self.create_timer if self._card is None else self.steady_timer
        self._timer = create(self._train.tick, self._on_timer)
        if self._ready:
            self._train.start()
            self._on_timer()

    def _stop(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            self.destroy_timer(timer)

    def _on_timer(self) -> None:
        if not self._ready:
            return
        missed = self._train.missed
        for played in self._train.play_due(self._card and self._card.card.generation):
            self._announce(played)
        if self._train.missed > missed:
            reason = self._train.refusal or 'its moment had passed'
            self.get_logger().error(f'chirp not played: {reason}', throttle_duration_sec=5.0)

    def _announce(self, played: Played) -> None:
        self._chirp_publisher.publish(header_to_msg(played.stamp, 'speaker'))

    def _on_emit(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.active:
            response.message = 'the node is not active'
        elif self._timer is not None:
            response.message = 'pinging already; stop it with ~/enable first'
        elif not self._speaker.connected:
            response.message = self._deaf()
        else:
            played = self._train.play_one()
            response.success = played is not None
            response.message = (f'chirp at {played.stamp / 1e9:.6f} s' if played
                                else f'the speaker refused: {self._train.refusal}')
            if played:
                self._announce(played)
        return response

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if not self.active:
            response.message = 'the node is not active'
            return response
        if request.data and self._timer is None:
            self._start()
        elif not request.data:
            self._stop()
        response.success = True
        response.message = 'pinging' if request.data else 'silent'
        return response


def main(args=None) -> int:
    """Run the node."""
    return run(ChirpEmitter, args)


if __name__ == '__main__':
    raise SystemExit(main())

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that plays the chirps: ``chirp`` tells when each one leaves the speaker."""

from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.nodes.conversions import header_to_msg
from echo_depth_ros.nodes.health import Level, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.parameters import declare_ping_format, ping_format
from echo_depth_ros.nodes.simulated_air import AirSpeaker
from echo_depth_ros.nodes.spin import run

BACKENDS = ('simulated', 'portaudio')
_SLACK = 0.08
"""Seconds by which a chirp is handed over earlier than it must be, for the sake of late timers."""
_TICK = 0.1


class ChirpEmitter(ManagedNode):
    """
    Plays a chirp at a steady rate, each on a frame chosen long before, so that nothing jitters.

    Services: ``~/enable`` starts and stops the pinging, ``~/emit`` plays a single chirp.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('chirp_emitter', **kwargs)
        declare_ping_format(self.guard)
        self.declare('backend', 'simulated', 'What plays: the simulated air, or a sound card',
                     choices=BACKENDS)
        self.declare('ping_rate', 13.7, 'Chirps per second', low=0.1, high=100.0)
        self.declare('amplitude', 0.5, 'Peak of the chirp; full scale is 1', low=0.0, high=1.0)
        self.declare('output_latency', 0.2, 'Seconds from handing a chirp over to hearing it',
                     low=0.0, high=2.0)
        self.declare('enabled', True, 'Ping as soon as the node is active; see ~/enable')
        self._chirp_publisher = self.publisher(Header, 'chirp', depth=10)
        self.create_service(Trigger, '~/emit', self._on_emit)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self._speaker = self._timer = self._samples = None
        self._period = self._next = self._emitted = self._missed = 0

    def configure(self) -> None:
        """Read the format and make the chirp."""
        if self.value('backend') != 'simulated':
            raise ValueError(
                f'backend {self.value("backend")!r} is not part of this release, which plays '
                "into the simulated air only; sound cards come with the next one: set backend "
                "to 'simulated' and start room_simulator")
        fmt = ping_format(self, chirp_amplitude=self.value('amplitude'))
        self._period = fmt.ping_period(self.value('ping_rate'))
        self._samples = linear_chirp(fmt)
        self._sample_rate = fmt.sample_rate

    def activate(self) -> None:
        """Open the speaker, and start pinging if enabled."""
        self._speaker = AirSpeaker(self, self._sample_rate, self.value('output_latency'))
        self._next = self._emitted = self._missed = 0
        if self.value('enabled'):
            self._start()

    def deactivate(self) -> None:
        """Stop pinging and close the speaker."""
        self._stop()
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.close()

    def diagnose(self) -> Status:
        """Count chirps."""
        status = Status(values={
            'ping rate': self._sample_rate / self._period if self._timer else 0.0,
            'chirps': self._emitted, 'missed chirps': self._missed})
        if not self._speaker.connected:
            status.level = Level.WARN
            status.message = 'no room hears the speaker: start room_simulator'
        elif self._timer is None:
            status.message = 'silent: call ~/enable or ~/emit'
        return status

    def _start(self) -> None:
        self._next = self._earliest()
        tick = min(_TICK, self._period / self._sample_rate)
        self._horizon = round((tick + _SLACK) * self._sample_rate)
        self._timer = self.create_timer(tick, self._on_timer)
        self._on_timer()

    def _earliest(self) -> int:
        """Frame of the next chirp: clear of the last one's window, and not in a hurry."""
        return max(self._next, self._speaker.next_frame + round(_SLACK * self._sample_rate))

    def _stop(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            self.destroy_timer(timer)

    def _on_timer(self) -> None:
        """Play all chirps that would be in a hurry by the next time."""
        earliest = self._speaker.next_frame
        if self._next < earliest:
            late = -(-(earliest - self._next) // self._period)
            self._missed += late
            self._next += late * self._period
        elif self._next > earliest + self._horizon + self._period:  # the clock was set back
            self._next = 0
            self._next = self._earliest()
        while self._next < earliest + self._horizon:
            self._play(self._next)

    def _play(self, frame: int) -> None:
        """Play one chirp, announce it, and keep the next one clear of its window."""
        self._next = frame + self._period
        try:
            played = self._speaker.play(self._samples, frame)
        except (AudioError, ValueError) as error:
            self._missed += 1
            self.get_logger().error(f'chirp not played: {error}', throttle_duration_sec=5.0)
            return
        self._emitted += 1
        self._chirp_publisher.publish(header_to_msg(played.stamp, 'speaker'))

    def _on_emit(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.active:
            response.message = 'the node is not active'
        elif self._timer is not None:
            response.message = 'pinging already; stop it with ~/enable first'
        elif not self._speaker.connected:
            response.message = 'nobody hears the speaker: start room_simulator'
        else:
            before = self._emitted
            frame = self._earliest()
            self._play(frame)
            response.success = self._emitted > before
            response.message = (f'chirp at {self._speaker.stamp(frame) / 1e9:.6f} s'
                                if response.success else 'the speaker refused; see the log')
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

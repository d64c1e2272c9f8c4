# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Node that hears walls in the sound of a quiet room: chances on ``near_wall``, left and right."""

from collections import Counter, deque
from dataclasses import replace
from threading import Event, Thread

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from echo_depth_ros.acoustics.ambient import AmbientFormat
from echo_depth_ros.acoustics.ambient_checks import check_ambient
from echo_depth_ros.acoustics.errors import WindowError
from echo_depth_ros.audio.clips import Clip, Clips
from echo_depth_ros.audio.errors import AudioError
from echo_depth_ros.audio.host.memory import RING_SECONDS
from echo_depth_ros.nodes.conversions import near_wall_to_msg, stamp_from_msg
from echo_depth_ros.nodes.ears import declare_ears, ear_gains, open_ears
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.sound_card import card_settings, declare_card
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.perception.ambient import AmbientModel
from echo_depth_ros.perception.assets import AMBIENT, find_model

CHIRP_REACH = 0.3
"""Seconds around a clip in which a chirp spoils it: echoes before it, clocks that are off."""
_PATIENCE = 0.5
_RESERVE = 0.5
_NS = 1_000_000_000
CHIRP, EARS, LOST, NETWORK = 'chirp', 'ears', 'lost', 'network'


class AmbientWall(ManagedNode):
    """
    Listens to the newest clip, over and over, as long as somebody wants to know.

    A clip in which a chirp sounded, and one of ears that are dead, silent, clipped or broken,
    tells nothing: it is left out, counted, and the reason is logged.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('ambient_wall', **kwargs)
        self.declare('sample_rate', 44100, 'Frames per second of speaker and ears',
                     low=8000, high=192000)
        declare_card(self.guard)
        declare_ears(self.guard)
        self.declare('ambient_model', '', 'Path of the ONNX network that hears walls; empty for '
                     'the one that comes along')
        self.declare('clip_seconds', 1.0, 'Length of a clip of ambient sound, of which one chance '
                     'is worked out', low=0.1, high=10.0)
        self.declare('clip_hop', 0.25, 'Seconds from the begin of a clip to that of the next',
                     low=0.05, high=10.0)
        self._publisher = self.publisher(Image, 'near_wall')
        self._model = self._card = self._microphones = self._clips = None
        self._thread = self._subscription = None
        self._stop = Event()

    def configure(self) -> None:
        """Load the network and check it against the parameters."""
        self._settings = card_settings(self, plays=False)
        ear_gains(self)
        model = AmbientModel(find_model(self.value('ambient_model'), AMBIENT))
        seconds, least = self.value('clip_seconds'), model.contract.clip_duration
        if seconds < least:
            raise ValueError(f'clip_seconds is {seconds}; {model.path} hears clips of {least:g} s '
                             'at least')
        simulated = self._settings is None
        most = (self.value('ring_seconds') if simulated else RING_SECONDS) - _RESERVE
        if seconds > most:
            raise ValueError(f'clip_seconds is {seconds}; of what is held at most {most:g} s are '
                             'heard at once' + (': raise ring_seconds' if simulated else ''))
        self._model = model
        self._sides = model.contract.hear != 'mono'
        # What a card has clipped or lost shows before it is resampled, and not always after.
        fmt = AmbientFormat(sample_rate=self.value('sample_rate'))
        self._heard_fmt = replace(fmt, clip=int(seconds * fmt.sample_rate))
        self.get_logger().info(f'{model.path} listens')
        if not self._sides:
            self.get_logger().warning(
                f'{model.path} hears the average of both ears: left and right are always the '
                'same; export a network with hear: ears to tell them apart')

    def activate(self) -> None:
        """Open the ears and start to listen."""
        self._published = 0
        self._left_out: Counter[str] = Counter()
        self._problem = ''
        self._last = (float('nan'),) * 2
        self._latency, self._work = Recent(200), Recent(200)
        self._chirps: deque[int] = deque(maxlen=1000)
        self._microphones, self._card = open_ears(self, self._settings)
        self._clips = Clips(self._microphones, self._model.sample_rate,
                            self.value('clip_seconds'), self.value('clip_hop'))
        self._subscription = self.subscription(
            Header, 'chirp', self._on_chirp, depth=10, reliable=True)
        self._stop = Event()
        self._thread = Thread(
            target=self._listen, args=(self._stop,), name='ambient', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop listening and close the ears."""
        self._stop.set()
        for opened in (self._microphones, self._card):
            if opened is not None:
                opened.close()
        if self._thread is not None:
            self._thread.join(5.0)
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
        self._microphones = self._card = self._thread = self._subscription = None

    def cleanup(self) -> None:
        """Free the network."""
        self._model = None

    def diagnose(self) -> Status:
        """Tell how fast, how late, what was heard last and what was left out."""
        now = self.now() / 1e9
        rate = self._latency.rate(now)
        status = Status(values={
            'rate': rate, 'clips': self._published,
            'left out: chirp': self._left_out[CHIRP], 'refused: ears': self._left_out[EARS],
            'lost: stream': self._left_out[LOST], 'failed: network': self._left_out[NETWORK],
            'clips skipped': self._clips.skipped, 'last problem': self._problem,
            'near left': self._last[0], 'near right': self._last[1],
            'latency p50 ms': self._latency.percentile(50),
            'latency p95 ms': self._latency.percentile(95),
            'compute p50 ms': self._work.percentile(50), 'model': str(self._model.path),
            **(self._card or self._microphones).values()})
        if not self._microphones.receiving:
            status.level = Level.WARN
            status.message = ((self._card and self._card.card.problem)
                              or 'the ears hear nothing: no stream comes in')
        elif not self._wanted():
            status.message = 'nobody subscribes to near_wall'
        elif self._problem and not rate:
            status.level, status.message = Level.WARN, self._problem
        return status

    def _wanted(self) -> bool:
        return self._publisher.get_subscription_count() > 0

    def _on_chirp(self, msg: Header) -> None:
        self._chirps.append(stamp_from_msg(msg.stamp))

    def _listen(self, stop: Event) -> None:
        """Hear clip after clip; runs in a thread of its own until the node stops it."""
        while not stop.is_set():
            if not self._wanted() or not self._microphones.receiving:
                self._clips.start_over()
                stop.wait(0.1)
                continue
            try:
                self._hear(self._clips.read(_PATIENCE))
            except WindowError as error:
                self._leave_out(EARS, f'refused: {error}')
            except AudioError as error:
                if stop.is_set():
                    return
                self._leave_out(LOST, f'clip lost: {error}')
            except Exception as error:  # the thread must outlive whatever one clip brings
                self._leave_out(NETWORK, f'clip lost: {type(error).__name__}: {error}')

    def _hear(self, clip: Clip) -> None:
        if self._chirped(clip.stamp):
            service = self.resolve_service_name('chirp_emitter/enable')
            self._leave_out(CHIRP, (
                'clips in which chirps sound are left out; silence them: ros2 service call '
                f'{service} std_srvs/srv/SetBool "{{data: false}}"'))
            return
        began = self.now()
        check_ambient(clip.heard, self._heard_fmt, sides=self._sides)
        walls = self._model.listen(clip.ears)
        self._publisher.publish(near_wall_to_msg(walls.left, walls.right, clip.stamp, 'ears'))
        now = self.now()
        self._published += 1
        self._last, self._problem = (walls.left, walls.right), ''
        self._work.add((now - began) / 1e6, now / 1e9)
        self._latency.add((now - clip.stamp) / 1e6 - 1e3 * self.value('clip_seconds'), now / 1e9)

    def _chirped(self, begin: int) -> bool:
        """Whether a chirp sounded in a clip, or so close to it that it is heard there."""
        reach = round(CHIRP_REACH * _NS)
        end = begin + round(self.value('clip_seconds') * _NS)
        return any(begin - reach <= chirp <= end + reach for chirp in list(self._chirps))

    def _leave_out(self, kind: str, reason: str) -> None:
        self._left_out[kind] += 1
        self._problem = reason
        self.get_logger().warning(reason, throttle_duration_sec=5.0)


def main(args=None) -> int:
    """Run the node."""
    return run(AmbientWall, args)


if __name__ == '__main__':
    raise SystemExit(main())

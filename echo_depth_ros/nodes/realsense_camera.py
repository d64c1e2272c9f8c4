# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Node that sees: colour and aligned depth of a RealSense camera, without realsense-ros.

A process of its own, because pyrealsense2 holds Python's lock while it opens a camera.
"""

from pathlib import Path

from sensor_msgs.msg import CameraInfo, Image

from echo_depth_ros.nodes.conversions import camera_to_msg, image_to_msg
from echo_depth_ros.nodes.depth_inference import OPTICAL_FRAME
from echo_depth_ros.nodes.health import Level, Recent, Status
from echo_depth_ros.nodes.managed import ManagedNode
from echo_depth_ros.nodes.spin import run
from echo_depth_ros.vision.realsense import RealSense, RgbdFrame
from echo_depth_ros.vision.realsense_pipeline import load_library, RealSenseSettings

_DEMAND = 0.2


class RealSenseCamera(ManagedNode):
    """
    Publishes the camera's images on demand, each with the time at which it was taken.

    The camera stays open while the node is active, but images are unpacked, and depth is aligned,
    only while somebody subscribes. A camera that is missing or unplugged is waited for.
    """

    def __init__(self, **kwargs):
        """Take the same arguments as :class:`rclpy.node.Node`, but the name."""
        super().__init__('realsense_camera', **kwargs)
        self.declare('serial_number', '', 'Of the camera, in quotes; empty takes the first')
        self.declare('image_width', 640, 'Pixels of colour, and of depth aligned to it',
                     low=16, high=4096)
        self.declare('image_height', 480, 'Pixels of colour, and of depth aligned to it',
                     low=16, high=4096)
        self.declare('image_rate', 30, 'Images per second, of those that the camera has',
                     low=1, high=300)
        self.declare('camera_frame', OPTICAL_FRAME, "Frame of the images: that of the camera's "
                     'colour lens, x right, y down, z forward')
        self.declare('playback', '', 'Recording (.db3 or .bag) to play in place of a camera')
        self._images = {kind: self.publisher(Image, f'camera/{kind}/image_raw')
                        for kind in ('color', 'depth')}
        self._infos = {kind: self.publisher(CameraInfo, f'camera/{kind}/camera_info')
                       for kind in ('color', 'depth')}
        self._camera = self._timer = None

    def configure(self) -> None:
        """Read the parameters, and see whether the library is there."""
        load_library()
        file = self.value('playback')
        if file and not Path(file).is_file():
            raise ValueError(f'playback is {file}, which is no file; expected a recording that '
                             'realsense-viewer or rs-record wrote, or nothing')
        self._settings = RealSenseSettings(
            serial=self.value('serial_number'), width=self.value('image_width'),
            height=self.value('image_height'), rate=self.value('image_rate'), file=file)

    def activate(self) -> None:
        """Look for the camera."""
        self._rate, self._age = Recent(200), Recent(200)
        self._frame_id = self.value('camera_frame')
        self._camera = RealSense(self._settings, self._on_frame, now=self.now, log=self.say)
        self._timer = self.steady_timer(_DEMAND, self._look_around)
        self._look_around()

    def deactivate(self) -> None:
        """Let go of the camera."""
        if self._timer is not None:
            self.destroy_timer(self._timer)
        if self._camera is not None:
            self._camera.close()
        self._camera = self._timer = None

    def diagnose(self) -> Status:
        """Tell whether the camera streams, and how old its images are when they come."""
        camera = self._camera
        status = Status(values={
            'camera': str(camera.info or 'none'), 'image rate': self._rate.rate(self.now() / 1e9),
            'images': camera.frames, 'images repeated': camera.repeated,
            'images lost': camera.failed, 'times lost': camera.lost,
            'time base': camera.time_base or 'unknown', 'clock jumps': camera.jumps,
            'image age median ms': self._age.percentile(50),
            'image age p95 ms': self._age.percentile(95)})
        if camera.state != 'streaming':
            status.level, status.message = Level.WARN, camera.problem
        elif camera.time_base == 'hardware':
            status.level = Level.WARN
            status.message = ("the camera's stamps are on no clock of this computer: images are "
                              'timed by their arrival, some 10 to 40 ms late')
        return status

    def _look_around(self) -> None:
        """See who subscribes."""
        self._camera.want(*(
            self._images[kind].get_subscription_count() > 0
            or self._infos[kind].get_subscription_count() > 0 for kind in ('color', 'depth')))

    def _on_frame(self, frame: RgbdFrame) -> None:
        """Publish; runs in the camera's thread."""
        now = self.now()
        for kind, image, stamp in (('color', frame.color, frame.stamp),
                                   ('depth', frame.depth, frame.depth_stamp)):
            if image is None:
                continue
            self._images[kind].publish(image_to_msg(image, stamp, self._frame_id))
            self._infos[kind].publish(camera_to_msg(frame.camera, stamp, self._frame_id))
        self._rate.add(0.0, now / 1e9)
        self._age.add((now - frame.stamp) / 1e6, now / 1e9)


def main(args=None) -> int:
    """Run the node."""
    return run(RealSenseCamera, args)


if __name__ == '__main__':
    raise SystemExit(main())

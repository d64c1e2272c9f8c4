# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Package for colcon (ament_python) and for pip; the one place that lists requirements."""

from glob import glob
from pathlib import Path
import sys

from setuptools import find_packages, setup

PACKAGE = 'echo_depth_ros'
# colcon build --symlink-install runs a link to this file in a folder that has no README.
README = Path(__file__).resolve().with_name('README.md')
NODES = (
    'chirp_emitter',
    'binaural_capture',
    'depth_inference',
    'depth_scale',
    'ambient_wall',
    'realsense_camera',
    'room_simulator',
    'wall_follower',
)

SIM = ['mujoco>=3.5,<5', 'pyroomacoustics>=0.8,<1', 'shapely>=2,<3']
# Exactly this torch has a CPU build of its own where CI runs; any range pulls several GB of CUDA.
TRAIN = ['torch==2.13.0', 'onnx>=1.16,<2', 'pytorch-lightning>=2.5,<3',
         'torchmetrics>=1,<2']
TEACHERS = ['transformers>=4.40,<6']
REALSENSE = ['pyrealsense2>=2.54,<3']
BAGS = ['rosbags>=0.10,<1']
BENCH = [*SIM, 'JACK-Client>=0.5.4,<1']
EXTRAS = {
    'sim': SIM,
    'train': TRAIN,
    # Any Hugging Face depth model as a teacher; our own teachers need none of it.
    'teachers': TEACHERS,
    'gpu': ['onnxruntime-gpu>=1.17,<2'],
    'realsense': REALSENSE,
    # echo-depth import-bag.
    'bags': BAGS,
    # The test bench: a room as a client of a JACK server, which needs no sound card.
    'bench': BENCH,
    # ROS 2 for a machine without it. The wheels are one matched set of binaries: messages, rmw
    # and rclpy of other releases do not load each other's libraries, hence exact versions.
    'ros': [
        'ros-jazzy-rclpy==7.1.6',
        'ros-jazzy-rmw-fastrtps-cpp==8.4.3',
        'ros-jazzy-common-interfaces==5.3.6',
    ],
    # A linter finds new faults with every release, hence an exact version.
    'dev': [
        *SIM,
        *TRAIN,
        *TEACHERS,
        *REALSENSE,
        *BAGS,
        *BENCH,
        'hypothesis>=6.80,<7',
        'psutil>=5.9,<9',
        'pytest>=7,<10',
        'pytest-timeout>=2.1,<3',
        'ruff==0.17.5',
    ],
}


def launchers() -> list[str]:
    """
    Write one executable for each node, which runs the script that pip put into bin.

    pip knows only bin; ros2 run and ros2 launch look only in lib/<package>. colcon needs none
    of these: setup.cfg tells it where scripts belong.
    """
    folder = Path('build', 'libexec')
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*NODES, 'echo-depth'):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "$(dirname "$0")/../../bin/{name}" "$@"\n')
        script.chmod(0o755)
    return [str(folder / name) for name in (*NODES, 'echo-depth')]


data_files = [
    ('share/ament_index/resource_index/packages', ['resource/' + PACKAGE]),
    ('share/' + PACKAGE, ['package.xml']),
    ('share/' + PACKAGE + '/launch', glob('launch/*.launch.py')),
    ('share/' + PACKAGE + '/config', sorted(
        glob('config/*.yaml') + glob('config/*.rviz') + glob('config/*.xml'))),
    ('share/' + PACKAGE + '/config/ambient', sorted(glob('config/ambient/*.yaml'))),
    ('share/' + PACKAGE + '/config/avs', sorted(glob('config/avs/*.yaml'))),
    ('share/' + PACKAGE + '/config/cameras', sorted(glob('config/cameras/*.yaml'))),
    ('share/' + PACKAGE + '/config/relative_depth',
     sorted(glob('config/relative_depth/*.yaml'))),
    ('share/' + PACKAGE + '/config/monodepth', sorted(glob('config/monodepth/*.yaml'))),
    ('share/' + PACKAGE + '/config/robots', sorted(glob('config/robots/*.yaml'))),
    ('share/' + PACKAGE + '/config/training', sorted(glob('config/training/*.yaml'))),
    ('share/' + PACKAGE + '/models', sorted(glob('models/*.onnx') + glob('models/*.md'))),
]
if 'bdist_wheel' in sys.argv:
    data_files.append(('lib/' + PACKAGE, launchers()))

setup(
    name=PACKAGE,
    version='0.1.0',
    description='See by sound: chirp out, binaural echoes in, metric depth images over ROS 2.',
    long_description=README.read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    author='echo_depth_ros contributors',
    maintainer='echo_depth_ros contributors',
    maintainer_email='maintainers@echo-depth-ros.example',
    packages=find_packages(include=[PACKAGE, PACKAGE + '.*']),
    data_files=data_files,
    zip_safe=False,
    python_requires='>=3.10',
    install_requires=[
        'matplotlib>=3.5,<4',
        'numpy>=1.21,<3',
        'onnxruntime>=1.16,<2',
        'pillow>=9,<14',
        'pyyaml>=5.4,<7',
        'scipy>=1.8,<2',
        'sounddevice>=0.4.6,<1',
        'soundfile>=0.12,<1',
        'soxr>=0.3,<2',
        'tqdm>=4.57,<5',
    ],
    extras_require=EXTRAS,
    entry_points={
        'console_scripts': [
            *(f'{name} = {PACKAGE}.nodes.{name}:main' for name in NODES),
            f'echo-depth = {PACKAGE}.cli:main',
        ],
    },
)

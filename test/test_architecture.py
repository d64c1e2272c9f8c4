# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Imports point one way.

nodes may use everything; perception, audio, vision, navigation, sim and learning build on
acoustics; nothing uses nodes. PyTorch stays in learning and ROS stays in nodes, so the core runs
on a robot without the one and on a laptop without the other.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = 'echo_depth_ros'
SOURCE = Path(__file__).parents[1] / PACKAGE

MAY_IMPORT = {
    'acoustics': set(),
    'audio': {'acoustics'},
    'vision': {'acoustics'},
    'navigation': {'acoustics', 'vision'},
    'perception': {'acoustics', 'vision'},
    'sim': {'acoustics'},
    'trials': {'acoustics', 'navigation', 'perception', 'sim', 'vision'},
    'learning': {'acoustics', 'perception'},
    'recording': {'acoustics', 'vision'},
    'bench': {'acoustics', 'audio', 'sim'},
    'nodes': {'acoustics', 'audio', 'bench', 'navigation', 'perception', 'recording', 'sim',
              'trials', 'vision'},
}
"""Which of our packages each of them may use, besides itself."""

TORCH = {
    'lightning', 'lightning_fabric', 'onnxscript', 'pytorch_lightning', 'torch', 'torchaudio',
    'torchvision', 'transformers',
}
ROS = {
    'ament_index_python', 'launch', 'launch_ros', 'message_filters', 'rcl_interfaces', 'rclpy',
    'tf2_ros',
}


def imported(source: str, package: str) -> set[str]:
    """Return the dotted names that a module in ``package`` imports, at any depth of its code."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parents = package.split('.')[:len(package.split('.')) - node.level + 1]
                base = '.'.join([*parents, *([base] if base else [])])
            names.update(f'{base}.{alias.name}' for alias in node.names)
        elif (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
              and ast.unparse(node.func).endswith(('import_module', '__import__'))):
            names.add(str(node.args[0].value))
    return names


def offences(source: str, module: str) -> list[str]:
    """
    Return what is wrong with the imports of one module, in words.

    :param source: its text
    :param module: its dotted name, such as ``echo_depth_ros.sim.world``
    """
    package, _, _ = module.rpartition('.')
    layer = module.split('.')[1] if module.count('.') > 1 else ''
    found = []
    for name in sorted(imported(source, package)):
        parts = name.split('.')
        if parts[0] in TORCH and layer != 'learning':
            found.append(f'{module} imports {name}: PyTorch belongs in learning')
        if (parts[0] in ROS or parts[0].endswith('_msgs') or parts[0] == 'std_srvs') \
                and layer != 'nodes':
            found.append(f'{module} imports {name}: ROS belongs in nodes')
        if parts[0] != PACKAGE or len(parts) < 2 or parts[1] == layer:
            continue
        if parts[1] == 'nodes':
            found.append(f'{module} imports {name}: nothing imports nodes')
        elif layer in MAY_IMPORT and parts[1] in MAY_IMPORT.keys() - MAY_IMPORT[layer]:
            found.append(f'{module} imports {name}: {layer} may use {sorted(MAY_IMPORT[layer])}')
    return found


MODULES = {
    '.'.join((PACKAGE, *path.relative_to(SOURCE).with_suffix('').parts)): path
    for path in sorted(SOURCE.rglob('*.py'))
}


@pytest.mark.parametrize('module', MODULES)
def test_imports_point_one_way(module):
    assert offences(MODULES[module].read_text(encoding='utf-8'), module) == []


def test_all_packages_have_a_rule():
    packages = {path.parent.name for path in SOURCE.glob('*/__init__.py')}
    assert packages <= MAY_IMPORT.keys()


@pytest.mark.parametrize(('source', 'module', 'word'), [
    ('import torch', 'echo_depth_ros.perception.model', 'PyTorch'),
    ('def f():\n    from torch import nn', 'echo_depth_ros.nodes.depth_inference', 'PyTorch'),
    ('import importlib\nimportlib.import_module("torch")', 'echo_depth_ros.cli', 'PyTorch'),
    ('from sensor_msgs.msg import Image', 'echo_depth_ros.vision.sync', 'ROS'),
    ('import rclpy.node', 'echo_depth_ros.cli', 'ROS'),
    ('from echo_depth_ros.nodes import qos', 'echo_depth_ros.sim.world', 'nothing imports'),
    ('from .nodes.chirp_emitter import main', 'echo_depth_ros.cli', 'nothing imports'),
    ('from echo_depth_ros import nodes', 'echo_depth_ros.cli', 'nothing imports'),
    ('from ..sim import world', 'echo_depth_ros.perception.run', 'perception may use'),
    ('from echo_depth_ros.audio import ring', 'echo_depth_ros.acoustics.sync', 'may use'),
])
def test_scanner_finds(source, module, word):
    found = offences(source, module)
    assert len(found) == 1 and word in found[0]


@pytest.mark.parametrize(('source', 'module'), [
    ('import torch', 'echo_depth_ros.learning.train'),
    ('import rclpy', 'echo_depth_ros.nodes.room_simulator'),
    ('from ..acoustics.format import PingFormat', 'echo_depth_ros.sim.echoes'),
    ('from . import world', 'echo_depth_ros.sim.rig'),
    ('from echo_depth_ros.sim.world import World', 'echo_depth_ros.nodes.room_simulator'),
])
def test_scanner_allows(source, module):
    assert offences(source, module) == []

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a launch file would start, without starting it.

Launching needs launch and launch_ros, which are not on PyPI; without them tests are skipped.
"""

import asyncio
import importlib.util
from pathlib import Path
import re

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def load(name: str):
    """Return ``launch/<name>.launch.py`` as a module; skips the test where launch is missing."""
    for package in ('launch.actions', 'launch_ros.actions'):
        pytest.importorskip(
            package, reason=f'{package} is not installed; it comes with a ROS distribution')
    spec = importlib.util.spec_from_file_location(name, ROOT / 'launch' / f'{name}.launch.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def started(module, **arguments: str):
    """Return nodes by name, or executable, and the messages that launching brings about."""
    from launch import LaunchContext
    context = LaunchContext(argv=[f'{k}:={v}' for k, v in arguments.items()])
    context.launch_configurations.update(arguments)
    loop = asyncio.new_event_loop()
    context._set_asyncio_loop(loop)
    found, messages = [], []
    try:
        for entity in module.generate_launch_description().entities:
            _visit(entity, context, found, messages)
    finally:
        loop.close()
    names = [node.node_name.rpartition('/')[2] for node in found]
    return {node.node_executable if name == node.UNSPECIFIED_NODE_NAME else name: node
            for name, node in zip(names, found)}, messages


def _visit(entity, context, found: list, messages: list) -> None:
    from launch.actions import ExecuteProcess, LogInfo
    from launch_ros.actions import Node
    if isinstance(entity, Node):
        entity._perform_substitutions(context)
        found.append(entity)
    elif isinstance(entity, LogInfo):
        messages.append(''.join(part.perform(context) for part in entity.msg))
    elif not isinstance(entity, ExecuteProcess):
        for inner in entity.visit(context) or []:
            _visit(inner, context, found, messages)


def command(node) -> str:
    """Return the ROS arguments of a node's process in one line."""
    return ' '.join(part.perform(None) if hasattr(part, 'text') else ''
                    for argument in node.cmd for part in argument)


def parameters_of(node) -> dict:
    """Return the parameters that a node's process is given, later ones over earlier ones."""
    given = {}
    for path in re.findall(r'--params-file (\S+)', command(node)):
        for section in yaml.safe_load(Path(path).read_text(encoding='utf-8')).values():
            given.update(section['ros__parameters'])
    return given


def values_for_all(path: Path) -> dict:
    """Return the parameters that a file has for all nodes; it must have no others."""
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    assert list(content) == ['/**'] and list(content['/**']) == ['ros__parameters'], path
    return content['/**']['ros__parameters']

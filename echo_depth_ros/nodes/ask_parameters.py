# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ask another node for all its parameters, without waiting for the answer."""

from time import monotonic

from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.parameter import parameter_value_to_python

_PATIENCE = 5.0
_UNKNOWN = '_NODE_NAME_UNKNOWN_'


class ParameterQuestion:
    """
    One question to the node that publishes a topic.

    :ivar answer: values by name; {} until it has come, and where none does.
    """

    def __init__(self, node, topic: str) -> None:
        """
        Ask.

        :param node: who asks; it must be spun.
        :param topic: that the other node publishes.
        """
        self.answer: dict = {}
        self._node, self._topic = node, topic
        self._list = self._get = self._asked = None
        self._done = False
        self._until = monotonic() + _PATIENCE

    @property
    def pending(self) -> bool:
        """Whether the answer may still come; asks as soon as it can."""
        if not self._done:
            self._done = monotonic() > self._until
        if not self._done and self._list is None:
            self._find()
        if not self._done and self._asked is None and self._list is not None and (
                self._list.service_is_ready() and self._get.service_is_ready()):
            self._asked = self._list.call_async(ListParameters.Request())
            self._asked.add_done_callback(self._on_names)
        return not self._done

    def _find(self) -> None:
        """Look who publishes; a topic is discovered before the name of its node."""
        for endpoint in self._node.get_publishers_info_by_topic(self._topic):
            if endpoint.node_name.startswith(_UNKNOWN):
                continue
            base = f'{endpoint.node_namespace.rstrip("/")}/{endpoint.node_name}'
            self._list = self._node.create_client(ListParameters, f'{base}/list_parameters')
            self._get = self._node.create_client(GetParameters, f'{base}/get_parameters')
            return

    def _on_names(self, future) -> None:
        self._names = [name for name in future.result().result.names
                       if not name.startswith('qos_overrides.')]
        self._get.call_async(GetParameters.Request(names=self._names)).add_done_callback(
            self._on_values)

    def _on_values(self, future) -> None:
        values = [parameter_value_to_python(value) for value in future.result().values]
        self.answer = {name: value.tolist() if hasattr(value, 'tolist') else value
                       for name, value in zip(self._names, values)}
        self._done = True

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files of half the size: weights kept in 16 bits, and computed with in 32."""

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

_SMALL = 1024
"""Numbers in a tensor below which it is not worth a node."""


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Keep the large weights of a model in float16, each behind a cast to float32.

    ONNX Runtime casts them once, when it loads the file; what is computed is what it was, but for
    weights rounded to 11 bits.

    :raises ValueError: a weight is too large for float16.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALL:
            continue
        values, name = numpy_helper.to_array(tensor), tensor.name
        with np.errstate(over='ignore'):
            half = values.astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f'{name} holds {np.abs(values).max():g}, which 16 bits cannot')
        tensor.CopyFrom(numpy_helper.from_array(half, f'{name}.half'))
        casts.append(helper.make_node('Cast', [tensor.name], [name], name=f'{name}.cast',
                                      to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return halved

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the scale node."""

from echo_depth_ros.nodes.depth_inference import PROVIDERS
from echo_depth_ros.nodes.parameters import declare_direct_level, declare_ping_format
from echo_depth_ros.perception.echo_depth import MIN_SNR_DB
from echo_depth_ros.perception.metric_sources import AUTO, MAX_RATIO, MODES
from echo_depth_ros.perception.scaling import KINDS, LastScale, MIN_SPREAD, ScaleFilter, SCALINGS
from echo_depth_ros.vision.light import LightLimits


def declare_scale(guard) -> None:
    """Declare what the relative image is, and how it is scaled."""
    guard.declare('relative_kind', 'depth', 'What relative_depth holds', choices=KINDS)
    guard.declare('scaling', 'median', 'How both images are matched: median (a scale), mean_std '
                  '(scale and shift), or least_squares (scale and shift of disparity, for '
                  'affine-invariant networks)', choices=tuple(SCALINGS))
    guard.declare('use_confidence', True, 'Weigh pixels by depth/confidence where it comes')
    guard.declare('min_agreement', 0.2, 'Share of the compared pixels that must be within 25 % of '
                  'the metric depth once they are scaled, or the images disagree and give no '
                  'scale', low=0.0, high=1.0, live=True)
    guard.declare('min_relative_spread', MIN_SPREAD, 'By what share of their median the pixels of '
                  'relative_depth must differ (5th to 95th percentile); a flatter image is of a '
                  'network that sees nothing, and becomes all NaN; 0 takes all',
                  low=0.0, high=1.0, live=True)
    guard.declare('smooth', False, 'Smooth the scale in time and leave out outliers, for networks '
                  'whose scale is steady from image to image')
    guard.declare('scale_drift', 0.2, 'How far the true scale wanders in a second, as a share of '
                  'itself; used by smooth', low=0.001, high=10.0)
    guard.declare('outlier_sigmas', 3.0, 'Standard deviations beyond which a scale is an outlier; '
                  'used by smooth', low=1.0, high=20.0)
    guard.declare('outlier_patience', 3, 'Outliers in a row that agree and become the scale; used '
                  'by smooth', low=1, high=100)
    guard.declare('max_scale_age', 0.5, 'Seconds for which a scale is held', low=0.0, high=60.0)
    guard.declare('sync_tolerance', 0.05, 'Seconds between images, and between an image and a '
                  'window, that are taken to show the same', low=0.0, high=1.0, live=True)
    guard.declare('relative_hfov', 90.0, 'Horizontal field of view of relative_depth in degrees, '
                  'used where relative_depth/camera_info does not come', low=1.0, high=179.0)
    guard.declare('relative_vfov', 90.0, 'Vertical field of view, likewise', low=1.0, high=179.0)


def declare_source(guard) -> None:
    """Declare where the metric depth comes from that gives the scale."""
    light = LightLimits()
    guard.declare('metric_source', AUTO, 'What gives the scale: avs_net (colour and echoes), echo '
                  '(depth/image), or auto (avs_net where colour and windows come, else echo)',
                  choices=MODES)
    guard.declare('avs_model', '', 'Path of the ONNX AVS-Net, or the name of one that comes '
                  'along; empty for avs_net.onnx')
    guard.declare('provider', 'auto', 'What runs the network', choices=PROVIDERS)
    guard.declare('threads', 2, 'CPU threads of one inference', low=1, high=64)
    guard.declare('camera_wait', 0.1, 'Seconds for which a camera image is waited for after its '
                  'window', low=0.0, high=2.0)
    guard.declare('min_brightness', light.brightness, 'Grey level, 0 to 255, that a tenth of the '
                  'colour image must reach; a darker one gives no scale', low=0.0, high=255.0)
    guard.declare('min_contrast', light.contrast, 'Grey levels between the darkest and the '
                  'brightest twentieth of the colour image; a blanker one gives no scale',
                  low=0.0, high=255.0)
    guard.declare('max_source_ratio', MAX_RATIO, 'Factor between the depth of avs_net and that of '
                  'the echoes from which on they disagree, and the echoes count; used by auto',
                  low=1.0, high=100.0)
    guard.declare('min_snr_db', MIN_SNR_DB, 'Least signal-to-noise ratio of the direct sound in '
                  'dB, for windows that avs_net hears', low=-20.0, high=80.0)
    declare_ping_format(guard)
    declare_direct_level(guard)


def new_keeper(node) -> LastScale:
    """Return what holds the scale, as the parameters have it."""
    age = node.value('max_scale_age')
    if not node.value('smooth'):
        return LastScale(age)
    return ScaleFilter(age, drift=node.value('scale_drift'), sigmas=node.value('outlier_sigmas'),
                       patience=node.value('outlier_patience'))

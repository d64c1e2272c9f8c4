# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What surfaces are made of: how much sound they swallow and scatter, and how they look.

Absorption comes from the tables that pyroomacoustics carries (Vorlaender, *Auralization*).
Scattering is given by a roughness that rises with frequency as a surface's relief becomes
comparable to the wavelength.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyroomacoustics as pra

from echo_depth_ros.sim.bands import CENTRES


@dataclass(frozen=True)
class Material:
    """
    One material.

    :ivar table: its name in pyroomacoustics' absorption table.
    :ivar relief: depth of its surface relief in metres; sound of shorter wavelength scatters.
    :ivar colour: typical albedo, RGB in 0 to 1.
    :ivar shown_as: the material of :data:`MATERIALS` whose number it bears in material images,
        if it has none of its own.
    """

    name: str
    table: str
    relief: float
    colour: tuple[float, float, float]
    shown_as: str | None = None

    @property
    def absorption(self) -> np.ndarray:
        """Share of the energy that is absorbed, per octave band, shape (8,)."""
        return _absorption(self.table)

    @property
    def scattering(self) -> np.ndarray:
        """Share of the reflected energy that is scattered, per octave band, shape (8,)."""
        ratio = self.relief * CENTRES / 343.0
        return 0.03 + 0.82 * ratio ** 2 / (ratio ** 2 + 0.25)


@lru_cache(maxsize=None)
def _absorption(table: str) -> np.ndarray:
    spec = pra.Material(table).energy_absorption
    return np.clip(np.interp(
        np.log2(CENTRES), np.log2(spec['center_freqs']), spec['coeffs']), 0.005, 0.99)


MATERIALS: tuple[Material, ...] = (
    Material('concrete', 'rough_concrete', 0.004, (0.62, 0.62, 0.60)),
    Material('brick', 'brickwork', 0.010, (0.58, 0.30, 0.24)),
    Material('plaster', 'plasterboard', 0.002, (0.86, 0.85, 0.80)),
    Material('glass', 'glass_window', 0.001, (0.60, 0.75, 0.80)),
    Material('wood', 'wood_16mm', 0.004, (0.55, 0.38, 0.22)),
    Material('door', 'wooden_door', 0.004, (0.45, 0.33, 0.25)),
    Material('plywood', 'plywood_thin', 0.004, (0.75, 0.60, 0.40)),
    Material('tiles', 'ceramic_tiles', 0.003, (0.80, 0.80, 0.82)),
    Material('linoleum', 'linoleum_on_concrete', 0.002, (0.45, 0.50, 0.48)),
    Material('carpet', 'carpet_thin', 0.006, (0.40, 0.35, 0.45)),
    Material('thick_carpet', 'carpet_hairy', 0.012, (0.50, 0.25, 0.25)),
    Material('curtain', 'curtains_velvet', 0.040, (0.30, 0.20, 0.45)),
    Material('ceiling_tile', 'ceiling_fissured_tile', 0.006, (0.90, 0.90, 0.88)),
    Material('upholstery', 'chairs_medium_upholstered', 0.050, (0.25, 0.35, 0.50)),
    Material('books', 'audience_floor', 0.060, (0.55, 0.45, 0.30)),
    Material('metal', 'hard_surface', 0.003, (0.55, 0.57, 0.60)),
)
"""Index in this tuple plus one is the number in material images; 0 means no surface."""

HELD_OUT: tuple[Material, ...] = (
    Material('lime_wash', 'rough_lime_wash', 0.015, (0.80, 0.78, 0.72), 'concrete'),
    Material('pointed_brick', 'smooth_brickwork_10mm_pointing', 0.025, (0.62, 0.36, 0.28),
             'brick'),
    Material('acoustic_plaster', 'acoustical_plaster_25mm', 0.008, (0.88, 0.87, 0.84),
             'plaster'),
    Material('double_glazing', 'double_glazing_inside', 0.004, (0.60, 0.75, 0.80), 'glass'),
    Material('perforated_panel', 'perforated_veneered_chipboard', 0.012, (0.60, 0.45, 0.28),
             'wood'),
    Material('lined_door', 'wooden_lining', 0.015, (0.40, 0.30, 0.22), 'door'),
    Material('staging', 'stage_floor', 0.015, (0.62, 0.48, 0.32), 'plywood'),
    Material('terrazzo', 'concrete_floor', 0.014, (0.78, 0.74, 0.70), 'tiles'),
    Material('rubber_floor', 'carpet_rubber_5mm', 0.008, (0.30, 0.32, 0.34), 'linoleum'),
    Material('foam_carpet', 'carpet_6mm_open_cell_foam', 0.002, (0.42, 0.38, 0.36), 'carpet'),
    Material('heavy_carpet', 'carpet_1.35_kg_m2', 0.030, (0.45, 0.22, 0.25), 'thick_carpet'),
    Material('blinds', 'blinds_half_open', 0.012, (0.80, 0.78, 0.70), 'curtain'),
    Material('metal_ceiling', 'ceiling_metal_panel', 0.002, (0.82, 0.83, 0.85), 'ceiling_tile'),
    Material('leather', 'chairs_upholstered_leather', 0.015, (0.30, 0.20, 0.15), 'upholstery'),
    Material('facing_brick', 'facing_brick', 0.020, (0.60, 0.42, 0.32), 'books'),
    Material('enamel', 'reverb_chamber', 0.012, (0.75, 0.76, 0.78), 'metal'),
)
"""No room of the training data has these; one in place of each of :data:`MATERIALS`."""

PANES: tuple[Material, ...] = (
    Material('mirror', 'glass_window', 0.001, (0.85, 0.87, 0.88), 'glass'),
    Material('clear_glass', 'glass_window', 0.001, (0.90, 0.92, 0.91), 'glass'),
)
"""They sound as glass does, and show something else than themselves: see
:class:`~echo_depth_ros.sim.camera.Camera`."""

_BY_NAME = {material.name: number for number, material in enumerate(MATERIALS, start=1)}


_OTHERS = {material.name: material for material in (*HELD_OUT, *PANES)}


def material_id(name: str) -> int:
    """
    Return the number of a material in material images.

    :raises ValueError: when there is no such material.
    """
    if name in _OTHERS:
        name = _OTHERS[name].shown_as
    if name not in _BY_NAME:
        raise ValueError(
            f'unknown material {name!r}; expected one of {", ".join(sorted(_BY_NAME))}')
    return _BY_NAME[name]


def material(name: str) -> Material:
    """Return a material by name; raises ValueError as :func:`material_id` does."""
    return _OTHERS.get(name) or MATERIALS[material_id(name) - 1]

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One picture of a calibration: what was heard, what was made of it, and what to change."""

from collections.abc import Sequence
from io import BytesIO
import textwrap

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
import numpy as np

from echo_depth_ros.acoustics.calibration.analyse import Calibration
from echo_depth_ros.acoustics.calibration.findings import CHANGE, Finding, PASS
from echo_depth_ros.acoustics.calibration.response import LEAD
from echo_depth_ros.acoustics.format import SPEED_OF_SOUND

_EARS = (('left', 'tab:blue'), ('right', 'tab:orange'))
_MARKS = {PASS: ('✓', 'tab:green'), CHANGE: ('✗', 'tab:red')}
_UNKNOWN = ('?', 'tab:gray')
_SHOWN_MS = 12.0
_WIDE = 178
_LINE = 0.2


def draw_calibration(found: Calibration, judged: Sequence[Finding], title: str = '') -> bytes:
    """
    Draw both ears' direct sound, impulse and frequency response, noise, pings and findings.

    :returns: a PNG file.
    """
    wrapped = [textwrap.wrap(finding.text, _WIDE) for finding in judged]
    tall = _LINE * (sum(map(len, wrapped)) + 1)
    figure = Figure(figsize=(15, 8 + tall), layout='constrained')
    FigureCanvasAgg(figure)
    plots, words = figure.subfigures(2, 1, height_ratios=(8, tall))
    above, below = plots.subplots(2, 3)
    _draw_ping(above[0], found)
    _draw_impulse(above[1], found)
    _draw_loop(above[2], found)
    _draw_response(below[0], found)
    _draw_spectra(below[1], found)
    _draw_levels(below[2], found)
    _write_findings(words, judged, wrapped)
    figure.suptitle(title)
    out = BytesIO()
    figure.savefig(out, format='png', dpi=110)
    return out.getvalue()


def _time(found: Calibration) -> np.ndarray:
    """Milliseconds after the direct sound of each sample of the mean ping."""
    return 1e3 * (np.arange(found.ping.shape[1]) - LEAD) / found.setup.fmt.sample_rate


def _draw_ping(axes: Axes, found: Calibration) -> None:
    time = _time(found)
    shown = (time > -2) & (time < _SHOWN_MS)
    for ear, (name, colour) in zip(found.ping, _EARS):
        axes.plot(time[shown], ear[shown], color=colour, linewidth=0.7, alpha=0.8, label=name)
    axes.axvspan(0, 1e3 * found.setup.fmt.chirp_duration, color='black', alpha=0.06,
                 label='direct sound')
    axes.set(title=f'mean of {found.averaged} pings', xlabel='time after the direct sound [ms]',
             ylabel='of full scale', xlim=(-2, _SHOWN_MS))
    axes.legend(fontsize='small', loc='upper right')


def _draw_impulse(axes: Axes, found: Calibration) -> None:
    time = _time(found)
    level = 20 * np.log10(np.abs(found.response.impulse) + 1e-9)
    shown = (time > -2) & (time < _SHOWN_MS)
    top = level[:, shown].max()
    for ear, (name, colour) in zip(level, _EARS):
        axes.plot(time[shown], ear[shown], color=colour, linewidth=0.7, alpha=0.8, label=name)
    axes.axvspan(0, 1e3 * found.response.gate_s, color='tab:green', alpha=0.12,
                 label='gate of the frequency response')
    if found.floor is not None:
        fmt = found.setup.fmt
        near, far = (1e3 * fmt.range_to_samples(r) / fmt.sample_rate
                     for r in (found.floor.near, found.floor.far))
        axes.axvspan(near, far, color='tab:brown', alpha=0.2, label='floor')
    axes.set(title='impulse response', xlabel='time after the direct sound [ms]',
             ylabel='dB', xlim=(-2, _SHOWN_MS), ylim=(top - 70, top + 5))
    distance = found.distance_m.mean()
    axes.secondary_xaxis('top', functions=(
        lambda ms: (SPEED_OF_SOUND * ms / 1e3 + distance) / 2,
        lambda metres: (2 * metres - distance) * 1e3 / SPEED_OF_SOUND,
    )).set_xlabel('range of an echo [m]', fontsize='small')
    axes.legend(fontsize='small', loc='upper right')


def _draw_loop(axes: Axes, found: Calibration) -> None:
    delays = found.pings.delays
    rate = found.setup.fmt.sample_rate
    if delays is None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, 'loop delay unknown:\nnobody told when chirps were played',
                  ha='center', va='center', transform=axes.transAxes)
        return
    travel = found.distance_m.mean() / SPEED_OF_SOUND * rate
    off = delays - travel - found.loop_delay_s * rate
    axes.axhline(0, color='black', linewidth=0.8)
    axes.plot(np.arange(1, off.size + 1), off, 'o', markersize=4, color='tab:purple')
    wide = max(2.0, 1.3 * float(np.abs(off).max()))
    axes.set(title=f'loop delay {1e3 * found.loop_delay_s:.2f} ms', xlabel='ping',
             ylabel='off the median [samples]', ylim=(-wide, wide))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_response(axes: Axes, found: Calibration) -> None:
    response = found.response
    for gain, (name, colour) in zip(response.gain_db, _EARS):
        axes.semilogx(response.frequency, gain, '.-', color=colour, linewidth=1, label=name)
    axes.axvspan(20, response.resolution_hz, color='black', alpha=0.1,
                 label=f'not told: gate of {1e3 * response.gate_s:.1f} ms')
    axes.set(title='frequency response of the direct path', xlabel='frequency [Hz]',
             ylabel='heard over played [dB]', xlim=(50, 22050))
    finite = response.gain_db[np.isfinite(response.gain_db)]
    if finite.size:
        axes.set_ylim(max(finite.min(), finite.max() - 60) - 3, finite.max() + 5)
    axes.grid(True, which='both', alpha=0.25)
    axes.legend(fontsize='small', loc='lower left')


def _draw_spectra(axes: Axes, found: Calibration) -> None:
    """Noise, and the chirp with all its echoes, on one scale."""
    rate = found.setup.fmt.sample_rate
    count = round(found.setup.fmt.chirp_duration * rate)
    chirp = found.ping[:, LEAD - 16:LEAD + count + 16]
    lines = np.fft.rfftfreq(1024, 1 / rate)
    density = 2 * np.abs(np.fft.rfft(chirp, 1024))**2 / rate / count
    for ear, (name, colour) in enumerate(_EARS):
        axes.semilogx(lines[1:], 10 * np.log10(density[ear, 1:] + 1e-20), color=colour,
                      linewidth=1.2, label=f'chirp, {name}')
        axes.semilogx(found.noise.frequency[1:],
                      10 * np.log10(found.noise.density[ear, 1:] + 1e-20), color=colour,
                      linewidth=0.6, alpha=0.6, label=f'noise, {name}')
    top = 10 * np.log10(density.max() + 1e-20)
    axes.set(title='direct sound against noise', xlabel='frequency [Hz]',
             ylabel='dB of full scale per Hz', xlim=(50, 22050), ylim=(top - 90, top + 5))
    axes.grid(True, which='both', alpha=0.25)
    axes.legend(fontsize='small', loc='lower left', ncols=2)


def _draw_levels(axes: Axes, found: Calibration) -> None:
    amplitude = found.setup.fmt.chirp_amplitude
    count = np.arange(1, len(found.pings) + 1)
    for ear, (name, colour) in enumerate(_EARS):
        level = 20 * np.log10(found.pings.gains[:, ear] * amplitude + 1e-9)
        axes.plot(count, level, 'o', markersize=4, color=colour, label=f'direct sound, {name}')
        axes.axhline(found.noise.level_db[ear], color=colour, linestyle=':', linewidth=1,
                     label=f'noise, {name}')
    axes.axhline(float(found.peak_db.max()), color='tab:red', linestyle='--', linewidth=1,
                 label='largest sample')
    axes.axhline(0, color='black', linewidth=1)
    axes.set(title='levels', xlabel='ping', ylabel='dB of full scale',
             ylim=(min(-70, float(np.nanmin(found.noise.level_db)) - 5), 22))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize='x-small', loc='upper center', ncols=2)


def _write_findings(part, judged: Sequence[Finding], wrapped: Sequence[Sequence[str]]) -> None:
    axes = part.subplots()
    axes.set_axis_off()
    lines = sum(map(len, wrapped)) + 1
    line = 0
    for finding, texts in zip(judged, wrapped):
        mark, colour = _MARKS.get(finding.verdict, _UNKNOWN)
        at = 1 - (line + 0.5) / lines
        axes.text(0.0, at, f'{mark} {finding.subject}', color=colour, weight='bold', va='center',
                  transform=axes.transAxes, fontsize=9)
        for index, text in enumerate(texts):
            axes.text(0.1, at - index / lines, text, va='center', transform=axes.transAxes,
                      fontsize=9)
        line += len(texts)

# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from echo_depth_ros.acoustics.chirp import linear_chirp
from echo_depth_ros.acoustics.format import PingFormat
from echo_depth_ros.audio import calibrate
from echo_depth_ros.cli import main
from echo_depth_ros.sim.noise import Noise
from echo_depth_ros.sim.random_world import random_world
from echo_depth_ros.sim.rig import Rig
from echo_depth_ros.sim.simulation import Simulation

from .fake_card import FakeCard

FMT = PingFormat()
LOOP = 700
DECLARED = {
    'loop_delay', 'direct_distance', 'direct_level_db', 'ear_gain_db', 'swap_ears', 'amplitude',
    'noise_floor_dbfs', 'floor_near', 'floor_far', 'floor_level_db', 'input_device',
    'output_device', 'device_rate', 'input_channels', 'output_channels'}


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def card(monkeypatch):
    """Put a fake card behind the live mode."""
    fake = FakeCard(delay=LOOP)

    @contextmanager
    def open_cards(args):
        yield calibrate.Cards(fake), fake.speaker(), fake.microphones()
        fake.close()
    monkeypatch.setattr(calibrate, 'open_cards', open_cards)
    return fake


@pytest.fixture(scope='module')
def room():
    """Twelve chirps in a simulated room, and the samples on which they were played."""
    sim = Simulation(random_world(90003), Rig(), noise=Noise(), seed=90003)
    rng = np.random.default_rng(0)
    heard, chirps, at = [sim.listen(30000)], [], 30000
    for _ in range(12):
        sim.play(linear_chirp(FMT), at + LOOP)
        chirps.append(at)
        pause = int(rng.integers(12000, 15000))
        heard.append(sim.listen(pause))
        at += pause
    return np.concatenate(heard, axis=1), chirps


def write(recording, name='room.wav', rate=44100):
    soundfile.write(name, np.asarray(recording).T, rate, 'FLOAT')
    return name


def loaded(path='calibration.yaml'):
    document = yaml.safe_load(Path(path).read_text())
    assert list(document) == ['/**'] and list(document['/**']) == ['ros__parameters']
    values = document['/**']['ros__parameters']
    assert values.keys() <= DECLARED
    return values


def test_a_simulated_room(room, capsys):
    recording, chirps = room
    Path('chirps.txt').write_text('\n'.join(map(str, chirps)))
    status = main(['calibrate', '--recording', write(recording), '--chirps', 'chirps.txt',
                   '--head-height', '0.5'])
    said = capsys.readouterr().out
    assert status == 0, said
    values = loaded()
    # The filters of speaker and microphones take a little time as well.
    assert values['loop_delay'] == pytest.approx(LOOP / 44100, abs=3e-5)
    assert values['direct_distance'] == pytest.approx(Rig().direct_distance, abs=1e-3)
    assert values['ear_gain_db'] == pytest.approx([0, 0], abs=0.3)
    assert values['noise_floor_dbfs'] == pytest.approx([-55, -55], abs=1.5)
    assert values['amplitude'] == 0.5 and values['swap_ears'] is False
    # Half of the way over the floor: 46 cm for this rig.
    assert 0.4 < values['floor_near'] < 0.465 < values['floor_far'] < 0.6
    assert -16 < values['floor_level_db'] < -6
    assert 'PASS' in said and 'not told: left and right' in said
    assert Path('calibration.png').read_bytes().startswith(b'\x89PNG')
    text = Path('calibration.yaml').read_text()
    assert 'calibrate --recording room.wav --chirps chirps.txt --head-height 0.5' in text
    assert 'input_device' not in text


def test_a_recording_at_another_rate(room, capsys):
    import soxr
    recording, _ = room
    write(soxr.resample(recording.T, 44100, 48000).T, rate=48000)
    assert main(['calibrate', '--recording', 'room.wav']) == 0
    assert 'resampled from 48000 to 44100' in capsys.readouterr().out
    assert 'loop_delay' not in loaded()


def test_live(card, capsys):
    status = main(['calibrate', '--input-device', 'fake', '--output-device', 'fake', '--pings',
                   '6', '--device-rate', '44100', '--output-channels', '2'])
    assert status == 0, capsys.readouterr().out
    values = loaded()
    travel = FMT.direct_distance / 343
    assert values['loop_delay'] == pytest.approx(LOOP / 44100 - travel, abs=1e-5)
    # Played with 0.5 at gain 0.3.
    assert values['direct_level_db'] == pytest.approx([-16.5, -16.5], abs=0.2)
    assert values['noise_floor_dbfs'] == pytest.approx([-60, -60], abs=0.2)
    assert (values['input_device'], values['device_rate']) == ('fake', 44100)
    assert (values['input_channels'], values['output_channels']) == ([1, 2], [2])
    assert card.closed


def test_levels_are_those_with_the_suggested_settings(card):
    card.gain = (2.0, 1.0)
    assert main(['calibrate', '--pings', '4']) in (0, 1)
    values = loaded()
    left, right = values['direct_level_db']
    assert left == pytest.approx(right, abs=0.3)
    assert values['ear_gain_db'] == pytest.approx([-3, 3], abs=0.2)
    middle = 20 * np.log10(values['amplitude'] * 2**0.5)
    assert left == pytest.approx(middle, abs=0.4)
    assert values['noise_floor_dbfs'] == pytest.approx([-63, -57], abs=0.3)


def test_swapped_ears_by_tapping(card, monkeypatch, capsys):
    card.gain = (0.1, 0.3)
    knock = 0.5 * np.random.default_rng(0).standard_normal(300) * np.exp(-np.arange(300) / 50)
    real = FakeCard.heard

    def tapped(self, start, count):
        out = real(self, start, count)
        if start < self.begins + 5 * 44100 and not self.played:
            out[1, :300] += knock.astype(np.float32)
        return out
    monkeypatch.setattr(FakeCard, 'heard', tapped)
    assert main(['calibrate', '--pings', '4', '--tap', '--out', 'first.yaml']) == 1
    assert 'swapped' in capsys.readouterr().out
    first = loaded('first.yaml')
    assert first['swap_ears'] is True
    assert first['ear_gain_db'] == pytest.approx([-4.8, 4.8], abs=0.2)
    card.played, card.begins = [], card.now
    assert main(['calibrate', '--pings', '4', '--tap', '--swap', '--out', 'again.yaml']) == 0
    again = loaded('again.yaml')
    assert again['swap_ears'] is True
    assert again['ear_gain_db'] == pytest.approx(first['ear_gain_db'], abs=0.2)


def test_given_gains_are_written(card):
    assert main(['calibrate', '--pings', '4', '--ear-gain', '1.5', '-2']) == 0
    assert loaded()['ear_gain_db'] == [1.5, -2.0]


def test_what_was_heard_can_be_kept_and_calibrated_again(card):
    assert main(['calibrate', '--pings', '5', '--save', 'kept/take.wav']) == 0
    assert main(['calibrate', '--recording', 'kept/take.wav', '--chirps', 'kept/take.wav.txt',
                 '--out', 'again.yaml']) == 0
    live, again = loaded(), loaded('again.yaml')
    for name in again:
        assert live[name] == pytest.approx(again[name], abs=0.11), name
    assert live['loop_delay'] == pytest.approx(again['loop_delay'], abs=1e-6)


def test_nothing_is_overwritten_unasked(card, capsys):
    Path('calibration.yaml').write_text('mine')
    assert main(['calibrate', '--pings', '4']) == 1
    assert 'calibration.yaml exists already; give --force' in capsys.readouterr().err
    assert not card.played
    assert Path('calibration.yaml').read_text() == 'mine'
    assert main(['calibrate', '--pings', '4', '--force']) == 0
    assert Path('calibration.yaml.old').read_text() == 'mine'
    assert 'the old one is now calibration.yaml.old' in capsys.readouterr().out
    assert loaded()


def test_a_failed_write_keeps_the_old_file(card, monkeypatch):
    Path('calibration.yaml').write_text('mine')
    Path('calibration.png').write_text('also mine')

    def fail(*args, **kwargs):
        raise OSError('disk is full')
    monkeypatch.setattr(calibrate, 'write_parameters', fail)
    assert main(['calibrate', '--pings', '4', '--force']) == 1
    assert Path('calibration.yaml').read_text() == 'mine'


def test_a_dead_ear_is_not_worth_loading(card, capsys):
    card.gain = (0.3, 0.0)
    assert main(['calibrate', '--pings', '4']) == 1
    said = capsys.readouterr().out
    assert 'the right ear hears no chirp' in said and 'not written' in said
    assert not Path('calibration.yaml').exists() and Path('calibration.png').exists()


def test_no_card(card, capsys, monkeypatch):
    card.state, card.problem = 'waiting', 'no device is called "Fake"'
    assert main(['calibrate', '--wait', '0']) == 1
    assert 'no device is called "Fake"' in capsys.readouterr().err
    assert not Path('calibration.yaml').exists()


def test_a_silent_speaker(card, capsys):
    card.gain = (0.0, 0.0)
    assert main(['calibrate', '--pings', '4']) == 1
    assert 'no chirp is heard: the ears hear something' in capsys.readouterr().err


@pytest.mark.parametrize('arguments, words', [
    (['--recording', 'none.wav'], 'none.wav does not exist'),
    (['--recording', 'mono.wav'], 'mono.wav has 1 channel; expected 2'),
    (['--recording', 'text.wav'], 'cannot be read as a sound file'),
    (['--recording', 'nan.wav'], 'NaN'),
    (['--recording', 'silent.wav'], 'both ears are silent'),
    (['--recording', 'silent.wav', '--chirps', 'text.wav'], 'expected one number a line'),
    (['--recording', 'silent.wav', '--tap'], '--tap-recording'),
    (['--chirps', 'text.wav'], '--chirps belongs to --recording'),
    (['--max-level', '2'], '--max-level is 2; expected 0.001 to 1'),
    (['--head-height', '0.1'], '--head-height is 0.1'),
    (['--out', 'text.wav/x.yaml'], 'text.wav is read-only, or no folder'),
    (['--out', 'same.png', '--picture', 'same.png'], 'names that differ')])
def test_what_makes_no_sense(card, capsys, arguments, words):
    write(np.zeros((1, 50000)), 'mono.wav')
    write(np.zeros((2, 50000)), 'silent.wav')
    write(np.full((2, 50000), np.nan), 'nan.wav')
    Path('text.wav').write_text('hello')
    assert main(['calibrate', *arguments]) == 1
    assert words in capsys.readouterr().err
    assert not Path('calibration.yaml').exists() and not card.played


def test_loads_as_ros_parameters(card):
    parameter = pytest.importorskip('rclpy.parameter')
    assert main(['calibrate', '--pings', '4', '--device-rate', '48000']) == 0
    read = parameter.parameter_dict_from_yaml_file('calibration.yaml', use_wildcard=True)
    kinds = {name: value.value.type for name, value in read.items()}
    expected = {'loop_delay': 3, 'direct_distance': 3, 'amplitude': 3, 'direct_level_db': 8,
                'ear_gain_db': 8, 'noise_floor_dbfs': 8, 'swap_ears': 1, 'input_device': 4,
                'output_device': 4, 'device_rate': 2, 'input_channels': 7}
    assert kinds == expected



# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
import re

import numpy as np
import pytest
import soundfile
import soxr

from echo_depth_ros.cli import main
from echo_depth_ros.perception import assets, run
from echo_depth_ros.perception.assets import MODEL_VARIABLE

RATE = 44100


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)


@pytest.fixture
def recording(make_recording):
    """Half a second: a chirp after 20 ms, one wall at 2 m."""
    return make_recording(882, 22050)


@pytest.fixture
def wav(tmp_path):
    """Return a function that writes (channels, n) samples as a sound file."""
    def write(samples, rate=RATE, subtype='FLOAT', name='ping.wav'):
        soundfile.write(tmp_path / name, np.asarray(samples).T, rate, subtype)
        return str(tmp_path / name)
    return write


def test_prints_what_it_found_and_writes_the_picture(
        wav, recording, make_model, tmp_path, capsys):
    out, npy = tmp_path / 'new/picture.png', tmp_path / 'depth.npy'
    status = main(['run', wav(recording), '--model', str(make_model()), '--out', str(out),
                   '--npy', str(npy)])
    said = capsys.readouterr().out
    assert status == 0
    assert re.search(r'direct sound  sample 88[12]\.\d \((19\.9|20\.0)\d ms\), SNR \d', said)
    assert re.search(r'first echo    (1\.99|2\.0[01]) m \(11\.\d+ ms after .*SNR \d', said)
    assert 'depth image   128x128, nearest 1.00 m' in said
    assert out.read_bytes().startswith(b'\x89PNG')
    assert np.load(npy).shape == (128, 128)


def test_picture_goes_here_by_default(wav, recording, make_model, tmp_path):
    assert main(['run', wav(recording, name='hall.wav'), '--model', str(make_model())]) == 0
    assert (tmp_path / 'hall_depth.png').is_file()


def test_model_named_in_the_environment(wav, recording, make_model, monkeypatch, capsys):
    monkeypatch.setenv(MODEL_VARIABLE, str(make_model()))
    assert main(['run', wav(recording)]) == 0
    assert 'depth image' in capsys.readouterr().out


def test_without_any_model_there_is_still_a_range(
        wav, recording, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(assets, 'model_places', lambda asset: [tmp_path / 'none/x.onnx'])
    assert main(['run', wav(recording)]) == 0
    said = capsys.readouterr().out
    assert 'note: no depth image, range only' in said
    assert str(tmp_path / 'none') in said
    assert 'first echo    2.0' in said
    assert 'depth image   ' not in said


@pytest.mark.parametrize('subtype', ['PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE'])
def test_integers_and_floats_are_the_same_recording(wav, recording, subtype):
    samples, notes = run.read_recording(wav(recording, subtype=subtype), RATE)
    assert samples.dtype == np.float32
    assert notes == []
    np.testing.assert_allclose(samples, recording, atol=2**-15)


@pytest.mark.parametrize('rate, notes', [(48000, 1), (96000, 1), (32000, 2)])
def test_other_rates_are_resampled_with_a_note(wav, recording, rate, notes, capsys):
    other = soxr.resample(recording.T, RATE, rate).T
    assert main(['run', wav(other, rate), '--no-depth']) == 0
    said = capsys.readouterr().out
    assert f'note: resampled from {rate} to 44100 Hz' in said
    assert said.count('note: ') == notes
    assert 'first echo    2.0' in said or 'first echo    1.99' in said


def test_start_skips_the_first_ping(wav, recording, capsys):
    path = wav(np.hstack([recording, recording]))
    assert main(['run', path, '--no-depth', '--start', '0.3']) == 0
    sample = re.search(r'direct sound  sample ([\d.]+)', capsys.readouterr().out).group(1)
    assert float(sample) == pytest.approx(22050 + 882, abs=1)


def test_confidence_is_said_and_unsure_depth_is_left_out(
        wav, recording, make_model, tmp_path, capsys):
    columns = np.tile(np.linspace(0, 1, 128), (128, 1))
    model = str(make_model(confidence=columns))
    assert main(['run', wav(recording), '--model', model, '--npy', 'depth.npy',
                 '--min-confidence', '0.75']) == 0
    assert 'confidence    median 0.50, 0.09 to 0.91' in capsys.readouterr().out
    depth = np.load(tmp_path / 'depth.npy')
    np.testing.assert_array_equal(np.isnan(depth), columns < 0.75)
    model = str(make_model(confidence=columns / 2))
    assert main(['run', wav(recording), '--model', model, '--min-confidence', '0.75']) == 0
    assert 'no pixel that is sure enough' in capsys.readouterr().out


def test_least_confidence_that_makes_no_sense(wav, recording, make_model, capsys):
    fails(capsys, [wav(recording), '--model', str(make_model()), '--min-confidence', '0.5'],
          'predicts no confidence')
    fails(capsys, [wav(recording), '--no-depth', '--min-confidence', '7'], 'expected 0 to 1')


def fails(capsys, arguments, *says):
    assert main(['run', *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith('echo-depth: error: ')
    for part in says:
        assert part in error


def test_no_chirp(wav, capsys):
    noise = np.random.default_rng(0).normal(0, 0.01, (2, 20000))
    fails(capsys, [wav(noise), '--no-depth'], 'ping.wav: no chirp')


@pytest.mark.parametrize('channels, says', [(1, '1 channel; expected 2'), (6, '6 channels')])
def test_not_stereo(wav, capsys, channels, says):
    fails(capsys, [wav(np.zeros((channels, 9000)))], says, 'left ear and right ear')


def test_missing_file(capsys):
    fails(capsys, ['gone.wav'], 'gone.wav does not exist')


def test_not_a_sound_file(tmp_path, capsys):
    (tmp_path / 'text.wav').write_text('hello')
    fails(capsys, ['text.wav'], 'text.wav cannot be read as a sound file')


def test_no_samples(wav, capsys):
    fails(capsys, [wav(np.zeros((2, 0)))], 'holds no samples')


def test_recording_that_stops_too_soon(wav, recording, capsys):
    fails(capsys, [wav(recording[:, :2000]), '--no-depth'], 'recording of 2000')


def test_start_beyond_the_end(wav, recording, capsys):
    fails(capsys, [wav(recording), '--start', '9'], '--start is 9.0 s', 'lasts 0.50 s')


def test_model_that_is_none(wav, recording, tmp_path, capsys):
    (tmp_path / 'bad.onnx').write_bytes(b'garbage')
    fails(capsys, [wav(recording), '--model', 'bad.onnx'], 'bad.onnx (7 bytes) cannot be loaded')
    fails(capsys, [wav(recording), '--model', 'gone.onnx'], 'gone.onnx does not exist')


def test_clipped_recording_has_a_picture_but_no_depth(
        wav, make_recording, make_model, tmp_path, capsys):
    loud = np.clip(make_recording(882, 22050, gain=4.0), -1, 1)
    fails(capsys, [wav(loud, subtype='PCM_16'), '--model', str(make_model())], 'clip')
    assert (tmp_path / 'ping_depth.png').is_file()

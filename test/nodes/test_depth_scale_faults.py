# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of the scale where something is missing, dark, flat, or disagrees."""

import numpy as np
import pytest

from .scale_bench import a_scene, ECHO, RELATIVE, Scale


@pytest.fixture
def scaling(bench):
    """Return a function that starts the node."""
    return lambda **parameters: Scale(bench, **parameters)


def test_no_echoes_give_no_depth_and_say_so(bench, scaling):
    scale = scaling()
    for at in range(3):
        assert np.isnan(scale.relative(at=at * 0.1)).all()
        bench.spin(0.02)
    status = scale.node.diagnose()
    assert status.level.name == 'WARN'
    assert status.message.startswith('no echo depth comes on depth/image')
    assert status.values['blank images'] == 3


def test_no_camera_publishes_nothing_and_says_so(bench, scaling):
    scale = scaling()
    scale.echo()
    scale.echo(at=0.1)
    bench.spin(0.3)
    assert scale.metric == []
    assert scale.node.diagnose().message.startswith('no image comes on relative_depth')


def test_images_that_cannot_be_read_are_not_called_missing(bench, scaling):
    scale = scaling()
    for at in (0.0, 0.1):
        scale.send('relative_depth', np.zeros((4, 4, 3), np.uint8), at=at)
        bench.spin(0.1)
    message = scale.node.diagnose().message
    assert message.startswith("relative_depth: relative depth came as 'rgb8'")
    scale.relative(at=0.2)
    scale.relative(at=0.3)
    assert scale.node.diagnose().message.startswith('no echo depth comes')


@pytest.mark.parametrize('name', ['median', 'mean_std', 'least_squares'])
@pytest.mark.parametrize('dark', [np.nan, 0.0])
def test_darkness_is_unknown_and_leaves_the_scale(scaling, name, dark):
    scale = scaling(scaling=name, smooth=True)
    metric, image = a_scene()
    scale.echo(metric)
    scale.relative(image)
    before = scale.told().values['scale']
    scale.echo(metric, at=0.1)
    assert np.isnan(scale.relative(np.full_like(image, dark), at=0.1)).all()
    # A lamp in the dark is too little to scale by; it gets the scale that is held.
    lamp = np.full_like(image, dark)
    lamp[10, 10:12] = 50 * image[10, 10]  # pixels 650 and 651
    metres = scale.relative(lamp, at=0.11)
    assert np.isnan(np.delete(metres.ravel(), [650, 651])).all()
    assert scale.told().values['scale'] == before
    assert scale.told().values['dark images'] == 1


def test_darkness_is_told(bench, scaling):
    scale = scaling()
    for at in (0.0, 0.1):
        scale.echo(at=at)
        scale.relative(RELATIVE * 0, at=at)
        bench.spin(0.02)
    assert scale.node.diagnose().message.startswith('relative_depth holds no depth at all')


def test_images_that_disagree_give_no_scale(bench, scaling):
    scale = scaling()
    rng = np.random.default_rng(0)
    for at in (0.0, 0.1):
        scale.echo(rng.lognormal(1, 0.8, (128, 128)).astype(np.float32), at=at)
        image = rng.lognormal(0, 0.8, (48, 64)).astype(np.float32)
        assert np.isnan(scale.relative(image, at=at)).all()
        bench.spin(0.02)
    assert 'the images disagree: only' in scale.refusal
    status = scale.node.diagnose()
    assert status.message.startswith('no recent scale: metric_depth is all NaN; the images disag')
    assert status.values['rejected: disagreement'] == 2
    assert 0 < status.values['agreement'] < 0.2


def test_an_agreement_of_nothing_takes_all(scaling):
    scale = scaling(min_agreement=0.0)
    rng = np.random.default_rng(0)
    scale.echo(rng.lognormal(1, 0.8, (128, 128)).astype(np.float32))
    assert np.isfinite(scale.relative(rng.lognormal(0, 0.8, (48, 64)).astype(np.float32))).all()


def test_stamps_that_never_meet_are_told(bench, scaling):
    scale = scaling()
    for at in (0.0, 0.1):
        scale.echo(at=at)
        assert np.isnan(scale.relative(at=at + 40)).all()
        bench.spin(0.02)
    assert 'the newest ones are stamped 40000 ms apart' in scale.node.diagnose().message


def test_smoothing_leaves_out_one_bad_ping_and_follows_a_step(scaling):
    scale = scaling(smooth=True, outlier_patience=3)
    metric, image = a_scene()
    rng = np.random.default_rng(0)
    # An echo network errs by patches, or it would be sure beyond belief.
    patches = np.kron(rng.lognormal(0, 0.05, (8, 8)), np.ones((16, 16))).astype(np.float32)

    def ping(at, times=1.0):
        scale.echo(metric * patches * np.float32(times), at=at)
        return np.median(scale.relative(image, at=at) / metric[::2, ::2])
    for at in range(5):
        assert ping(at * 0.073) == pytest.approx(1, rel=0.1)
    assert ping(0.365, 10) == pytest.approx(1, rel=0.1)
    values = scale.told(0.365).values
    assert values['rejected: outlier'] == 1 and 'an outlier until' in values['last refusal']
    assert ping(0.438) == pytest.approx(1, rel=0.1)
    assert ping(0.511, 2) == pytest.approx(1, rel=0.1)
    assert ping(0.584, 2) == pytest.approx(1, rel=0.1)
    assert ping(0.657, 2) == pytest.approx(2, rel=0.1)
    values = scale.told(0.657).values
    assert (values['scale steps'], values['scale restarts']) == (1, 0)
    assert values['scale age s'] == pytest.approx(0, abs=1e-6)
    # A bag that is played again.
    assert ping(-20.0, 5) == pytest.approx(5, rel=0.1)
    assert scale.told(-20).values['scale restarts'] == 1


def test_without_smoothing_each_pair_has_its_own_scale(scaling):
    scale = scaling()
    metric, image = a_scene()
    for at, times in enumerate((1, 10, 1)):
        scale.echo(metric * np.float32(times), at=at * 0.073)
        metres = scale.relative(image, at=at * 0.073)
        assert metres[0, 0] == pytest.approx(times * metric[0, 0], rel=0.01)
    assert 'rejected: outlier' not in scale.told(0.146).values


@pytest.mark.parametrize('level', [0.7, 0.0])
def test_a_flat_image_is_of_a_network_in_the_dark(bench, scaling, level):
    scale = scaling()
    metric, image = a_scene()
    scale.echo(metric)
    scale.relative(image)
    rng = np.random.default_rng(0)
    for at in (0.1, 0.12):
        scale.echo(metric * 2, at=at)
        flat = rng.normal(level, 1e-4, image.shape).astype(np.float32) if level else image * 0
        assert np.isnan(scale.relative(flat, at=at)).all()
        bench.spin(0.02)
    status = scale.node.diagnose()
    assert status.values['flat images' if level else 'dark images'] == 2
    if level:
        assert status.values['relative spread'] < 0.001
        assert status.message.startswith('relative_depth is flat: all its pixels hold about')
    np.testing.assert_allclose(scale.relative(image, at=0.2), metric[::2, ::2], rtol=0.02)


def test_flat_images_are_taken_where_they_are_wanted(scaling):
    scale = scaling(min_relative_spread=0.0)
    scale.echo()
    assert scale.relative(np.full((48, 64), 0.5, np.float32))[0, 0] == pytest.approx(4)


def test_an_older_ping_does_not_take_the_place_of_a_newer_one(scaling):
    scale = scaling()
    scale.relative(at=0.0)
    scale.relative(at=0.1)
    scale.echo(ECHO * 2, at=0.1)
    scale.echo(at=0.0)  # a network took long for it
    assert scale.relative(at=0.2)[0, 0] == pytest.approx(8)
    assert scale.refusal == ''


def test_depth_that_comes_late_finds_the_image_of_its_time(scaling):
    scale = scaling()
    for at in range(15):
        scale.relative(at=at / 30)
    scale.echo(at=0.0)
    assert scale.relative(at=0.48)[0, 0] == pytest.approx(4)


def test_an_image_that_comes_late_finds_the_depth_of_its_time(scaling):
    scale = scaling()
    for at in range(20):
        scale.echo(ECHO * (at + 1), at=at * 0.073)
    assert scale.relative(at=0.0)[0, 0] == pytest.approx(4)


def test_the_scale_is_told_by_the_time_of_the_images(bench, scaling):
    scale = scaling()
    for at in (0.0, 0.1):
        scale.echo(at=at)
        scale.relative(at=at)
        bench.spin(0.02)
    # A bag that is played, or a slow vision network: nobody's now is the images' now.
    assert scale.node.diagnose().message == 'running'
    assert scale.values()['scale'] == pytest.approx(8)

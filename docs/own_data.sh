#!/usr/bin/env bash
# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# Record, inspect, train, export, evaluate and run, on data heard through real PortAudio streams:
# a JACK server of our own carries the sound, and simulated rooms are its clients. It shows that
# the pieces fit; so little data and training make no good student.
#
#   docs/own_data.sh [FOLDER] [PINGS]      in an environment that has echo-depth; see docs/install.md
set -euo pipefail

out=${1:-out/own_data}
pings=${2:-300}
mkdir -p "$out"
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-$((1 + RANDOM % 100))}
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST

room=
stop() {
    if [ -n "$room" ]; then
        kill -TERM "$room" 2>/dev/null || true
        wait "$room" || true
        room=
    fi
}
trap stop EXIT

record() {  # seed of the room, name of the location, split, pings
    echo-depth demo --audio --seed "$1" --seconds 3600 --out "$out/demo_$2" \
        > "$out/demo_$2.log" 2>&1 &
    room=$!
    echo-depth record "$out/data" --location "$2" --split "$3" --pings "$4" --wait 60
    stop
}

record 90201 kitchen train "$pings"
record 90202 hall val $((pings / 3))
record 90203 office test $((pings / 3))

echo-depth inspect "$out/data" --picture "$out/samples.png"
echo-depth train "$out/data" --config tiny --out "$out/run"
echo-depth export "$out/run/model.pt" "$out/mine.onnx" --data "$out/data"
echo-depth evaluate "$out/mine.onnx" "$out/data" --split test
echo-depth run "$out/data/office/audio/audio_000000.wav" --model "$out/mine.onnx" \
    --out "$out/run.png"

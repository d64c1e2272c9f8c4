# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# `make demo` and `make test` set up what they need in .venv by themselves; see `make help`.
# Where a ROS distribution is sourced its rclpy is used, elsewhere the wheels that setup.py names.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup sound demo demo-wall test lint bench clean

VENV := .venv
BIN := $(VENV)/bin

# ---- Which ROS -----------------------------------------------------------------------------

ifneq ($(strip $(ROS_DISTRO)),)
  # python3 may be a Python that the distribution was not built for (pyenv, conda).
  ROS_PYTHON := $(shell for p in $(PYTHON) python3 /usr/bin/python3; do \
      "$$p" -c 'from rclpy.node import Node' 2>/dev/null && command -v "$$p" && break; done)
endif

ifneq ($(ROS_PYTHON),)
  ROS := $(ROS_DISTRO)
  PYTHONS := $(ROS_PYTHON)
  VENV_FLAGS := --system-site-packages
else ifeq ($(shell uname -sm),Linux x86_64)
  ROS := wheels
  PYTHONS := $(or $(PYTHON),python3 python3.12 python3.13 python3.11 python3.10 python3.14)
  ROS_EXTRA := ,ros
  # The wheels bring everything; what another environment exported would only shadow it.
  unexport PYTHONPATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH
  export RMW_IMPLEMENTATION := rmw_fastrtps_cpp
  ifdef _ROS_WHEELS_BOOTSTRAP_COMPLETE
    unexport LD_LIBRARY_PATH
  endif
else
  ROS := none
endif
# Set by the wheels of an environment that is active; ours would then not find its libraries.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE PYTHONHOME

# ---- Environment of the commands -----------------------------------------------------------

# rclpy and matplotlib need a home that they can write to.
ifneq ($(shell test -w "$${HOME:-}" && echo yes),yes)
  export HOME := $(CURDIR)/$(VENV)/home
endif
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Nobody else's nodes, and ours for nobody else: this host only, and a domain of its own.
RANDOM_DOMAIN := $(shell echo $$((1 + RANDOM % 100)))
ROS_DOMAIN_ID ?= $(RANDOM_DOMAIN)
export ROS_DOMAIN_ID
export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
ifeq ($(ROS),humble)
  export ROS_LOCALHOST_ONLY := 1
endif

# ---- Set-up --------------------------------------------------------------------------------

# The name says which ROS the environment was made for: sourcing another one makes it anew.
MADE := $(VENV)/.made-for-$(ROS)
RUNS := $(VENV)/.can-run
HEARS := $(VENV)/.can-run-audio
TESTS := $(VENV)/.can-test
INSTALL := $(BIN)/python -m pip install --quiet --use-pep517 --constraint $(VENV)/constraints.txt

define NO_ROS
echo_depth_ros needs ROS 2, and there are no wheels of it for this machine ($(shell uname -sm)).
Install ROS 2 Jazzy or Humble from your distribution and source it, then run make again:
    sudo apt install ros-jazzy-ros-base ros-jazzy-rmw-fastrtps-cpp python3-venv
    source /opt/ros/jazzy/setup.bash
endef
export NO_ROS

define NO_PYTHON
No Python 3.10 to 3.14 with the venv module was found (tried: $(PYTHONS)). Install one:
    sudo apt install python3 python3-venv
or name yours: make PYTHON=...
endef
export NO_PYTHON

$(MADE):
	@if [ "$(ROS)" = none ]; then echo "$$NO_ROS" >&2; exit 2; fi
	@if [ -n "$${ROS_DISTRO:-}" ] && [ "$(ROS)" = wheels ]; then \
	    echo "ROS $$ROS_DISTRO is sourced, but no Python here imports its rclpy; using wheels."; fi
	@made=; for python in $(PYTHONS); do \
	    if "$$python" -c 'import ensurepip, sys, venv; \
	        sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
	        echo "Making $(VENV) with $$("$$python" --version), ROS: $(ROS)"; \
	        "$$python" -m venv --clear $(VENV_FLAGS) $(VENV); \
	        mkdir -p "$$HOME"; made=yes; break; fi; \
	done; \
	if [ -z "$$made" ]; then echo "$$NO_PYTHON" >&2; exit 2; fi
# The distribution's messages are built against its NumPy; a newer one would not load them.
	@$(if $(VENV_FLAGS),$(BIN)/python -c 'import numpy; print("numpy~=" + numpy.__version__)',:) \
	    > $(VENV)/constraints.txt
	@touch $@

$(RUNS): setup.py $(MADE)
	@echo 'Installing what the demo needs (a minute or two, once)'
	@$(INSTALL) --editable '.[sim$(ROS_EXTRA)]'
	@touch $@

$(HEARS): setup.py $(MADE)
	@echo 'Installing what the demo with real audio streams needs (a minute or two, once)'
	@$(INSTALL) --editable '.[bench$(ROS_EXTRA)]'
	@touch $(RUNS) $@

$(TESTS): setup.py $(MADE)
	@echo 'Installing what the tests need, PyTorch among it (some minutes, once)'
	@$(INSTALL) --editable '.[dev$(ROS_EXTRA)]'
	@touch $(RUNS) $(HEARS) $@

# What pip cannot bring: PortAudio, the sound servers of the test bench, and libusb for RealSense.
SOUND_PACKAGES := libportaudio2 jackd2 pulseaudio libasound2-plugins libusb-1.0-0
# Where apt-get may: as root, as in containers and CI; it removes nothing for them. What still is
# missing is no reason to stop: the tests that need it are skipped and say so.
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60 \
    -o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15
define BRING_SOUND
absent=
for package in $(SOUND_PACKAGES); do
    case "$$(dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null)" in
        *' ok installed') ;;
        *) absent="$$absent $$package" ;;
    esac
done
[ -n "$$absent" ] || exit 0
if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then
    echo "Installing$$absent"
    install="$(APT) install --yes --no-install-recommends --no-remove"
    { env $$install $$absent || { env $(APT) update && env $$install $$absent; }; } \
        >$(VENV)/sound.log 2>&1 </dev/null && exit 0
    grep '^E:' $(VENV)/sound.log | tail -n 2 >&2
    echo "Could not install$$absent (see $(VENV)/sound.log); going on without." >&2
elif command -v apt-get >/dev/null; then
    echo "For real audio streams: sudo apt install$$absent" >&2
elif ! command -v jackd >/dev/null || ! command -v pulseaudio >/dev/null; then
    echo "For real audio streams install what Debian calls$$absent" >&2
fi
endef
export BRING_SOUND

# ---- Targets -------------------------------------------------------------------------------

help:  ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(RUNS)  ## Set up .venv for running; demo and test do so by themselves

sound: $(MADE)  ## Install PortAudio and the sound servers of the test bench, where apt-get may
	@bash -c "$$BRING_SOUND"

WITH_AUDIO := $(filter-out 0,$(AUDIO))
demo: SOUND_PACKAGES := libportaudio2 jackd2
demo: $(if $(WITH_AUDIO),$(HEARS) sound,$(RUNS))  ## See by sound in a simulated room for 30 s; AUDIO=1, RVIZ=1
	@$(BIN)/echo-depth demo $(if $(WITH_AUDIO),--audio) \
	    $(if $(filter-out 0,$(RVIZ)),--rviz) $(DEMO_ARGS)

demo-wall: $(RUNS)  ## Watch a robot follow walls by ear in simulated rooms, some 3 minutes; QUICK=1: one
	@$(BIN)/echo-depth demo-wall $(if $(filter-out 0,$(QUICK)),--quick) $(DEMO_ARGS)

test: ROS_DOMAIN_ID := $(RANDOM_DOMAIN)
test: $(TESTS) sound  ## Run all tests; TEST_ARGS='-k sync' picks some
	@$(BIN)/python -m pytest -q $(TEST_ARGS)

lint: $(TESTS)  ## Check the style
	@$(BIN)/ruff check .

# precisions, robustness and study need a data set, and minutes to hours: see docs/training.md.
BENCHMARKS := simulator sync_and_range inference latency

bench: $(TESTS)  ## Run the benchmarks that need no data; each prints its figures
	@for name in $(BENCHMARKS); do \
	    echo "== benchmarks/$$name.py"; $(BIN)/python "benchmarks/$$name.py"; done

clean:  ## Remove .venv and everything built
	@rm -rf $(VENV) build install log dist out *.egg-info .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

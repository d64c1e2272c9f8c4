# Copyright 2026 echo_depth_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The audio host: a process that holds one PortAudio stream, and nothing else.

Streams die silently, hang for ever and take their process with them; neither that nor a busy
interpreter may stall the ears. So the stream lives in a child process under watchdogs, which is
simply replaced when it fails, and talks to its clients through one mapped file.

=============  =================================================================
``folder``     where a card's files lie, and the locks by which its processes see each other
``memory``     the mapped file: counters, clock lines, what is heard
``lanes``      its part for what is played
``pump``       the callback
``lines``      frame numbers against the clock, from the callback's time stamps
``watch``      watchdogs, heartbeat and figures
``process``    finds the device, opens it, waits for it
``link``       the client's side: attaches, starts the host, and keeps it alive
=============  =================================================================
"""

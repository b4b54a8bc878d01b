"""Tests of the simulator, driven over plain HTTP."""

"""Importing is inert: nothing heavy is loaded, nothing is sent anywhere."""

import subprocess
import sys

from tests.conftest import PROJECT

NO_NETWORK = """
import socket
def refuse(*_, **__):
    raise AssertionError("a socket was opened")
socket.socket = socket.create_connection = socket.getaddrinfo = refuse
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_import_sdk_loads_no_runtime() -> None:
    run("""
import sdk, sys
heavy = {"torch", "torchvision", "onnxruntime", "coremltools", "executorch", "skimage", "training", "converters"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
""")


def test_colouring_needs_neither_torch_nor_a_network() -> None:
    run(f"""{NO_NETWORK}
import sys
sys.modules["torch"] = None  # importing it now fails
from sdk import Colorizer
Colorizer.load("onnx").colorize("examples/photos/cat.jpg")
import os
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
""")


def test_no_photo_waits_for_versions_that_nobody_asks_for() -> None:
    run("""
import sys
from sdk import Colorizer
with Colorizer.load("onnx") as colorizer:
    colorizer.colorize("examples/photos/cat.jpg")
    assert "importlib.metadata" not in sys.modules
    assert set(colorizer.info().versions) == {"edge-colorizer", "numpy", "pillow", "onnxruntime"}
""")


def test_a_missing_runtime_names_what_to_install() -> None:
    run("""
import sys
sys.modules["onnxruntime"] = None
from sdk import BackendUnavailable, Colorizer
try:
    Colorizer.load("onnx")
except BackendUnavailable as error:
    assert "pip install onnxruntime" in str(error)
else:
    raise AssertionError("a missing runtime went unnoticed")
""")

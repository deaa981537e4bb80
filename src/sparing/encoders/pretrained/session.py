"""ONNX models at work: opened on the fastest device that the runtime has, failures in one line."""

from pathlib import Path
from typing import Any

from sparing.errors import MissingExtraError, SourceError

DEVICES = ("CUDAExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider",
           "CPUExecutionProvider")  # fmt: skip
ERRORS_ONLY = 3  # of the runtime's levels of logging


def open_session(model: Path, extra: str) -> Any:
    """Return an ``onnxruntime.InferenceSession``.

    Parameters
    ----------
    model : the file; its weights may lie beside it, as the file itself says
    extra : of this project, which the runtime is installed with

    Raises
    ------
    MissingExtraError : onnxruntime is not installed
    SourceError : the file holds no model that can be run
    """
    try:
        import onnxruntime as runtime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", extra, "ONNX models") from error
    options = runtime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    # Threads that wait for work by spinning would take the cores from those that read pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    there = runtime.get_available_providers()
    devices = [device for device in DEVICES if device in there]
    try:
        return runtime.InferenceSession(str(model), options, providers=devices)
    except Exception as error:  # the runtime raises types of its own
        raise SourceError(
            f"{model} holds no model that can be loaded: {one_line(error)}"
        ) from error


def one_line(error: Exception) -> str:
    """Return what a library says, without its line breaks and no longer than anybody reads."""
    said = " ".join(str(error).split())
    return said if len(said) <= 300 else f"{said[:300]} ..."

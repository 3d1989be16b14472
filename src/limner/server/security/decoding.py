"""Untrusted picture bytes decoded in a process of their own, with bounds on time, memory, pixels and files.

Knows the worker (`python -m limner.server.security.decoding`), its limits and the few bytes that pass
between the two. Knows nothing about HTTP. What a decoder does to its process (crash, hang, fill the memory)
stays there.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, ImageOps

from limner.dialogue.parts import FORMATS, MAX_BYTES, MAX_PIXELS, MIN_SIDE_PX, Picture

_HEADER: Final = struct.Struct("<cII")  # kind, then height and width in pixels or the length of a sentence
_ORDER: Final = struct.Struct("<cQ")  # what is wanted, and how many bytes follow
PIXELS, ALPHA = b"P", b"A"
UNREADABLE: Final = f"The picture cannot be read; send one of {', '.join(FORMATS)}."
TOO_SLOW: Final = "The picture takes too long to read; save it anew and send it again."


@dataclass(frozen=True, kw_only=True)
class DecodingLimits:
    """What one picture may cost. `cpu_s` is computing time, which a busy machine does not shorten; `wall_s`
    ends a worker that waits for something else. `max_waiting`: in the queue for a worker, each for at most
    `max_wait_s`, however slow the machine. `max_pixels_held`: of all pictures that were decoded and are still
    in use, by rounds that wait, uploads, transcripts; three bytes each.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    cpu_s: float = 5.0
    wall_s: float = 60.0
    memory_bytes: int = 2**30
    num_workers: int = 2
    max_waiting: int = 16
    max_wait_s: float = 30.0
    max_pixels_held: int = 300_000_000


class DecoderBusy(Exception):  # noqa: N818  (a state, not an error of anyone's)
    """So many pictures wait, or are in use, that one more is too much, or one has waited too long; come again
    after `retry_after_s`.
    """

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("Too many pictures are waiting.")
        self.retry_after_s = retry_after_s


class Decoder:
    """Decodes pictures in worker processes, which are started when needed and kept; for several threads."""

    def __init__(self, limits: DecodingLimits | None = None) -> None:
        self.limits = limits or DecodingLimits()
        self._free = threading.Semaphore(self.limits.num_workers)
        self._num_inside = 0
        self._held: list[weakref.ref[np.ndarray]] = []
        self._typical_s = 1.0
        self._idle: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _end_all, self._idle)

    def decode(self, data: bytes, *, wanted: bytes = PIXELS) -> Picture:
        """The picture: first frame, upright by its EXIF, alpha on white, no metadata. With ALPHA, how opaque
        it is instead, in grey.

        ValueError says what is wrong in one sentence of our own, never a library's; `DecoderBusy` that too
        many wait, or that this one has waited for `max_wait_s`.
        """
        limits = self.limits
        if not data:
            raise ValueError("The picture is empty; send its bytes.")
        if len(data) > limits.max_bytes:
            raise ValueError(
                f"The picture holds {len(data) / 1e6:.1f} MB, more than the {limits.max_bytes / 1e6:.1f} MB "
                "allowed; send a smaller one."
            )
        with self._place(), self._turn():
            start = time.monotonic()
            worker = self._take()
            watch = threading.Timer(limits.wall_s, worker.kill)
            watch.start()
            try:
                kind, payload = _ask(worker, wanted, data)
            except (OSError, EOFError, struct.error):
                worker.kill()
                sentence = TOO_SLOW if _died_of_time(worker) else UNREADABLE
                _end(worker)
                raise ValueError(sentence) from None
            finally:
                watch.cancel()
            with self._lock:
                self._idle.append(worker)
                self._typical_s += (time.monotonic() - start - self._typical_s) / 2
        if kind == b"E":
            raise ValueError(payload)
        picture = Picture(payload)
        with self._lock:
            self._held.append(weakref.ref(picture.pixels))
        return picture

    def close(self) -> None:
        """End the workers; a later picture starts new ones."""
        with self._lock:
            _end_all(self._idle)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """A place in the queue, which has an end."""
        limits = self.limits
        with self._lock:
            is_full = self._num_inside >= limits.num_workers + limits.max_waiting
            if is_full or self._num_pixels_held() >= limits.max_pixels_held:
                raise DecoderBusy(self._queue_s())
            self._num_inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._num_inside -= 1

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """A worker's time, after a wait that has an end."""
        if not self._free.acquire(timeout=self.limits.max_wait_s):
            with self._lock:
                raise DecoderBusy(self._queue_s())
        try:
            yield
        finally:
            self._free.release()

    def _queue_s(self) -> float:
        """How long those who are here take, as far as the last ones tell. The lock is held."""
        return max(1.0, self._typical_s * self._num_inside / self.limits.num_workers)

    def _num_pixels_held(self) -> int:
        """Of the pictures that anybody still has. The lock is held."""
        held = [pixels for ref in self._held if (pixels := ref()) is not None]
        self._held = [weakref.ref(pixels) for pixels in held]
        return sum(pixels.shape[0] * pixels.shape[1] for pixels in held)

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.poll() is None:
                    return worker
                _end(worker)
        limits = self.limits
        words = [f"{limits.max_pixels}", f"{limits.cpu_s}", f"{limits.memory_bytes}"]
        return subprocess.Popen(
            [sys.executable, "-m", "limner.server.security.decoding", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_bare_environment(),
            start_new_session=True,  # a Ctrl-C for the server is not for its workers
        )


def _bare_environment() -> dict[str, str]:
    """No keys and no proxies for a process that reads strangers' bytes."""
    kept = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "SYSTEMROOT", "LD_LIBRARY_PATH")
    held = {name: os.environ[name] for name in kept if name in os.environ}
    return {**held, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _ask(worker: subprocess.Popen[bytes], wanted: bytes, data: bytes) -> tuple[bytes, Any]:
    """One picture to the worker and its answer back; EOFError or OSError when the worker died."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(_ORDER.pack(wanted, len(data)))
    worker.stdin.write(data)
    worker.stdin.flush()
    kind, first, second = _HEADER.unpack(_exactly(worker.stdout, _HEADER.size))
    if kind == b"E":
        return kind, _exactly(worker.stdout, first).decode()
    pixels = np.frombuffer(_exactly(worker.stdout, first * second * 3), dtype=np.uint8)
    return kind, pixels.reshape(first, second, 3)


def _exactly(stream: BinaryIO | Any, num_bytes: int) -> bytes:
    data: bytes = stream.read(num_bytes)
    if len(data) < num_bytes:
        raise EOFError
    return data


def _died_of_time(worker: subprocess.Popen[bytes]) -> bool:
    code = worker.wait()
    deaths = [getattr(signal, name, None) for name in ("SIGPROF", "SIGXCPU", "SIGKILL")]
    return -code in [int(death) for death in deaths if death is not None]


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    for stream in (worker.stdin, worker.stdout):
        try:
            if stream is not None:
                stream.close()
        except OSError:  # bytes that were never read by the dead
            pass
    worker.wait()


def _end_all(workers: list[subprocess.Popen[bytes]]) -> None:
    while workers:
        _end(workers.pop())


def _serve(max_pixels: int, cpu_s: float, memory_bytes: int) -> None:
    """The worker: one picture after another from standard input until it ends."""
    _bound_this_process(memory_bytes)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(order := source.read(_ORDER.size)) == _ORDER.size:
        wanted, length = _ORDER.unpack(order)
        data = source.read(length)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
        try:
            pixels = _pixels(data, max_pixels, wanted)
        except ValueError as error:
            sentence = str(error).encode()
            sink.write(_HEADER.pack(b"E", len(sentence), 0) + sentence)
        else:
            sink.write(_HEADER.pack(b"P", *pixels.shape[:2]))
            sink.write(pixels.tobytes())
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
        sink.flush()


def _pixels(data: bytes, max_pixels: int, wanted: bytes) -> np.ndarray:
    try:
        picture = Picture.from_bytes(data)
        if wanted == ALPHA and picture.width_px * picture.height_px <= max_pixels:
            picture = alpha_of(data)
    except MemoryError:
        raise ValueError("The picture takes too much memory to read; scale it down.") from None
    except ValueError as error:
        cause = error.__cause__
        if isinstance(cause, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
            raise ValueError(_too_large(max_pixels)) from None
        if isinstance(cause, MemoryError):
            raise ValueError("The picture takes too much memory to read; scale it down.") from None
        # What a library said stays here; sentences without a cause are our own.
        sentence = str(error) if cause is None else UNREADABLE
        raise ValueError(f"{sentence[0].upper()}{sentence[1:].removesuffix('.')}.") from None
    if picture.width_px * picture.height_px > max_pixels:
        raise ValueError(_too_large(max_pixels))
    return picture.pixels


def alpha_of(data: bytes) -> Picture:
    """How opaque a picture is, in grey; of bytes that `Picture.from_bytes` has read."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        alpha = ImageOps.exif_transpose(image).convert("RGBA").getchannel("A")
    return Picture(np.repeat(np.asarray(alpha)[:, :, None], 3, axis=2))


def _too_large(max_pixels: int) -> str:
    return (
        f"The picture has more than the {max_pixels / 1e6:.1f} megapixels allowed; scale it down, "
        f"to {MIN_SIDE_PX} px a side or more."
    )


def _bound_this_process(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of these; the pixel and wall-clock limits hold there
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS does not bound an address space
            continue


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))

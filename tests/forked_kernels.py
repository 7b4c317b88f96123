"""Kernels that are forked from one process, which has loaded PyTorch and the others: on Linux.

Half of what a notebook's kernel does with the smoke budget is loading the same packages. Run as a
script, this file is that process; imported, it starts it, and takes the place of Jupyter's own way
to start a kernel. A kernel has a process group of its own, and the folder, the environment and the
random numbers of one that was started afresh.
"""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time

# What most notebooks load before they do anything of their own: no package that starts threads.
LOADED = ["torch._dynamo", "torch.utils.tensorboard", "torchvision"]
LOADED += ["seaborn", "scipy.stats", "sklearn.datasets", "sklearn.metrics", "joblib"]


@functools.cache
def server():
    """Start that process, once; return it, and the seconds of CPU that loading has taken."""
    told = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    script = [sys.executable, __file__, *LOADED]
    process = subprocess.Popen(script, env=told, start_new_session=True, **pipes)
    return process, float(process.stdout.readline())


class Kernel:
    """A forked kernel, as Jupyter looks at it: the part of `subprocess.Popen` that it uses."""

    stdin = stdout = stderr = None

    def __init__(self, command, cwd=None, env=None, **kwargs):
        process, _ = server()
        asked = {
            "argv": command[3:],
            "cwd": str(cwd or os.getcwd()),
            "env": dict(env or os.environ),
        }
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        self.pid = int(process.stdout.readline())
        self.returncode = None

    def poll(self):
        """Return None while it runs, then 0: what it died of is not known here."""
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 0
        return self.returncode

    def wait(self, timeout=None):
        end = time.monotonic() + (timeout or float("inf"))
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout)
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def serve(names):
    """Load packages; fork a kernel for each line of the input, until it is closed."""
    import gc
    import importlib

    for name in ["ipykernel.kernelapp", *names]:
        importlib.import_module(name)
    assert len(os.listdir("/proc/self/task")) == 1, "a fork would lose the other threads"
    gc.freeze()  # what a kernel does not touch, it need not copy
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that have ended are gone at once
    print(time.process_time(), flush=True)
    for line in sys.stdin:
        if os.fork() == 0:
            return become_kernel(**json.loads(line))
    return None


def become_kernel(argv, cwd, env):
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    print(os.getpid(), flush=True)  # from here on it has a process group
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    if "numpy" in sys.modules:  # Python's own generator does so by itself
        sys.modules["numpy"].random.seed()
    sys.argv[1:] = argv
    sys.modules["ipykernel.kernelapp"].launch_new_instance()


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    serve(sys.argv[1:])

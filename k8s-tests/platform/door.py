"""A way from here into the cluster: `kubectl port-forward`, begun again when the pod behind it is another."""

import re
import subprocess
import threading
import time


class Door:
    """The port of a service, on a free port of this machine."""

    def __init__(self, namespace: str, service: str, port: int) -> None:
        """Remember where it leads; it is opened when its address is asked for."""
        self._command = ["kubectl", "-n", namespace, "port-forward", f"svc/{service}", f":{port}"]
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The address; opened anew when kubectl has ended, which it does after its pod."""
        deadline = time.monotonic() + 120
        while self._process is None or self._process.poll() is not None:
            assert time.monotonic() < deadline, f"{' '.join(self._command)} does not stay open"
            self._open()
        return self._url

    def close(self) -> None:
        """End kubectl."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _open(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", first)
        if found is None:
            self.close()
            self._process = None
            time.sleep(1)
            return
        self._url = f"http://127.0.0.1:{found[1]}"
        threading.Thread(target=self._process.stdout.read, daemon=True).start()  # a full pipe would stop kubectl

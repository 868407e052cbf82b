"""Make a virtual environment with nothing but the standard library, also where Debian's python3 comes without python3-venv.

python3 .ci/make_venv.py DIRECTORY
"""

import hashlib
import html
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv

OLDEST = (3, 11)
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
INDEX = "https://pypi.org/simple"


def main(directory: str) -> int:
    """Make the environment. Returns 0, or 2 after saying why there is none."""
    if sys.version_info < OLDEST:
        wanted, found = ".".join(map(str, OLDEST)), ".".join(map(str, sys.version_info[:3]))
        print(f"error: Python {wanted} or newer is needed, {sys.executable} is {found}", file=sys.stderr)
        print("  hint: name one that is: make PYTHON=python3.12 ...", file=sys.stderr)
        return 2
    has_pip = importlib.util.find_spec("ensurepip") is not None
    try:
        venv.EnvBuilder(with_pip=has_pip, clear=True, prompt="orchestrator").create(directory)
        if not has_pip:
            install_pip(os.path.join(directory, "bin", "python"))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"error: no environment in {directory}: {error}", file=sys.stderr)
        print("  hint: on Debian and Ubuntu, sudo apt install python3-venv may help", file=sys.stderr)
        return 2
    return 0


def install_pip(python: str) -> None:
    """Install the pip named above, from the package index, into the environment of ``python``.

    Raises ValueError when the index does not have it or hands out other bytes, OSError and CalledProcessError otherwise.
    """
    data = urllib.request.urlopen(pip_address(), timeout=60).read()
    if hashlib.sha256(data).hexdigest() != PIP_SHA256:
        raise ValueError(f"the package index handed out another {PIP} than expected")
    with tempfile.TemporaryDirectory() as folder:
        wheel = os.path.join(folder, PIP)
        with open(wheel, "wb") as file:
            file.write(data)
        # A wheel is a zip archive, and Python runs a package inside of one.
        subprocess.run([python, f"{wheel}/pip", "install", "--quiet", "--no-index", wheel], check=True)


def pip_address() -> str:
    """Return where the package index keeps the wheel: the index of ``PIP_INDEX_URL``, else the public one."""
    page = f"{os.environ.get('PIP_INDEX_URL', INDEX).rstrip('/')}/pip/"
    text = urllib.request.urlopen(page, timeout=60).read().decode()
    for found in re.findall(r'href="([^"]+)"', text):
        address = urllib.parse.urljoin(page, html.unescape(found))
        if urllib.parse.urlparse(address).path.endswith(f"/{PIP}"):
            return address
    raise ValueError(f"{page} does not list {PIP}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))

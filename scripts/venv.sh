#!/bin/sh
# Make .venv with the Python given; where Debian left out the part that makes one, install that part first.
set -eu
python=$1
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    . "$(dirname "$0")/apt.sh"
    version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    apt_install "$version" || apt_install python3-venv || {
        echo "Python cannot make a virtual environment: apt install $version" >&2
        exit 1
    }
fi
"$python" -m venv .venv
# The pip that comes with Python 3.11 takes minutes to work out what a newer one does in seconds.
.venv/bin/python -m pip --disable-pip-version-check install --quiet --upgrade pip

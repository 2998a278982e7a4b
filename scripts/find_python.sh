# Sets PREVENTABLE_PYTHON to the first Python that can make our environment; one sentence and exit 2 where none can.
# Sourced by the launchers. A PREVENTABLE_PYTHON that is already set is tried before the others.
usable='import sys; sys.exit(sys.version_info < (3, 11))'
complete='import ensurepip, venv'
without_venv=''
found=''
for candidate in ${PREVENTABLE_PYTHON:+"$PREVENTABLE_PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
    "$candidate" -I -c "$usable" 2>/dev/null || continue
    if "$candidate" -I -c "$complete" 2>/dev/null; then
        found=$candidate
        break
    fi
    without_venv=${without_venv:-$candidate}
done
if [ -z "$found" ] && [ -n "$without_venv" ]; then
    echo "Preventable: $without_venv has no venv module; install it (Debian and Ubuntu: sudo apt install python3-venv) and repeat the command." >&2
    exit 2
fi
if [ -z "$found" ]; then
    echo "Preventable: no Python 3.11 or newer was found; install one (Debian 12 and Ubuntu 24.04 or newer: sudo apt install python3 python3-venv) and repeat the command." >&2
    exit 2
fi
PREVENTABLE_PYTHON=$found

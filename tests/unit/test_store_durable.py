"""A write is whole and on the disk, or did not happen."""

import os
import stat

import pytest

from preventable.store import durable


class Recorder:
    """Stands for `os` inside durable.py: notes the calls, and fails the one named."""

    def __init__(self, failing: str = ""):
        self.calls = []
        self._failing = failing

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in {"fsync", "replace", "write"}:
            return real

        def call(*arguments):
            self.calls.append(name)
            if name == self._failing:
                raise OSError(28, "no space")
            return real(*arguments)

        return call


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(durable, "os", recorder)

    durable.write_atomically(tmp_path / "file", b"content")

    assert recorder.calls == ["write", "fsync", "replace", "fsync"]
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, failing):
    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(durable, "os", Recorder(failing))

    with pytest.raises(OSError, match="no space"):
        durable.write_atomically(tmp_path / "file", b"new")

    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_mode_is_in_force_before_the_first_byte(tmp_path, monkeypatch):
    modes = []

    class Looking(Recorder):
        def write(self, descriptor, content):
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
            return os.write(descriptor, content)

    monkeypatch.setattr(durable, "os", Looking())

    durable.write_atomically(tmp_path / "key", b"secret", durable.PRIVATE_FILE)

    assert modes == [0o600]


def test_short_writes_are_carried_on(tmp_path, monkeypatch):
    class Short(Recorder):
        def write(self, descriptor, content):
            return os.write(descriptor, content[:3])

    monkeypatch.setattr(durable, "os", Short())

    durable.write_atomically(tmp_path / "file", b"0123456789")

    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_many_files_of_one_folder_force_it_once(tmp_path, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(durable, "os", recorder)

    durable.write_files(tmp_path, {"a": b"1", "b": b"2", "c": b"3"})

    assert recorder.calls.count("fsync") == 4


def test_each_new_parent_is_forced_to_the_disk(tmp_path, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(durable, "os", recorder)

    durable.make_folders(tmp_path / "a" / "b" / "c")
    durable.make_folders(tmp_path / "a" / "b" / "c")

    assert recorder.calls == ["fsync"] * 3


def test_a_sweep_takes_unfinished_writes_alone(tmp_path):
    (tmp_path / ".file.0a1b2c3d.tmp").write_bytes(b"half")
    (tmp_path / "file").write_bytes(b"whole")

    durable.sweep_temporary(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["file"]

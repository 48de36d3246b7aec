"""A log that cannot be written never stops the sweep: it warns on stderr and in the ledger."""

import os
import shutil

import pytest

from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import ended

CODES = 2500


@pytest.fixture(autouse=True)
def _backlog(world):
    world.seed(CODES)


def assert_swept_with_warning(world, result, reason):
    warning = f"The log could not be written: {reason}"
    assert result == (0, f"Successfully expired {CODES} referral code(s).\n", f"Warning: {warning}\n")
    assert world.last_run() == ("completed", CODES, "", warning)
    audit(world, log=False)
    assert_nothing_is_overdue(world)


def on_a_disk(folder, option):
    """What to put before a command so that it, and nobody else, sees a disk of its own in `folder`."""
    return ("unshare", "-m", "sh", "-c", f'mount -t tmpfs -o {option} tmpfs "$0" && exec "$@"', str(folder))


def test_the_disk_is_full(world):
    world.log_dir.mkdir(exist_ok=True)
    (world.log_dir / "referral_codes.log").symlink_to("/dev/full")
    assert_swept_with_warning(world, world.sweep(), "[Errno 28] No space left on device")


def test_the_disk_fills_up_on_the_way(world):
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a disk of 100 kB.")
    world.log_dir.mkdir(exist_ok=True)
    result = world.run("expire_referral_codes", "-v", "0", prefix=on_a_disk(world.log_dir, "size=100k"))
    assert_swept_with_warning(world, result, "[Errno 28] No space left on device")


def test_the_disk_is_read_only(world):
    world.log_dir.mkdir(exist_ok=True)
    path = world.log_dir / "referral_codes.log"
    if os.geteuid() != 0:
        world.log_dir.chmod(0o500)
        assert_swept_with_warning(world, world.sweep(), f"[Errno 13] Permission denied: '{path}'")
        world.log_dir.chmod(0o700)
        return
    # Rights do not bind root.
    result = world.run("expire_referral_codes", "-v", "0", prefix=on_a_disk(world.log_dir, "ro"))
    assert_swept_with_warning(world, result, f"[Errno 30] Read-only file system: '{path}'")


def test_a_file_is_in_the_place_of_the_folder(world):
    world.log_dir.write_text("")
    assert_swept_with_warning(
        world, world.sweep(), f"[Errno 20] Not a directory: '{world.log_dir}/referral_codes.log'"
    )


def test_the_folder_is_made_where_it_is_missing(world):
    assert not world.log_dir.exists()
    assert world.sweep() == (0, f"Successfully expired {CODES} referral code(s).\n", "")
    audit(world)


def test_the_folder_is_removed_during_the_sweep(world):
    world.seed(50_000)
    process = world.start("expire_referral_codes", "-v", "0")
    world.wait_for_first_line()
    # Under another name first: the sweep might make a file while the folder is being emptied.
    shutil.rmtree(world.log_dir.rename(world.log_dir.with_name("removed")))
    assert ended(process) == (0, "Successfully expired 50000 referral code(s).\n", "")
    audit(world, log=False)
    assert 0 < len(world.logged()) < 50_000


def test_a_rotation_during_the_sweep_loses_no_line(world):
    world.seed(50_000)
    process = world.start("expire_referral_codes", "-v", "0")
    world.wait_for_first_line()
    log = world.log_dir / "referral_codes.log"
    rotated = log.with_suffix(".log.1")
    log.rename(rotated)
    assert ended(process) == (0, "Successfully expired 50000 referral code(s).\n", "")
    assert log.exists()
    log.write_text(rotated.read_text() + log.read_text())
    audit(world)


def test_a_line_that_was_cut_swallows_no_other(world):
    world.log_dir.mkdir(exist_ok=True)
    (world.log_dir / "referral_codes.log").write_text("2026-11-21 02:00:00 INFO expired CUT-1 (id 1, no")
    assert world.sweep()[0] == 0
    audit(world)

"""Secrets at rest: sealed, opened by any key that is still known, and never shown."""

import stat
from pathlib import Path

import pytest

from dialer.settings import Settings
from dialer.vault import KEY_FILE, KeyLost, KeyMissing, Vault, open_vault, path_hash

SECRET = {"api_key": "s3cr3t-api-key", "hook_key": "another"}


def settings(folder: Path, key: str = "", url: str = "") -> Settings:
    return Settings(data_dir=folder, secret_key=key, database_url=url)


def test_what_was_sealed_opens_again() -> None:
    vault = Vault(["key"])
    assert vault.open(vault.seal(SECRET), "vendor A") == SECRET


def test_the_sealed_form_shows_nothing_and_is_never_the_same_twice() -> None:
    vault = Vault(["key"])
    assert b"s3cr3t" not in vault.seal(SECRET)
    assert vault.seal(SECRET) != vault.seal(SECRET)


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals() -> None:
    before, after = Vault(["old"]), Vault(["new", "old"])
    assert after.open(before.seal(SECRET), "vendor A") == SECRET
    assert Vault(["new"]).open(after.seal(SECRET), "vendor A") == SECRET
    with pytest.raises(KeyLost):
        before.open(after.seal(SECRET), "vendor A")


def test_a_lost_key_says_whose_secrets_to_enter_again_and_shows_none() -> None:
    sealed = Vault(["old"]).seal(SECRET)
    with pytest.raises(KeyLost, match="vendor A") as lost:
        Vault(["new"]).open(sealed, "vendor A")
    assert "dialer vendor add" in str(lost.value)
    assert "s3cr3t" not in str(lost.value)
    assert lost.value.__cause__ is None


@pytest.mark.parametrize("damaged", [b"", b"nothing that was ever sealed", b"\x00\xff"])
def test_a_damaged_secret_is_a_lost_one(damaged: bytes) -> None:
    with pytest.raises(KeyLost):
        Vault(["key"]).open(damaged, "vendor A")


def test_one_flipped_bit_is_found() -> None:
    sealed = bytearray(Vault(["key"]).seal(SECRET))
    sealed[-2] ^= 1
    with pytest.raises(KeyLost):
        Vault(["key"]).open(bytes(sealed), "vendor A")


def test_the_embedded_database_makes_its_own_key_once_for_its_owner_only(tmp_path: Path) -> None:
    sealed = open_vault(settings(tmp_path)).seal(SECRET)
    assert open_vault(settings(tmp_path)).open(sealed, "vendor A") == SECRET
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_a_given_key_goes_before_the_made_one(tmp_path: Path) -> None:
    sealed = open_vault(settings(tmp_path, " newest , older ")).seal(SECRET)
    assert not (tmp_path / KEY_FILE).exists()
    assert Vault(["newest"]).open(sealed, "vendor A") == SECRET


def test_several_machines_must_be_given_their_key(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="DIALER_SECRET_KEY"):
        open_vault(settings(tmp_path, url="postgresql+asyncpg://dialer@127.0.0.1/dialer"))
    assert not (tmp_path / KEY_FILE).exists()


def test_settings_do_not_show_the_key(tmp_path: Path) -> None:
    assert "tell-nobody" not in repr(settings(tmp_path, "tell-nobody"))


def test_a_hooks_path_is_looked_up_without_being_stored() -> None:
    assert path_hash("segment") == path_hash("segment") != path_hash("another")
    assert "segment" not in path_hash("segment")

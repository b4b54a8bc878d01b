"""TLS by setting: a certificate and its key, read once, before anything is served."""

import ssl
from pathlib import Path

from dialer.settings import Settings


class BadCertificate(Exception):
    """No TLS with these files; the message names the setting to mend."""


def context_of(settings: Settings) -> ssl.SSLContext | None:
    """What the server speaks TLS by; None: plain HTTP. Raises `BadCertificate`."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadCertificate("DIALER_TLS_CERTIFICATE and DIALER_TLS_KEY come together: set both, or neither")
    _check(certificate, "DIALER_TLS_CERTIFICATE")
    _check(key, "DIALER_TLS_KEY")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key that is sealed with a pass phrase would make the process ask at a terminal that is not there.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        why = "they do not belong together" if error.reason == "KEY_VALUES_MISMATCH" else "they cannot be read as PEM"
        raise BadCertificate(f"DIALER_TLS_CERTIFICATE and DIALER_TLS_KEY cannot be used: {why}") from None
    return context


def _check(file: Path, setting: str) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise BadCertificate(f"{setting}: {file}: {error.strerror}") from None

"""Masks secrets in texts, before anything of them is kept."""

import hashlib
import hmac
import os.path
import re
from collections.abc import Callable

MARK_CHARACTERS = 6
# Files of accounts: the second field is the secret, unless it only says that there is none here.
ACCOUNT_FILE = re.compile(r"(shadow|passwd)", re.IGNORECASE)
ACCOUNT_LINE = re.compile(r"(?P<kept>[^:\n]*:)(?P<secret>[^:\n]*)(?P<rest>:.*)")
NO_SECRETS = {"", "x", "*", "!", "!!", "!*", "*LK*", "*NP*"}
# Of keys only the BEGIN and END lines are shown; another may look like `name = value` by chance.
KEY_FILE = re.compile(r"(^id_|\.key$|\.pem$|\.p12$|\.pfx$|\.jks$)", re.IGNORECASE)
KEY_FRAME = "-----"
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}(PRIVATE|SECRET) KEY|BEGIN OpenVPN Static key")
SETTING = re.compile(
    r"(?P<kept>\s*[#;]?\s*(export\s+)?[\"']?[A-Za-z_][\w.-]{0,63}[\"']?\s*[=:]\s*)(?P<secret>.+)"
)
# In any file: values whose names say that they are secret, and passwords in URLs.
NAMED_SECRET = re.compile(
    r"(?P<kept>(?:password|passphrase|passwort|passwd(?=[\"']?\s*=)|secret|token"
    r"|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key|pre-?shared[_-]?key|psk|authorization|credentials?|kata_sandi)"
    r"[\"']?\s*(?:=>|=|:)\s*)(?P<secret>\S.*)",
    re.IGNORECASE,
)
URL_SECRET = re.compile(
    r"(?P<kept>[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,64}:)(?P<secret>[^\s/@]+)(?=@)"
)

Mask = Callable[[str], str]


class Masker:
    """Mask the secrets of a text line by line.

    A secret becomes `<masked 1f09ab>`. The digits are a keyed digest, so that a diff shows that a
    secret changed; without the key nobody can test guesses against them.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def masked(self, text: str, *, path: str, is_secret: bool) -> str:
        """Mask all values of a file that is secret as a whole, in others those with such names."""
        mask_line = self._mask_for(path, text) if is_secret else self._mask_named
        lines = []
        is_private_key = False
        for line in text.split("\n"):
            is_private_key = is_private_key and KEY_FRAME not in line
            lines.append(self._mask_key_line(line) if is_private_key else mask_line(line))
            is_private_key = is_private_key or bool(PRIVATE_KEY.search(line))
        return "\n".join(lines)

    def _mask_for(self, path: str, text: str) -> Mask:
        name = os.path.basename(path)
        if KEY_FILE.search(name) or KEY_FRAME in text:
            return self._mask_key_line
        return self._mask_account if ACCOUNT_FILE.search(name) else self._mask_setting

    def _mask_key_line(self, line: str) -> str:
        return line if line.startswith(KEY_FRAME) or not line.strip() else self._mark(line)

    def _mask_account(self, line: str) -> str:
        match = ACCOUNT_LINE.fullmatch(line.rstrip("\r"))
        if not match:
            return self._mask_setting(line)
        secret = match["secret"]
        shown = secret if secret in NO_SECRETS else self._mark(secret)
        return f"{match['kept']}{shown}{match['rest']}"

    def _mask_setting(self, line: str) -> str:
        match = SETTING.fullmatch(line)
        # A line of base64 may end in `==`, and is no setting.
        if match and match["secret"].strip("= \r"):
            return match["kept"] + self._mark(match["secret"])
        return self._mark(line) if line.strip() else line

    def _mask_named(self, line: str) -> str:
        line = URL_SECRET.sub(self._mark_secret, line)
        return NAMED_SECRET.sub(self._mark_secret, line)

    def _mark_secret(self, match: re.Match[str]) -> str:
        return match["kept"] + self._mark(match["secret"])

    def _mark(self, secret: str) -> str:
        digest = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"<masked {digest.hexdigest()[:MARK_CHARACTERS]}>"

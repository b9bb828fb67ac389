"""Checks of the API for schemathesis, which loads them by SCHEMATHESIS_HOOKS."""

import json
from zlib import crc32

import schemathesis

# Codes of errors of the provider. Another answer of 500 and above is an error of the program.
OF_THE_PROVIDER = {"PROVIDER_ERROR", "PROVIDER_UNAVAILABLE"}
NEVER_SUCCEED = {
    # Mail360 has these, and the program refuses them.
    "addAccount", "listTemplates", "addTemplate",
    # They need credentials that the scan does not have.
    "getAccessToken", "confirmAccount",
    # The tool encodes the slashes of their paths. Other paths of the document have slashes.
    "proxy", "proxyPost", "proxyPut", "proxyPatch", "proxyDelete",
}


def id_of(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.hook
def before_call(_context, case, _options):
    """Gives each body its own key. The tool sends many bodies with one key, of which only the first would be sent."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) < 256 and key.isascii() and key.isprintable():
        case.headers["Idempotency-Key"] = f"{key[:247]}{crc32(repr(case.body).encode()):x}"


@schemathesis.check
class OnlyTheProviderFails:
    """An answer of 500 and above is the provider's own by the raw passage, or says what the provider refused."""

    def __init__(self):
        self.refused = set()

    def after_response(self, _context, response, case):
        if response.status_code < 500 or response.headers.get("x-answered-by") == ["provider"]:
            return
        try:
            data = json.loads(response.content)["data"]
            code = data["errorCode"] if data["provider"] else None
        except (ValueError, KeyError, TypeError):
            code = None
        assert code in OF_THE_PROVIDER, f"{id_of(case)}: {response.status_code} {response.content[:500]!r}"
        self.refused.add(f"{id_of(case)}: {code} {data['provider'].get('code')}")

    def after_run(self, _context):
        for refusal in sorted(self.refused):
            print(f"The provider refused {refusal}")


@schemathesis.check
class EachCallSucceeds:
    """A scan of which a call never succeeded has not reached what is behind the call."""

    def __init__(self):
        self.sent = set()
        self.succeeded = set()

    def after_response(self, _context, response, case):
        self.sent.add(id_of(case))
        if response.status_code < 300:
            self.succeeded.add(id_of(case))

    def after_run(self, _context):
        failed = self.sent - self.succeeded - NEVER_SUCCEED
        assert not failed, f"these never succeeded: {', '.join(sorted(failed))}"

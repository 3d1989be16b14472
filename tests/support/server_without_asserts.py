"""A server without a single assert of ours, as `python -O` would run it: CHECKPOINT STORE OPERATOR KEY...

Only this project's modules are compiled so; compiling all libraries anew would take a minute. Prints its port
and stops when its standard input ends.
"""

import importlib.machinery
import sys
from pathlib import Path


class WithoutAsserts(importlib.machinery.SourceFileLoader):
    """Compiles as `-O` does, and neither reads nor writes compiled files."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return compile(self.get_data(path), path, "exec", dont_inherit=True, optimize=1)


class OursWithoutAsserts(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        if spec is not None and fullname.split(".")[0] == "limner" and spec.origin and spec.has_location:
            spec.loader = WithoutAsserts(fullname, spec.origin)
            return spec
        return None


if __name__ == "__main__":
    sys.meta_path.insert(0, OursWithoutAsserts)
    from tiny_server import serving

    import limner
    from limner.server.opening import service_of
    from limner.server.security.keys import ApiKeys
    from limner.server.security.limits import Limits
    from limner.server.settings import ServerSettings

    checkpoint, store, operator, *keys = sys.argv[1:]
    settings = ServerSettings(
        keys=ApiKeys([(key, None) for key in keys]),
        operator_keys=ApiKeys([(operator, None)]),
        limits=Limits(max_body_bytes=30_000_000, max_image_cpu_s=0.5),
    )
    service = service_of(limner.load(checkpoint, device="cpu"), Path(store), settings)
    with serving(service, settings) as server:
        ours = [module for name, module in sys.modules.items() if name.split(".")[0] == "limner"]
        bare = len(ours) > 50 and all(isinstance(module.__loader__, WithoutAsserts) for module in ours)
        print(server.port, "no asserts" if bare else "asserts", flush=True)
        sys.stdin.read()
    service.close(0.0)

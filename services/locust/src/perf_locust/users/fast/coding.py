"""Bodies as they were before they were compressed."""

import zlib

import brotli


def decoded(body: bytes, coding: bytes) -> bytes:
    """Return a body without its content coding, which is named in small letters.

    A coding that is not known changes nothing, and so does any on an empty body.

    Raises:
        zlib.error: it is not what its header says.
        brotli.error: the same.
    """
    if not body:
        return body
    if coding == b"gzip":
        return zlib.decompress(body, 16 + zlib.MAX_WBITS)
    if coding == b"br":
        return bytes(brotli.decompress(body))
    if coding == b"deflate":
        try:
            return zlib.decompress(body, -zlib.MAX_WBITS)
        except zlib.error:
            return zlib.decompress(body)
    return body
